"""Training the voter and the writers' conventions, on a handful of commands of our own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpsr import conventions, train_voter
from benchmarks.gpsr.conventions import Conventions, fit_conventions, variants
from vla_ros.core.task import Referent, Relation, Task, TaskStep
from vla_ros.language.logical_form import logical_form
from vla_ros.language.skeletons import Skeleton
from vla_ros.language.voter import Voter

_GO, _FOLLOW = '( go " <room> " )', '( follow ( lambda $1 e ( person $1 ) ( name $1 " <name> " ) ) )'
_COMMANDS = [
    *((f"{verb} the {room}", _GO) for verb in ("go to", "drive to", "visit") for room in ("kitchen", "office", "hall")),
    *((f"{verb} {who}", _FOLLOW) for verb in ("follow", "chase", "go after") for who in ("Tom", "Anna", "Robin")),
]


def _file(path: Path) -> str:
    path.write_text("".join(f"{text}\n{form}\n\n" for text, form in _COMMANDS), encoding="utf-8")
    return str(path)


def _thinnest(place: str, quantity: int = 1) -> Task:
    where = Relation("on", Referent("place", place))
    thing = Referent("object", superlative="thinnest", quantity=quantity, relations=(where,))
    return Task("", "task", 1.0, steps=(TaskStep("report", object=thing, recipient=Referent("user")),))


def _of_a_category(place: str) -> str:
    return logical_form(_thinnest(place), any_is_category=True)


def test_training_writes_a_voter_that_knows_its_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, errors = tmp_path / "voter.npz", tmp_path / "errors.txt"
    arguments = ["--paraphrases", _file(tmp_path / "people.txt"), "--folds", "3", "--iterations", "15"]
    assert train_voter.main([*arguments, "--output", str(out), "--errors", str(errors)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == len(_COMMANDS) and report["all"]["voter_skeleton"] == 1.0
    assert report["by_head"] == {"follow": [9, 9, 9], "go": [9, 9, 9]} and errors.read_text() == "\n"
    voter = Voter.load(out)
    assert voter.votes(["drive", "to", "the", "<room>"])[0][0] == Skeleton.parse("go - - to")
    again = tmp_path / "again.npz"
    train_voter.main([*arguments, "--output", str(again)])
    assert np.array_equal(voter.weights, Voter.load(again).weights)


def test_skeletons_share_the_weights_of_their_parts() -> None:
    labels = [Skeleton.parse("bring object - -"), Skeleton.parse("bring object@ - -"), None]
    table = train_voter.parts(labels)
    shared = (table[0] > 0) & (table[1] > 0)
    assert shared.sum() > 3 and not ((table[2] > 0) & (table[0] > 0)).any()


def test_equal_forms_are_the_variants_of_a_task() -> None:
    task = _thinnest("table")
    found = variants(task)
    assert found[0] == logical_form(task) and len(found) == len(set(found)) == 4
    assert sum("<category>" in v for v in found) == 2 and sum("<room>" in v for v in found) == 2
    assert variants(Task("", "unknown")) == ["UNKNOWN"]


def test_conventions_are_learned_by_place(tmp_path: Path) -> None:
    with_kind = _of_a_category("table")
    told = [(_thinnest("table"), with_kind)] * 8 + [(_thinnest("sofa"), variants(_thinnest("sofa"))[0])] * 8
    learned = fit_conventions(told)
    learned.save(tmp_path / "conventions.npz")
    read = Conventions.load(tmp_path / "conventions.npz")
    assert read.form(_thinnest("table")) == with_kind
    assert read.form(_thinnest("sofa")) == logical_form(_thinnest("sofa"))


def test_a_stand_in_tells_its_class_itself() -> None:
    task = _thinnest("<location>")
    told = [(_thinnest("table"), _of_a_category("table"))] * 8
    assert fit_conventions(told).form(task) == logical_form(task)


def test_conventions_are_fitted_from_a_file(tmp_path: Path) -> None:
    out = tmp_path / "conventions.npz"
    assert conventions.main([_file(tmp_path / "people.txt"), "--output", str(out)]) == 0
    assert Conventions.load(out).form(_thinnest("table")) in variants(_thinnest("table"))
