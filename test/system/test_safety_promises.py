"""The fifty promises of the gate in their quick form: every fault injected, real processes where a promise speaks of
them. `python -m benchmarks.safety` measures in full."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

pytestmark = [pytest.mark.ros, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
NOT_HERE = {
    "13": "a deadline of processes on a shared machine; benchmarks.safety measures it",
    "33": "a gap between ticks of a process on a shared machine",
    "35": "a deadline of processes on a shared machine",
    "39": "a latency under load on a shared machine",
    "12": "a gap between ticks of a process on a shared machine",
    "40": "a deadline of processes on a shared machine",
    "41": "half of it needs a middleware with SROS2, which the wheels have not",
    "49": "a deadline of processes on a shared machine",
    "14": "its process under a dead clock has a deadline on a shared machine",
    "50": "the mutation run takes an hour",
}
"""Injected and measured here, too, but not judged: their figures depend on what else the machine does."""


@pytest.fixture(scope="module")
def result() -> dict:
    command = [sys.executable, "-m", "benchmarks.safety", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_all_fifty_are_tried(result: dict) -> None:
    assert [int(n) for n in result["items"]] == list(range(1, 51))
    assert result["of"] == 50 and result["met"] == sum(i["met"] for i in result["items"].values())


def test_every_promise_that_no_other_load_can_blur_is_kept(result: dict) -> None:
    unmet = {n: i["figure"] for n, i in result["items"].items() if not i["met"] and n not in NOT_HERE}
    assert not unmet


def test_what_depends_on_the_machine_was_measured_and_not_given_up(result: dict) -> None:
    broken = {n: result["items"][n]["figure"] for n in NOT_HERE if "Error" in result["items"][n]["figure"]}
    assert not broken


def test_an_over_careful_gate_is_none(result: dict) -> None:
    false_stops = result["false_stops"]
    assert false_stops["reached"] >= false_stops["drives"] - 1
    assert false_stops["with_a_false_stop"] <= 1, false_stops["causes"]
