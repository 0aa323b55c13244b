"""`vla up`'s supervisor: one ends, all end; nothing survives; nothing is restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vla_ros.cli.supervisor import Ended, Supervisor

WAITS = [sys.executable, "-S", "-c", "import signal; print('up', flush=True); signal.pause()"]
STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal\n"
    "for s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)\n"
    "print('up', flush=True)\n"
    "while True: signal.pause()",
]
DIES = [sys.executable, "-S", "-c", "raise SystemExit(7)"]
PARENT = [
    sys.executable,
    "-S",
    "-c",
    "import subprocess, signal, sys\n"
    "child = subprocess.Popen([sys.executable, '-S', '-c', 'import signal; signal.pause()'])\n"
    "print(child.pid, flush=True)\n"
    "signal.pause()",
]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for_output(path: Path) -> str:
    """Returns the first line that a child writes; the test's own time limit ends a wait for nothing."""
    while True:
        text = path.read_text() if path.is_file() else ""
        if text.endswith("\n"):
            return text.strip()
        time.sleep(0.01)  # a child process starts; there is no simulated time for it


def test_the_end_of_one_is_told_and_ends_all() -> None:
    with Supervisor([("stays", WAITS), ("dies", DIES)]) as supervisor:
        assert supervisor.watch(timeout_s=20.0) == (Ended("dies", 7),)
        stays = supervisor.pids["stays"]
    assert not lives(stays)


def test_nothing_is_restarted() -> None:
    with Supervisor([("dies", DIES)]) as supervisor:
        supervisor.watch(timeout_s=20.0)
        assert supervisor.watch(timeout_s=0.3) == (Ended("dies", 7),)


def test_asked_to_stop_it_returns_with_nobody_to_blame() -> None:
    with Supervisor([("stays", WAITS)]) as supervisor:
        supervisor.stop_asked.set()
        assert supervisor.watch() == ()


def test_the_deaf_are_killed_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ((signal.SIGINT, 0.2), (signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    monkeypatch.setattr("vla_ros.cli.supervisor._PATIENCE", quick)
    with Supervisor([("deaf", STUBBORN), ("stays", WAITS)], log_folder=tmp_path) as supervisor:
        wait_for_output(tmp_path / "deaf.log")
        pid = supervisor.pids["deaf"]
        assert supervisor.end() == ("deaf",)
    assert not lives(pid)


def test_children_of_children_end_too(tmp_path: Path) -> None:
    with Supervisor([("parent", PARENT)], log_folder=tmp_path) as supervisor:
        grandchild = int(wait_for_output(tmp_path / "parent.log"))
        assert lives(grandchild)
        supervisor.end()
    assert not lives(grandchild)


def test_a_program_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    supervisor = Supervisor([("stays", WAITS), ("missing", [str(tmp_path / "nothing")])])
    with pytest.raises(FileNotFoundError):
        supervisor.__enter__()
    assert not lives(supervisor.pids["stays"])


def test_what_ended_is_said_in_words() -> None:
    assert str(Ended("safety_node", 2)) == "safety_node ended with exit code 2"
    assert str(Ended("safety_node", -9)) == "safety_node was killed by SIGKILL"


HOLDER = """
import sys, time, types
from pathlib import Path
from vla_ros.cli import robot_up
sleeps = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
sleeper = types.SimpleNamespace(executable="sleeper", command=sleeps)
robot_up.processes = lambda chosen: [sleeper]
with robot_up.robot_in_home((), Path(sys.argv[1])) as supervisor:
    print(supervisor.pids["sleeper"], flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_killed_demo_or_benchmark_leaves_no_process_of_the_robot_behind(how, tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        robot = int(holder.stdout.readline())
        assert lives(robot)
        holder.send_signal(how)
        assert holder.wait(timeout=20) != 0
        assert not lives(robot)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
