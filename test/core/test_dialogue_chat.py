"""`vla chat --offline` in a real pseudo terminal, `vla memory`, and what the robot says from memory."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from vla_ros.cli.chat import Talk
from vla_ros.cli.chat_screen import Screen, printable
from vla_ros.cli.main import main
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose, Pose2D
from vla_ros.core.remembered import RememberedObject, RememberedPerson, RememberedPlace, Turn
from vla_ros.core.resources import config_file
from vla_ros.core.scene import SceneObject
from vla_ros.memory import recall
from vla_ros.memory.store import MemoryStore
from vla_ros.memory.teaching import person_here, place_here

PLAN = FloorPlan.load(config_file("apartment", "homes"))
CUP = RememberedObject("cup", "red", (1.0, 2.0, 0.9), "kitchen_counter", "kitchen", 100.0)


class Terminal:
    """A child process on a pseudo terminal of its own."""

    def __init__(self, home: Path, *words: str) -> None:
        self.shown = ""
        self.pid, self._end = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", COLUMNS="200", VLA_ROS_HOME=str(home), VLA_ROS_MEMORY_FILE="")
            os.execv(sys.executable, [sys.executable, "-m", "vla_ros.cli.main", *words])

    def until(self, text: str, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._end], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self._end, 4096).decode(errors="replace")
                except OSError:  # the other end is closed
                    assert text in self.shown, self.shown
                    return

    def type(self, text: str, until: str) -> None:
        self.shown = ""
        os.write(self._end, text.encode())
        self.until(until)

    def until_prompt(self, timeout_s: float = 60.0) -> None:
        """What is typed while readline takes the terminal over may be lost."""
        deadline = time.monotonic() + timeout_s
        while not self.shown.endswith("parse> "):
            assert time.monotonic() < deadline, self.shown
            if select.select([self._end], [], [], 0.2)[0]:
                self.shown += os.read(self._end, 4096).decode(errors="replace")

    def exit_code(self) -> int:
        """After Ctrl-C, again and again: Python's readline misses one that comes just before it begins to wait."""
        deadline, typed = time.monotonic() + 30.0, 0.0
        while time.monotonic() < deadline:
            if time.monotonic() > typed + 3.0:
                typed = time.monotonic()
                with contextlib.suppress(OSError):
                    os.write(self._end, b"\x03")
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self._end)
                return os.waitstatus_to_exitcode(status)
            if select.select([self._end], [], [], 0.05)[0]:
                try:
                    os.read(self._end, 4096)
                except OSError:
                    time.sleep(0.02)  # the terminal is gone, the process is about to be
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("it does not end")


def test_a_dialogue_in_a_terminal(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "chat", "--offline")
    terminal.until("parse> ")
    terminal.type("bring me the red cup\n", "bring the red cup to you")
    terminal.type("no, the blue one\n", "bring the blue cup to you")
    terminal.type("what did you understand?\n", "% sure")
    terminal.type("remember this spot as the charging corner\n", "teach place: charging corner")
    terminal.type("go to the charging corner\n", "go to charging corner")
    terminal.type("/json\n", '"category": "spot"')
    terminal.type("/help\n", "/memory")
    terminal.type("/nonsense\n", "unknown")
    terminal.type("\x1b[A\x1b[A\x1b[A\x1b[A\n", "go to charging corner")  # the line before last, by the arrow keys
    terminal.type("/nonsense\n", "unknown")
    terminal.until_prompt()
    assert terminal.exit_code() == 0
    history = tmp_path / "chat_history"
    assert "bring me the red cup" in history.read_text() and history.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("typed", "said", "history_goes"),
    [
        ("me", "forget me", True),
        ("conversation", "forget the conversation", True),
        ("tasks", "forget the tasks", False),
        ("the place home", "forget the place home", False),
        ("place home", "forget the place home", False),
        ("", "what do you remember?", False),
    ],
)
def test_slash_forget_takes_the_words_of_vla_memory(typed: str, said: str, history_goes: bool) -> None:
    screen, operator = Mock(spec=Screen), Mock()
    operator.statuses, operator.speech, operator.say.return_value = [], [], Mock(success=True, state="accepted")
    talk = Talk(operator, screen, "")
    assert talk.command("forget", typed)
    talk._pool.shutdown(wait=True)
    operator.say.assert_called_once_with(said)
    assert screen.forget_history.called == history_goes, "a name that contains 'me' is not me"


def test_what_a_robot_says_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2J\x07b\r\nc\u202ed") == "a [2J b  c d"


# -- vla memory


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "m.sqlite"
    store = MemoryStore(path)
    store.add_turn(Turn(1.0, "person", "bring me [bold]the cup[/]"))
    store.see([CUP])
    store.teach(RememberedPlace("charging corner", 1.0, 1.0, 0.0, "", "office", 1.0))
    store.close()
    return path


def test_the_memory_is_shown(memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "show", "--file", str(memory)]) == 0
    shown = capsys.readouterr().out
    for words in ("bring me [bold]the cup[/]", "red cup on the kitchen counter", "charging corner", "people (0)"):
        assert words in shown
    assert main(["memory", "show", "dreams", "--file", str(memory)]) == 2
    assert "conversation" in capsys.readouterr().err


def test_of_a_long_memory_the_newest_is_shown_unless_its_kind_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.sqlite"
    store = MemoryStore(path)
    for number in range(25):
        store.add_turn(Turn(float(number), "person", f"turn <{number}>"))
        store.teach(RememberedPlace(f"place <{number}>", float(number), 1.0, 0.0, "", "office", float(number)))
    store.close()
    assert main(["memory", "show", "--file", str(path)]) == 0
    shown = capsys.readouterr().out
    for kind in ("turn", "place"):
        assert f"{kind} <24>" in shown and f"{kind} <15>" in shown and f"{kind} <14>" not in shown
    assert shown.count("15 older") == 2
    assert main(["memory", "show", "conversation", "--file", str(path)]) == 0
    assert "turn <0>" in capsys.readouterr().out


def test_the_memory_is_exported(memory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "export", "--file", str(memory)]) == 0
    printed = json.loads(capsys.readouterr().out)
    file = tmp_path / "out.json"
    assert main(["memory", "export", str(file), "--file", str(memory)]) == 0
    assert json.loads(file.read_text()) == printed
    assert printed["objects"][0]["category"] == "cup" and file.stat().st_mode & 0o077 == 0


def test_the_memory_forgets(memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "forget", "place", "Charging Corner", "--file", str(memory)]) == 0
    assert main(["memory", "forget", "place", "charging corner", "--file", str(memory)]) == 1
    assert main(["memory", "forget", "--file", str(memory)]) == 2, "nothing is forgotten by mistake"
    assert main(["memory", "forget", "place", "--file", str(memory)]) == 2
    assert len(MemoryStore(memory).turns()) == 1
    assert main(["memory", "forget", "everything", "--file", str(memory)]) == 0
    store = MemoryStore(memory)
    assert (store.turns(), store.objects(), store.places()) == ((), (), ())
    assert main(["memory", "show", "--file", str(memory) + "x"]) == 1
    assert "does not exist" in capsys.readouterr().out


def test_an_answer_is_shown_once_and_again_when_it_is_asked_for_again() -> None:
    screen, operator = Mock(spec=Screen), Mock()
    operator.statuses, operator.speech, operator.safety = [], [], None
    operator.say.return_value = Mock(success=True, state="succeeded", message="Nothing at the moment.")
    talk = Talk(operator, screen, "")
    for asked in (1, 2):
        talk.say("what are you doing?")
        talk._pool.shutdown(wait=True)
        talk._pool = ThreadPoolExecutor(1)
        operator.speech.append("Nothing at the moment.")  # the same, said aloud
        talk._news()
        assert screen.show.call_count == asked


# -- what is meant where the robot stands


def _before(name: str) -> Pose2D:
    """A pose a little in front of a piece of furniture, facing it."""
    piece = PLAN.piece(name)
    x, y = piece.pose2d.transform((piece.size[0] / 2 + 0.6, 0.0))
    return Pose2D(float(x), float(y), piece.yaw + 3.1416)


def test_a_piece_of_furniture_is_meant_when_the_name_says_so_and_the_robot_stands_at_one() -> None:
    desk = next(f for f in PLAN.furniture if f.category == "desk")
    taught = place_here("my desk", "desk", _before(desk.name), PLAN, 5.0)
    assert (taught.furniture, taught.room, taught.taught_s) == (desk.name, desk.room, 5.0)
    far = place_here("my desk", "desk", Pose2D(0.0, 0.0, 0.0), PLAN, 5.0)
    assert far.furniture == ""
    corner = place_here("charging corner", "", Pose2D(1.5, 1.5, 0.3), PLAN, 5.0)
    assert (corner.furniture, corner.x, corner.y, corner.yaw) == ("", 1.5, 1.5, 0.3)
    assert place_here("corner", "", Pose2D(1.0, 1.0, 0.0), None, 5.0).room == ""


def _person(color: str, x: float, y: float) -> SceneObject:
    return SceneObject(color, (("person", 0.9),), color, "person", Pose((x, y, 0.9)), (0.4, 0.4, 1.8), 0.9, True, 0.0)


def test_a_name_goes_to_the_nearest_figure_in_front_that_it_can_mean() -> None:
    robot, everybody = Pose2D(0.0, 0.0, 0.0), [_person("purple", 1.0, 0.0), _person("red", 2.0, 0.0)]
    assert person_here("bob", False, everybody, robot, "purple", 1.0).color == "red"
    assert person_here("mary", True, everybody, robot, "purple", 1.0).color == "purple"
    assert person_here("bob", False, everybody, robot, "", 1.0).color == "purple"
    behind = [_person("red", -1.0, 0.0), _person("red", 9.0, 0.0), replace(_person("red", 1.0, 0.0), visible=False)]
    assert person_here("bob", False, behind, robot, "purple", 1.0) == RememberedPerson("bob", False, "", 0.0, 1.0)
    assert person_here("bob", False, everybody, None, "", 1.0).color == ""


def test_answers_from_memory() -> None:
    other = replace(CUP, color="blue", furniture="", room="office", seen_s=40.0)
    assert recall.last_seen([CUP, other], "cup", ["red"], "the red cup", 160.0) == (
        "I saw a red cup on the kitchen counter 60 seconds ago."
    )
    assert "a blue cup in the office" in recall.last_seen([CUP, other], "cup", [], "the cup", 160.0)
    assert recall.last_seen([CUP], "phone", [], "the phone", 1.0) == "I do not remember having seen a phone."
    mary, bob = RememberedPerson("mary", True, "", 0.0, 0.0), RememberedPerson("bob", False, "red", 1.8, 0.0)
    assert recall.user([mary]) == "You are Mary." and "not told" in recall.user([bob])
    assert "red clothes" in recall.person([bob], "Bob", 10.0) and "anybody" in recall.person([], "Bob", 10.0)
    assert recall.people([mary, bob]) == "I know you, Mary and Bob."


def test_forgetting_says_what_it_did() -> None:
    store = MemoryStore(None)
    assert "nothing" in recall.summary(store)
    store.teach(RememberedPlace("my desk", 0.0, 0.0, 0.0, "", "", 0.0))
    assert recall.summary(store).startswith("I remember 1 place.")
    assert "your desk" in recall.forget(store, "name", "the sofa")
    assert recall.forget(store, "name", "my desk") == "I have forgotten your desk."
    assert recall.forget(store, "everything") == recall.FORGOTTEN["everything"]
