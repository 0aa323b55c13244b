"""Two drivers on one joint_states topic, as on a robot whose base and arm come from different makers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from gate_bench import ROBOT, Bed
from sensor_msgs.msg import JointState

from vla_ros.core.geometry import JointPositions
from vla_ros.core.robot_state import JointStates
from vla_ros.ros import conversions as c
from vla_ros.ros import qos

pytestmark = pytest.mark.ros

JOINTS = tuple(j for g in ROBOT.groups for j in g.names)
DRIVERS = {"wheels": ("wheel_left", "wheel_right"), "arm": JOINTS[:5], "rest": JOINTS[5:]}


@pytest.fixture
def bed() -> Iterator[Bed]:
    made = Bed()
    made.bench.mute.add("joints")
    yield made
    made.close()


def test_drivers_with_equal_stamps_are_merged_and_the_silent_one_is_named(bed: Bed) -> None:
    bench = bed.bench
    publishers = {name: bench.create_publisher(JointState, "joint_states", qos.SENSOR) for name in DRIVERS}
    silent: set[str] = {"arm"}

    def publish() -> None:
        stamp = bench.now_s()
        for name, joints in DRIVERS.items():
            if name not in silent:
                positions = JointPositions(joints, (0.02,) * len(joints))
                publishers[name].publish(c.joint_states_to_msg(JointStates(stamp, positions)))

    bench.steady_timer(0.02, publish)
    assert bed.until(lambda: bool(bench.statuses) and bench.status.state == "stopped")
    refused = bed.call("arm")
    assert not refused.success and f"lack {JOINTS[0]}" in refused.message
    silent.clear()
    bed.until(lambda: False, 0.3)
    bed.arm().drive(0.2)
    silent.add("arm")
    assert bed.until(lambda: bench.status.cause == "joint_states_stale"), bench.status
    assert JOINTS[0] in bench.status.text
    assert bed.until(lambda: bench.twists[-1][1].linear.x == 0.0)
    silent.clear()
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.19), "silence is no latch"
