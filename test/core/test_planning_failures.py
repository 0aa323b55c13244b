"""The failure handling as a whole: one table made from the code, and records with cause, strategy and outcome."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from planning_world import FakeHome

from vla_ros.core.plan import FAILURE_KINDS, TERMINAL_STATES
from vla_ros.core.task import Referent, TaskStep
from vla_ros.planning import recovery
from vla_ros.planning.failure_log import MOST_RECORDS, FailureLog, FailureRecord
from vla_ros.planning.failure_table import KINDS, SITUATIONS, STRATEGIES, Situation, strategies
from vla_ros.planning.gate_watch import CAUSE_KINDS
from vla_ros.planning.params import PlannerParams

ROOT = Path(__file__).resolve().parents[2]
PARAMS = PlannerParams()


def test_the_page_is_what_the_code_does() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "failure_table.py", "--check"], timeout=60)
    assert done.returncode == 0, "run: python scripts/failure_table.py"


def test_every_kind_is_explained_and_every_cause_of_the_gate_leads_to_one() -> None:
    assert set(KINDS) == {kind for kind in FAILURE_KINDS if kind}
    assert {kind for kind, _ in CAUSE_KINDS} <= set(KINDS)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.name)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_attempts_are_bounded_and_the_end_is_honest(kind: str, situation: Situation) -> None:
    done = strategies(kind, situation, PARAMS)
    assert {name for name, _ in done} <= set(STRATEGIES)
    assert done[-1] == (("refuse", 1) if situation.refused else (recovery.GIVE_UP, 1))
    assert sum(n for _, n in done) <= (PARAMS.max_replans + 1) * PARAMS.max_attempts


def test_what_is_broken_is_tried_less_often_than_what_slipped() -> None:
    anywhere = SITUATIONS[0]
    tries = {kind: dict(strategies(kind, anywhere, PARAMS)).get(recovery.RETRY, 0) for kind in KINDS}
    assert tries["execution"] == PARAMS.max_attempts - 1
    assert tries["hardware"] == 0 < tries["sensor"] < tries["execution"]


def test_a_grasp_that_slips_once_is_recorded_with_its_retry_and_the_good_end() -> None:
    home = FakeHome()
    home.put("cup", "red", "kitchen_counter")
    home.slips = 1
    home.submit(TaskStep("pick", object=Referent("object", "cup", attributes=("red",))))
    assert home.run_to_end().state == "succeeded"
    summary = json.loads(home.planner.world.failures.summary())
    (record,) = [r for r in summary["records"] if r["skill"] == "pick" and r["kind"] == "execution"]
    assert record["strategy"] == recovery.RETRY and record["outcome"] == "succeeded" and record["attempt"] == 1
    assert record["command_id"] == "c1" and record["cause"] and "cup" in record["step"]
    assert summary["failures"] == len(summary["records"]) == sum(summary["strategy"].values())


def test_a_command_that_ends_badly_says_so_in_each_of_its_records() -> None:
    home = FakeHome()
    home.put("cup", "red", "kitchen_counter")
    home.slips = 1000
    home.submit(TaskStep("pick", object=Referent("object", "cup", attributes=("red",))))
    end = home.run_to_end()
    records = json.loads(home.planner.world.failures.summary())["records"]
    assert end.state == "failed" and {r["outcome"] for r in records} == {"failed"}
    assert records[-1]["strategy"] == recovery.GIVE_UP and records[-1]["kind"] == end.failure


def test_the_log_is_bounded_and_knows_only_ends_that_exist() -> None:
    log = FailureLog()
    for i in range(MOST_RECORDS + 50):
        log.note(FailureRecord(float(i), f"c{i % 3}", "go", "go " * 500, "execution", "x" * 5000, 1, recovery.RETRY))
    for command in ("c0", "c1", "nobody"):
        log.ended(command, TERMINAL_STATES[0])
    summary = json.loads(log.summary())
    assert summary["failures"] == MOST_RECORDS and summary["records"][-1]["time_s"] == MOST_RECORDS + 49.0
    assert set(summary["outcome"]) == {TERMINAL_STATES[0], "running"}
    assert len(log.summary()) < 200 * MOST_RECORDS * 4
