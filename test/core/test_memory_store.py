"""The memory file: kept, bounded, shared, forgotten; damage, a full disk and a kill do not stop the robot."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from vla_ros.core.floorplan import FloorPlan, Room
from vla_ros.core.people import People, Person
from vla_ros.core.remembered import (
    FORGETTABLE,
    RememberedObject,
    RememberedPerson,
    RememberedPlace,
    RememberedTask,
    Turn,
)
from vla_ros.memory.export import KINDS, ago, as_json, lines
from vla_ros.memory.household import people_with, plan_with
from vla_ros.memory.location import memory_path
from vla_ros.memory.params import MemoryParams
from vla_ros.memory.store import MemoryStore

CUP = RememberedObject("cup", "red", (1.0, 2.0, 0.9), "kitchen_counter", "kitchen", 100.0, "cup_1", "run_a")
DESK = RememberedPlace("my desk", 3.0, 4.0, 0.5, "office_desk", "office", 100.0)
CORNER = RememberedPlace("charging corner", 1.0, 1.0, 0.0, "", "office", 101.0)
MARY = RememberedPerson("mary", True, "purple", 1.7, 100.0)
BOB = RememberedPerson("bob", False, "yellow", 1.8, 101.0)
TASK = RememberedTask("c1", "bring me the red cup", '{"kind":"task"}', "running", "", 100.0)


def _filled(path: Path | None) -> MemoryStore:
    store = MemoryStore(path)
    store.add_turn(Turn(100.0, "person", "bring me the red cup", "c1"))
    store.see([CUP])
    for place in (DESK, CORNER):
        store.teach(place)
    for person in (MARY, BOB):
        store.meet(person)
    store.note_task(TASK)
    return store


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "memory.sqlite"
    _filled(path).close()
    again = MemoryStore(path)
    assert again.turns() == (Turn(100.0, "person", "bring me the red cup", "c1"),)
    assert again.objects() == (CUP,)
    assert set(again.places()) == {DESK, CORNER}
    assert set(again.people()) == {MARY, BOB}
    assert again.tasks() == (TASK,)
    assert again.warnings == [] and again.problem == ""


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    _filled(tmp_path / "m.sqlite").close()
    assert (tmp_path / "m.sqlite").stat().st_mode & 0o077 == 0


def test_without_a_file_nothing_outlives_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _filled(None).close()
    assert MemoryStore(None).objects() == ()
    assert list(tmp_path.iterdir()) == []


def test_each_table_keeps_its_newest_rows_only() -> None:
    limits = MemoryParams(memory_turns=3, memory_objects=2, memory_places=1, memory_people=1, memory_tasks=2)
    store = MemoryStore(None, limits)
    for i in range(10):
        store.add_turn(Turn(float(i), "person", f"turn {i}"))
        store.see([replace(CUP, position=(float(i), 0.0, 0.9), seen_s=float(i), track=f"t{i}")])
        store.teach(replace(DESK, name=f"place {i}", taught_s=float(i)))
        store.meet(replace(BOB, name=f"person {i}", met_s=float(i)))
        store.note_task(replace(TASK, command_id=f"c{i}", started_s=float(i)))
    assert [t.text for t in store.turns()] == ["turn 7", "turn 8", "turn 9"]
    assert [o.track for o in store.objects()] == ["t9", "t8"]
    assert [p.name for p in store.places()] == ["place 9"]
    assert [p.name for p in store.people()] == ["person 9"]
    assert [t.command_id for t in store.tasks()] == ["c8", "c9"]


def test_a_thing_that_moved_keeps_one_row() -> None:
    store = MemoryStore(None)
    store.see([CUP])
    store.see([replace(CUP, position=(5.0, 5.0, 0.7), furniture="desk", seen_s=200.0)])
    assert [(o.furniture, o.seen_s) for o in store.objects()] == [("desk", 200.0)]


def test_the_same_thing_in_a_later_run_is_known_by_its_place() -> None:
    store = MemoryStore(None)
    store.see([CUP])
    store.see([replace(CUP, position=(1.1, 2.1, 0.9), track="cup_9", run="run_b", seen_s=300.0)])
    store.see([replace(CUP, position=(3.0, 2.1, 0.9), track="cup_10", run="run_b", seen_s=301.0)])
    store.see([replace(CUP, color="blue", track="cup_11", run="run_b", seen_s=302.0)])
    assert [(o.color, o.track) for o in store.objects()] == [("blue", "cup_11"), ("red", "cup_10"), ("red", "cup_9")]


def test_what_was_found_missing_is_dropped() -> None:
    store = MemoryStore(None)
    store.see([CUP])
    store.see([], gone=[replace(CUP, track="other", run="run_b")])
    assert store.objects() == ()


def test_a_command_is_noted_and_its_end_added() -> None:
    store = MemoryStore(None)
    store.note_task(TASK)
    store.end_task("c1", "failed", "I did not find it.", 130.0)
    assert store.tasks() == (replace(TASK, state="failed", reason="I did not find it.", ended_s=130.0),)


def test_commands_that_a_kill_cut_short_end_at_the_next_start() -> None:
    store = MemoryStore(None)
    store.note_task(TASK)
    store.note_task(replace(TASK, command_id="c2", state="succeeded", ended_s=120.0))
    store.end_open_tasks("failed", "cut short", 200.0)
    assert [(t.state, t.reason, t.ended_s) for t in store.tasks()] == [
        ("failed", "cut short", 200.0), ("succeeded", "", 120.0)
    ]  # fmt: skip


@pytest.mark.parametrize("what", FORGETTABLE)
def test_forgetting_takes_what_is_asked_and_leaves_the_rest(what: str) -> None:
    store = _filled(None)
    left = {
        "conversation": (0, 1, 2, 2, 1),
        "objects": (1, 0, 2, 2, 1),
        "places": (1, 1, 0, 2, 1),
        "people": (1, 1, 2, 0, 1),
        "tasks": (1, 1, 2, 2, 0),
        "me": (0, 1, 1, 1, 0),
        "everything": (0, 0, 0, 0, 0),
    }[what]
    deleted = store.forget(what)
    tables = (store.turns(), store.objects(), store.places(), store.people(), store.tasks())
    assert tuple(map(len, tables)) == left
    assert deleted == 7 - sum(left)
    if what == "me":
        assert store.people() == (BOB,) and store.places() == (CORNER,)


def test_one_place_and_one_person_can_be_forgotten() -> None:
    store = _filled(None)
    assert (store.forget("place", "my desk"), store.forget("person", "bob"), store.forget("place", "nowhere")) == (
        1,
        1,
        0,
    )
    assert store.places() == (CORNER,) and store.people() == (MARY,)
    assert store.forget("'; DROP TABLE places; --") == 0 and store.places() == (CORNER,)


def test_forgotten_words_are_not_left_in_the_file(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path / "m.sqlite")
    store.add_turn(Turn(1.0, "person", "the safe is behind the painting"))
    store.forget("conversation")
    store.close()
    for path in tmp_path.iterdir():
        assert b"behind the painting" not in path.read_bytes(), path


def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    store = MemoryStore(path)
    aside = tmp_path / "m.sqlite.damaged-1"
    assert aside.exists() and str(aside) in store.warnings[0] and "damaged" in store.warnings[0]
    store.see([CUP])
    store.close()
    assert MemoryStore(path).objects() == (CUP,)


def test_a_file_that_is_damaged_while_it_is_open_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    store = MemoryStore(path)
    for i in range(300):
        store.add_turn(Turn(float(i), "person", "x" * 500))
    store._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(bytes(data))
    store._base.execute("PRAGMA shrink_memory")  # what it has read before helps no longer
    for i in range(3):
        store.see([replace(CUP, track=f"t{i}", position=(float(i), 0.0, 0.0))])
        store.add_turn(Turn(1000.0 + i, "person", "still here"))
    assert "still here" in [t.text for t in store.turns()]
    assert any("damaged" in warning for warning in store.warnings)


def test_a_folder_that_cannot_be_written_leaves_a_memory_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = _filled(tmp_path / "file" / "m.sqlite")
    assert store.warnings and "lost at the end" in store.warnings[0]
    assert store.objects() == (CUP,)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    _filled(path).close()
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    store = MemoryStore(path)
    store.see([CUP])
    assert "later version" in store.warnings[0]
    assert path.read_bytes() == before


def test_a_full_disk_loses_the_row_and_nothing_else(tmp_path: Path) -> None:
    store = _filled(tmp_path / "m.sqlite")
    pages = store._base.execute("PRAGMA page_count").fetchone()[0]
    store._base.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then answers "database or disk is full"
    for i in range(60):
        store.add_turn(Turn(200.0 + i, "person", "x" * 3000))
    assert store.lost > 0 and "full" in store.problem
    assert store.objects() == (CUP,) and store.places()
    store._base.execute("PRAGMA max_page_count = 100000")
    store.add_turn(Turn(300.0, "person", "room again"))
    assert store.problem == "" and store.turns(1)[0].text == "room again"


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    program = (
        "import sys; from pathlib import Path; from vla_ros.memory.store import MemoryStore\n"
        "from vla_ros.core.remembered import Turn\n"
        "store = MemoryStore(Path(sys.argv[1]))\n"
        "for i in range(40): store.add_turn(Turn(float(i), 'robot', f'{sys.argv[2]} {i}'))\n"
        "assert store.lost == 0, store.problem\n"
    )
    others = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in ("a", "b")]
    store = MemoryStore(path)
    before = store.version()
    assert [other.wait(timeout=30) for other in others] == [0, 0]
    assert len(store.turns()) == 80
    assert store.version() != before, "who reads can tell that another has written"


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    program = (
        "import sys, time; from pathlib import Path; from vla_ros.memory.store import MemoryStore\n"
        "from vla_ros.core.remembered import Turn\n"
        "store = MemoryStore(Path(sys.argv[1]))\n"
        "for i in range(20): store.add_turn(Turn(float(i), 'robot', f'turn {i}'))\n"
        "print('written', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline().strip() == b"written"
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=10)
    store = MemoryStore(path)
    assert len(store.turns()) == 20 and store.warnings == []


def test_it_is_exported_as_json_and_shown_in_words() -> None:
    store = _filled(None)
    data = json.loads(json.dumps(as_json(store)))
    assert set(KINDS) < set(data)
    assert data["objects"][0]["furniture"] == "kitchen_counter" and data["places"][0]["name"] == "charging corner"
    shown = "\n".join(line for kind in KINDS for line in lines(store, kind, now=160.0))
    for words in ("red cup on the kitchen counter", "60 seconds ago", "my desk: the office desk", "mary (the user)"):
        assert words in shown


@pytest.mark.parametrize(
    ("age", "words"), [(1, "1 second"), (300, "5 minutes"), (7200, "2 hours"), (864000, "10 days")]
)
def test_ages_are_said_in_words(age: float, words: str) -> None:
    assert ago(1000.0, 1000.0 + age) == f"{words} ago"


def test_the_file_lies_where_the_parameter_the_variable_or_the_home_says() -> None:
    assert memory_path("/a/b.sqlite", "", {}) == Path("/a/b.sqlite")
    assert memory_path("", "", {"VLA_ROS_MEMORY_FILE": "/x"}) is None
    assert memory_path("auto", "", {"VLA_ROS_MEMORY_FILE": ""}) is None
    assert memory_path("auto", "", {"VLA_ROS_HOME": "/h"}) == Path("/h/memory/robot.sqlite")
    assert memory_path("auto", "/left/arm", {}) == Path.home() / ".ros/vla_ros/memory/left.arm.sqlite"


def test_taught_places_and_people_join_the_files_of_the_home() -> None:
    plan = FloorPlan(name="home", rooms=(Room(name="office", min=(0.0, 0.0), max=(5.0, 5.0)),))
    learned = plan_with(plan_with(plan, [DESK]), [replace(DESK, x=1.0), CORNER])
    assert {s.name: s.position[0] for s in learned.spots} == {"my desk": 1.0, "charging corner": 1.0}
    people = People(
        people=(Person(name="user", shirt_color="purple", user=True), Person(name="tom", shirt_color="red"))
    )
    known = people_with(people, [MARY, BOB, replace(BOB, name="tom", color="green")])
    assert known.person("mary") is known.user
    assert [(p.name, p.shirt_color) for p in known.people] == [("user", "purple"), ("tom", "green"), ("bob", "yellow")]
    assert people_with(None, [MARY]).user is not None
