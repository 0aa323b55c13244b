"""`vla demo` as a user types it: real processes, report, film, picture, and the exit code that ground truth decides."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from vla_ros.cli import environment


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vla_ros.cli.main", "demo", "--folder", str(folder), *words]
    return subprocess.run(command, env=environment.child(), capture_output=True, text=True, timeout=280)


def test_the_demo_shows_what_it_did_and_succeeds(tmp_path: Path) -> None:
    done = demo(tmp_path, "--command", "go to the kitchen", "--seed", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["success"] and report["command"] == "go to the kitchen"
    assert report["goals"] == [{"goal": [["at", "robot", "kitchen"]], "holds": True}]
    keys = ("steps", "duration_s", "sim_time_s", "safety_violations", "real_time_factor")
    assert all(key in report for key in keys)
    assert report["safety_violations"] == 0
    assert (tmp_path / "demo.mp4").stat().st_size > 20_000
    assert Image.open(tmp_path / "final.png").size == (1280, 720)


def test_a_command_that_is_not_obeyed_is_no_success(tmp_path: Path) -> None:
    done = demo(tmp_path, "--no-film", "--command", "flurb the wuzzle")
    assert done.returncode == 1
    assert "flurb" in done.stdout
    assert json.loads((tmp_path / "report.json").read_text())["success"] is False
