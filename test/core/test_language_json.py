"""The one JSON form of a Task, exactly as the users' page shows it."""

from __future__ import annotations

import json

import pytest
from test_language_parser import PARSER, _table

from vla_ros.cli.parse import add_arguments, run
from vla_ros.core.errors import InputError
from vla_ros.language.task_json import task_from_json, task_to_dict, task_to_json


def test_the_example_of_the_format_has_exactly_its_form() -> None:
    text = "bring me the red cup from the kitchen table, but slowly"
    task = PARSER.parse(text)
    table = {"predicate": "on", "kind": "place", "category": "table", "name": "", "attributes": ["kitchen"]}
    expected = {
        "text": text, "kind": "task", "confidence": 0.97, "question": "", "reason": "",
        "steps": [
            {
                "skill": "bring",
                "object": {
                    "kind": "object", "category": "cup", "name": "", "attributes": ["red"], "superlative": "",
                    "quantity": 1, "relations": [table], "posture": "", "not_attributes": [],
                },
                "source": None, "destination": None, "recipient": {"kind": "user"},
                "text": "", "about": "", "count": 0, "manner": "slow", "condition": None, "after": [],
            }
        ],
    }  # fmt: skip
    assert task_to_dict(task) == expected
    assert list(task_to_dict(task)) == list(expected)
    assert list(task_to_dict(task)["steps"][0]) == list(expected["steps"][0])


@pytest.mark.parametrize("phrase", [phrase for phrase, _ in _table()][::7])
def test_there_and_back_is_the_same_task(phrase: str) -> None:
    task = PARSER.parse(phrase)
    again = task_from_json(task_to_json(task))
    assert task_to_json(again) == task_to_json(task)
    assert [s.object for s in again.steps] == [s.object for s in task.steps]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[]", "task"),
        ("{", "task"),
        ('{"kind": "poem"}', "task.kind"),
        ('{"kind": "task", "steps": {}}', "task.steps"),
        ('{"kind": "task", "steps": [{"skill": "fly"}]}', "task.steps[0].skill"),
        ('{"kind": "task", "steps": [{"skill": "go", "destination": {"kind": "moon"}}]}', "destination.kind"),
        ('{"kind": "task", "steps": [{"skill": "go", "distance_m": "far"}]}', "distance_m"),
        ('{"kind": "task", "steps": [{"skill": "go", "distance_m": NaN}]}', "distance_m"),
        ('{"kind": "task", "steps": [{"skill": "go", "condition": {"maybe": "x"}}]}', "condition"),
        ('{"kind": "task", "steps": [{"skill": "go", "after": ["x"]}]}', "after"),
    ],
)
def test_what_is_no_task_is_refused_with_field_and_remedy(text: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        task_from_json(text)
    assert field in caught.value.field and caught.value.remedy


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str = "") -> int:
    import argparse
    import io

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return run(parser.parse_args(arguments))


def test_vla_parse_prints_one_object(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, "go to the kitchen") == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["skill"] == "go"


def test_vla_parse_jsonl_prints_a_line_for_every_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "--jsonl", stdin="go to the kitchen\n\nstop\nblah\n") == 0
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["task", "unknown", "task", "unknown"]


def test_vla_parse_names_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "go", "--home", "no_such_home") == 2
    assert "no_such_home" in capsys.readouterr().err
