"""What the gate leaves behind: one record an episode, a bounded store, a readable run."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.cli.main import main
from vla_ros.cli.safety_picture import draw
from vla_ros.core.geometry import Twist2D
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.safety.intervention import Intervention
from vla_ros.safety.record_store import RecordStore, files_of_last_run, read_rows, record_files, record_folder
from vla_ros.safety.records import Journal, Occasion
from vla_ros.safety.run_report import run_report
from vla_ros.safety.verdict import Level, Verdict

START = 1_700_000_000.0
WISH, SENT = Twist2D(0.5, 0.0, 0.1), Twist2D(0.2, 0.0, 0.04)


class Run:
    """A journal fed at 50 Hz; `say` makes a cause act for some seconds."""

    def __init__(self) -> None:
        self.now = 50.0
        self.journal = Journal(START, self.now, {"robot": "home_robot"})
        self.rows = [self.journal.first_row]

    def say(self, cause: str, seconds: float, value: float = 0.3, state: str = "slowed", nearest: float = 1.0) -> Run:
        verdict = Verdict(Level.SLOW, cause, f"{cause} at {value}", value, 0.5, "leg", 0.4) if cause else None
        for tick in range(round(seconds * 50)):
            new = (Intervention(self.now, verdict, WISH, SENT),) if verdict and tick == 0 else ()
            status = SafetyStatus(0.0, state, True, False, cause, "", value, nearest_m=nearest)
            self.rows += self.journal.observe(status, SENT, new, self.now)
            self.now += 0.02
        return self

    def of(self, kind: str) -> list[dict]:
        return [row for row in self.rows if row["kind"] == kind]


def test_an_episode_gives_one_record_with_cause_numbers_and_the_commands_before_and_after() -> None:
    run = Run()
    run.journal.occasion = Occasion("cmd-7", 2, 5, "driving to the kitchen")
    run.say("obstacle_ahead", 3.0)
    (record,) = run.of("intervention")
    assert record["cause"] == "obstacle_ahead" and record["level"] == "slow" and record["object"] == "leg"
    assert (record["value"], record["limit"]) == (0.3, 0.5)
    assert record["wished"] == [0.5, 0.0, 0.1] and record["sent"] == [0.2, 0.0, 0.04]
    assert record["instruction_id"] == "cmd-7" and record["step"] == "driving to the kitchen"
    assert (record["step_index"], record["steps"]) == (2, 5)
    assert record["time_s"] == pytest.approx(START)


def test_the_same_cause_again_within_two_seconds_is_the_same_episode_and_is_summed_up_once() -> None:
    run = Run()
    for value in (0.3, 0.1, 0.2):
        run.say("obstacle_ahead", 0.5, value).say("", 1.0, state="running")
    run.say("", 3.0, state="running")
    assert len(run.of("intervention")) == 1
    (summary,) = run.of("summary")
    assert summary["count"] == 3 and (summary["lowest"], summary["highest"]) == (0.1, 0.3)
    assert summary["duration_s"] == pytest.approx(3.48, abs=0.03)
    run.say("obstacle_ahead", 0.5)
    assert len(run.of("intervention")) == 2


def test_a_command_that_flaps_between_two_causes_floods_nothing() -> None:
    run = Run()
    for _ in range(500):
        run.say("speed_limit", 0.02).say("unowned_axis", 0.02)
    assert len(run.of("intervention")) == 2 and run.of("summary") == []


def test_a_long_episode_tells_once_a_minute_that_it_lasts_and_counts_once_in_the_report() -> None:
    run = Run().say("scan_timeout", 200.0, state="stopped").say("", 3.0, state="running")
    assert [row["lasts"] for row in run.of("summary")] == [True, True, True, False]
    cause = run_report(run.rows).causes["scan_timeout"]
    assert cause.episodes == cause.onsets == 1 and cause.duration_s == pytest.approx(200.0, abs=0.1)


def test_numbers_that_json_cannot_hold_become_null() -> None:
    run = Run().say("command_not_finite", 1.0, value=math.nan, nearest=math.inf)
    (record,) = run.of("intervention")
    assert record["value"] is None
    assert all(json.loads(json.dumps(row, allow_nan=False)) == row for row in run.rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.floats(0.02, 4.0)), max_size=25))
def test_whatever_acts_every_record_is_summed_up_once_when_the_run_is_closed(story: list[tuple[str, float]]) -> None:
    run = Run()
    for cause, seconds in story:
        run.say(cause, seconds)
    rows = [*run.rows, *run.journal.close(run.now)]
    begun = [row["time_s"] for row in rows if row["kind"] == "intervention"]
    ended = [row["began_s"] for row in rows if row["kind"] == "summary" and not row["lasts"]]
    assert sorted(begun) == sorted(ended) and len(set(begun)) == len(begun)
    assert {r["cause"] for r in rows if r["kind"] == "intervention"} == {c for c, s in story if c and round(s * 50)}
    assert [row["time_s"] for row in rows] == sorted(row["time_s"] for row in rows)


def test_the_report_adds_up_states_distances_and_limits() -> None:
    run = Run().say("", 4.0, state="running", nearest=1.2).say("obstacle_ahead", 2.0, nearest=0.31)
    run.say("", 3.0, state="armed", nearest=0.5)
    report = run_report([*run.rows, *run.journal.close(run.now)])
    times = report.time_in_states()
    assert times == pytest.approx({"running": 4.0, "slowed": 2.0, "armed": 3.0}, abs=0.05)
    assert sum(times.values()) == pytest.approx(report.duration_s, abs=0.05)
    nearest = report.nearest()
    assert nearest is not None and nearest[1] == 0.31 and START + 3.9 < nearest[0] < START + 6.1
    assert report.nearest_while_moving() == 0.31 and report.nearest_while_moving(above_mps=0.3) is None
    assert report.orderly and report.about == {"robot": "home_robot"}


# ---- the store


def store_in(folder: Path, run: str = "20260101T000000Z_1", most_bytes: int = 40_000) -> RecordStore:
    return RecordStore(folder, run, most_bytes, {"kind": "run", "time_s": 0.0})


def rows_of(count: int, start: int = 0) -> list[dict]:
    return [
        {"kind": "sample", "time_s": float(i), "nearest_m": 1.0, "speed_mps": 0.0} for i in range(start, start + count)
    ]


def test_the_folder_is_the_given_one_else_that_of_the_environment_else_below_the_home() -> None:
    assert record_folder("/a/b", {"VLA_ROS_HOME": "/c"}) == Path("/a/b")
    assert record_folder("", {"VLA_ROS_HOME": "/c"}) == Path("/c/safety")
    assert record_folder("", {}) == Path.home() / ".ros" / "vla_ros" / "safety"


def test_rows_are_on_the_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    """Nothing but the system's cache is left to lose when the process is killed."""
    store = store_in(tmp_path)
    store.append(rows_of(3))
    assert len(list(read_rows(files_of_last_run(tmp_path)))) == 4
    store.close()


def test_all_runs_together_stay_below_the_limit_and_the_newest_rows_survive(tmp_path: Path) -> None:
    for number in range(6):
        store = store_in(tmp_path, f"20260101T00000{number}Z_1")
        for start in range(0, 600, 10):
            store.append(rows_of(10, start))
        store.close()
        assert sum(path.stat().st_size for path in record_files(tmp_path)) <= 40_000
        assert store.lost == 0
    rows = list(read_rows(files_of_last_run(tmp_path)))
    assert rows[0]["kind"] == "run" and rows[-1]["time_s"] == 599.0


def test_a_torn_or_damaged_line_costs_only_itself(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.append(rows_of(2))
    store.close()
    with store.path.open("ab") as stream:
        stream.write(
            b'\xff\xfe\n[1]\n{"kind":"sample"}\n{"kind":"sample","time_s":9.0,"nearest_m":1.0,"speed_mps":0}\n{"kin'
        )
    assert [row["time_s"] for row in read_rows([store.path])] == [0.0, 0.0, 1.0, 9.0]


def test_a_full_disk_gives_up_old_runs_first_then_counts_what_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store_in(tmp_path, "20250101T000000Z_1")
    old.append(rows_of(50))
    old.close()
    store = store_in(tmp_path)
    store.append(rows_of(1))
    room, write = [10], os.write

    def full(file: int, data: bytes) -> int:
        if not old.path.exists():
            room[0] += 200
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(file, bytes(data)[: room[0]])
        room[0] -= done
        return done

    monkeypatch.setattr(os, "write", full)
    store.append(rows_of(2, 1))
    assert not old.path.exists() and store.lost == 0 and store.problem == ""
    room[0] = -10_000
    store.append(rows_of(4, 3))
    assert store.lost == 4 and "No space left" in store.problem
    monkeypatch.undo()
    store.append(rows_of(1, 7))
    store.close()
    assert store.problem == ""
    assert [row["time_s"] for row in read_rows([store.path])] == [0.0, 0.0, 1.0, 2.0, 7.0]


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    store = store_in(blocker / "safety")
    store.append(rows_of(2))
    store.sync()
    store.close()
    assert store.lost == 2 and str(blocker) in store.problem


def test_a_fault_of_the_disk_removes_no_older_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = store_in(tmp_path, "20250101T000000Z_1")
    old.append(rows_of(1))
    old.close()
    store = store_in(tmp_path)

    def broken(file: int, data: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", broken)
    store.append(rows_of(1))
    assert store.lost == 1 and old.path.exists()


# ---- what the user sees


def test_the_report_is_printed_and_drawn_and_says_when_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    assert main(["safety", "report", "--log", str(empty)]) == 1 and "has not run" in capsys.readouterr().out
    run = Run().say("", 2.0, state="running").say("obstacle_ahead", 1.0, nearest=0.31)
    store = store_in(tmp_path)
    store.append([*run.rows, *run.journal.close(run.now)])
    store.close()
    picture = tmp_path / "run.png"
    assert main(["safety", "report", "--log", str(tmp_path), "--png", str(picture)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "running 2.0" in said and "0.31 m" in said and "obstacle_ahead slow 1 1" in said
    assert picture.stat().st_size > 5000
    assert main(["safety", "report", "--log", str(tmp_path), "--png", str(tmp_path / "run.nonsense")]) == 2


def test_a_run_that_just_began_can_be_drawn() -> None:
    image = draw(run_report([Run().rows[0]]))
    assert image.size == (1200, 640)
