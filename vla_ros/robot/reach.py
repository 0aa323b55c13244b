"""Between which heights a hand works, from the robot's model."""

from __future__ import annotations

import numpy as np

from vla_ros.robot.kinematics import RobotModel

_SAMPLES = 400


def heights(model: RobotModel, group: str) -> tuple[float, float]:
    """Lowest and highest point [m] above the floor that the tool comes to, over joint positions drawn evenly within
    their limits and the limits' corners (a fixed seed: the same robot has the same reach at every start). The true
    span is a little larger, by what is between the samples.
    """
    lower, upper = model.limits(group)
    rng = np.random.default_rng(0)
    samples = rng.uniform(lower, upper, (_SAMPLES, len(lower)))
    samples[::4, 0] = upper[0]  # a lift is the first joint, where there is one
    samples[1::4, 0] = lower[0]
    rest = model.configuration({})
    found = [model.frame_at(model.tool_frame, model.with_group(rest, group, row))[2, 3] for row in samples]
    return max(0.0, float(min(found))), float(max(found))
