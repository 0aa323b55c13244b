"""`vla up` for real: two robots side by side in one domain; the end of one node is the end of its robot alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vla_ros.cli import environment
from vla_ros.cli.processes import HOME_NODES, ROBOT_NODES
from vla_ros.ros.operator import Operator

pytestmark = pytest.mark.ros
START_S = 60.0


class Up:
    """One `vla up` as a user's terminal would run it."""

    def __init__(self, namespace: str, seed: int, folder: Path) -> None:
        self.output = folder / f"{namespace}.txt"
        command = [sys.executable, "-m", "vla_ros.cli.main", "up", "--namespace", namespace]
        command += ["--set", f"sim_node.seed={seed}"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment.child(), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def pids(self) -> dict[str, int]:
        """Name -> process id, as `vla up` printed them; empty until then."""
        text = re.sub(r"\s+", " ", self.output.read_text())
        return {name: int(pid) for name, pid in re.findall(r"(\w+_node) \((\d+)\)", text)}

    def wait_for_pids(self) -> dict[str, int]:
        deadline = time.monotonic() + START_S
        while len(self.pids()) < len(ROBOT_NODES) + len(HOME_NODES):
            assert time.monotonic() < deadline and self.process.poll() is None, self.output.read_text()
            time.sleep(0.1)
        return self.pids()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def robots(tmp_path: Path) -> Iterator[tuple[Up, Up]]:
    pair = (Up("left", 3, tmp_path), Up("right", 4, tmp_path))
    yield pair
    for robot in pair:
        if robot.process.poll() is None:
            robot.process.send_signal(signal.SIGINT)
    for robot in pair:
        robot.process.wait(timeout=30)


def test_two_robots_run_side_by_side_and_end_apart(robots: tuple[Up, Up]) -> None:
    left, right = robots
    left_pids, right_pids = left.wait_for_pids(), right.wait_for_pids()
    assert set(left_pids) == set(right_pids) == {*ROBOT_NODES, *HOME_NODES}

    with Operator(namespace="left") as operator:
        operator.arm(timeout_s=START_S)
        assert operator.wait_until(lambda: operator.safety is not None and operator.safety.state != "boot", 20.0)
        names = operator.node.get_node_names_and_namespaces()
        clocks = {topic for topic, _ in operator.node.get_topic_names_and_types() if topic.endswith("/clock")}
    assert {("safety_node", "/left"), ("safety_node", "/right")} <= set(names)
    assert {"/left/clock", "/right/clock"} <= clocks, "each home keeps its own time"

    os.kill(right_pids["planner_node"], signal.SIGKILL)
    assert right.process.wait(timeout=30) == 1
    assert "planner_node was killed by SIGKILL" in re.sub(r"\s+", " ", right.output.read_text())
    assert [name for name, pid in right_pids.items() if lives(pid)] == []
    assert all(lives(pid) for pid in left_pids.values()), "the other robot goes on"

    left.process.send_signal(signal.SIGINT)
    assert left.process.wait(timeout=30) == 0, left.output.read_text()
    assert "all ended" in left.output.read_text()
    assert [name for name, pid in left_pids.items() if lives(pid)] == []
