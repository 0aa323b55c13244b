"""What stands according to the floor plan: walls, furniture, and where doors swing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.furniture_boxes import piece_boxes
from vla_ros.core.geometry import Box


@dataclass(frozen=True)
class Surroundings:
    """Things that stand, in odom; without a floor plan there are none.

    ``furniture`` are the parts of each piece that do not move, named "piece/part": an opened door leaves its place,
    a closed one is the lidar's to see. ``swings``: x, y and radius [m] of the circle that each door sweeps.
    """

    walls: tuple[Box, ...] = ()
    furniture: tuple[Box, ...] = ()
    swings: tuple[tuple[float, float, float], ...] = ()

    @classmethod
    def of(cls, plan: FloorPlan | None) -> Surroundings:
        """Of a floor plan, None = of none."""
        if plan is None:
            return cls()
        furniture, swings = [], []
        for piece in plan.furniture:
            leaves = {leaf.name for leaf in piece.leaves}
            furniture += [box for box in piece_boxes(piece) if box.name not in leaves]
            for leaf in piece.leaves:
                x, y = piece.pose2d.transform(np.array(leaf.hinge))
                swings.append((float(x), float(y), float(np.hypot(*np.subtract(leaf.handle[:2], leaf.hinge)))))
        return cls(plan.wall_boxes(), tuple(furniture), tuple(swings))


NO_PLAN = Surroundings()
"""Nothing is known."""
