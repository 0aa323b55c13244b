"""What every node does with its parameters and with bad input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from rclpy.parameter import Parameter

from vla_ros.core.config import param
from vla_ros.core.errors import ConfigError, InputError
from vla_ros.ros import parameters
from vla_ros.ros.node import VlaNode


@dataclass(frozen=True)
class Params:
    speed: float = param(0.5, "of the base", unit="m/s", minimum=0.0, maximum=2.0)
    count: int = param(3, "of things", minimum=1, maximum=9)
    words: tuple[str, ...] = param(("a", "b"), "to say")
    mode: str = param("slow", "how", choices=("slow", "fast"))


@pytest.fixture
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.try_shutdown()


def declared(**given: object) -> Params:
    node = VlaNode("probe", parameter_overrides=[Parameter(k, value=v) for k, v in given.items()])
    try:
        values = parameters.declare(node, Params)
        parameters.refuse_unknown(node)
        return values
    finally:
        node.destroy_node()


def test_parameters_become_the_dataclass(ros: None) -> None:
    assert declared() == Params()
    assert declared(speed=1, words=["x"], mode="fast") == Params(1.0, 3, ("x",), "fast")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"speed": 9.0}, ["probe.speed", "9.0"]),
        ({"speed": "quick"}, ["probe.speed", "quick", "number"]),
        ({"speed": float("nan")}, ["probe.speed", "nan"]),
        ({"count": 0}, ["probe.count"]),
        ({"mode": "warp"}, ["probe.mode", "warp", "slow, fast"]),
        ({"sped": 1.0}, ["probe.sped", "Did you mean 'speed'"]),
    ],
)
def test_a_bad_parameter_refuses_the_start_by_name(ros: None, given: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        declared(**given)
    for word in words:
        assert word in str(caught.value)


def test_parameters_cannot_be_changed_while_running(ros: None) -> None:
    node = VlaNode("probe")
    parameters.declare(node, Params)
    assert not node.set_parameters([Parameter("speed", value=1.0)])[0].successful
    node.destroy_node()


def test_bad_input_and_bugs_are_reported_and_the_node_lives_on(ros: None) -> None:
    node = VlaNode("probe")
    bugs: list[str] = []
    node.on_internal_error = lambda source, error: bugs.append(source)  # type: ignore[method-assign]

    def spoilt(message: object) -> None:
        raise InputError("image.encoding", message, "Send rgb8.")

    def buggy(message: object) -> None:
        raise ZeroDivisionError("oops")

    node.guard("camera", spoilt)("yuv")
    node.guard("scan", buggy)("x")
    assert "image.encoding" in node._faults["camera"][1] and "Send rgb8" in node._faults["camera"][1]
    assert bugs == ["scan"]
    node.destroy_node()
