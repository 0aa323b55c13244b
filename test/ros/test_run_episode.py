"""An episode always leaves a report of itself, also when the robot does not come up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from vla_ros.cli import robot_up
from vla_ros.cli.episode import Episode
from vla_ros.cli.supervisor import Ended
from vla_ros.ros.operator import NoAnswerError, reply_to
from vla_ros.sim.scenario import Scenario

pytestmark = pytest.mark.ros


class Absent(Episode):
    """The robot does not come up."""

    def run(self):  # type: ignore[no-untyped-def]
        raise NoAnswerError("service /arm is not there")


class Fine(Episode):
    """All went well."""

    def run(self):  # type: ignore[no-untyped-def]
        self.report.success, self.report.state = True, "succeeded"
        return self.report


@pytest.mark.parametrize(
    ("kind", "gone", "success", "words"),
    [(Absent, (), False, "/arm"), (Fine, (Ended("planner_node", -9),), False, "SIGKILL"), (Fine, (), True, "")],
)
def test_the_report_is_that_of_this_run(
    kind: type[Episode], gone: tuple[Ended, ...], success: bool, words: str, tmp_path: Path, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    @contextmanager
    def up(overrides: tuple[str, ...], log_folder: Path) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(ended=lambda: gone)

    monkeypatch.setattr(robot_up, "robot_in_home", up)
    (tmp_path / "report.json").write_text('{"success": true}')
    (tmp_path / "demo.mp4").write_text("of an earlier run")
    scenario = Scenario(id="demo", command="go to the kitchen")
    report = robot_up.run_episode(scenario, tmp_path, kind(scenario))
    written = json.loads((tmp_path / "report.json").read_text())
    assert report.success is written["success"] is success
    assert words in written["message"]
    assert written["failure"] == ("" if success else "communication")
    assert not (tmp_path / "demo.mp4").exists()
    assert (tmp_path / "scenario.yaml").is_file()


def test_a_reply_is_chosen_by_a_word_of_the_question() -> None:
    assert reply_to("Which cup do you mean?", {"bottle": "blue", "WHICH": "the red one"}) == "the red one"
    assert reply_to("Where?", {"which": "the red one"}) is None
