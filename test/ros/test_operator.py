"""The user's side stays awake whatever the script beside it does with the node."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from std_msgs.msg import String

from vla_ros.cli.domain import free_domain_id
from vla_ros.ros import qos
from vla_ros.ros.operator import Operator

pytestmark = pytest.mark.ros


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # lets the script's thread in between any two steps of the operator's
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_publishers_that_come_and_go_in_the_script_do_not_end_the_operators_hearing() -> None:
    with free_domain_id() as domain, Operator(domain_id=domain) as operator:
        speaker = operator.node.create_publisher(String, "speech_out", qos.EVENT)
        for turn in range(60):
            passing = [operator.node.create_publisher(String, f"topic_{i}", qos.EVENT) for i in range(60)]
            operator.wait_until(lambda: False, 0.02)
            for publisher in passing:
                operator.node.destroy_publisher(publisher)
            word = f"turn {turn}"
            speaker.publish(String(data=word))
            assert operator.wait_until(lambda said=word: said in operator.speech, 5.0), f"deaf after {word}"
