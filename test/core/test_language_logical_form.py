"""The GPSR benchmark's parts: a Task as a logical form, when two forms say the same, how calibration is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.gpsr.calibration import bins, draw, expected_error
from benchmarks.gpsr.comparison import same, same_place_kinds_aside
from benchmarks.gpsr.data import Case, read_cases
from benchmarks.gpsr.fit_confidence import fit
from vla_ros.core.errors import InputError
from vla_ros.core.task import Referent, Relation, Task, TaskStep
from vla_ros.language.forms import read
from vla_ros.language.logical_form import logical_form

USER = Referent("user")
ROOM, PLACE = Referent("place", "room", "kitchen"), Referent("place", "table")
TOM = Referent("person", "person", "tom")


def _form(*steps: TaskStep) -> str:
    return logical_form(Task("", "task", 1.0, steps=steps))


def _thing(**fields: object) -> Referent:
    return Referent("object", **fields)  # type: ignore[arg-type]


def test_where_the_robot_went_is_where_the_next_thing_is() -> None:
    cup = _thing(category="cup")
    steps = (TaskStep("go", destination=PLACE), TaskStep("find", object=cup), TaskStep("bring", cup, recipient=USER))
    assert _form(*steps) == '( bring ( lambda $1 e ( is_a $1 " <object> " ) ( at $1 " <location> " ) ) )'


def test_the_second_place_belongs_to_who_gets_it() -> None:
    cup = _thing(category="cup")
    steps = (TaskStep("pick", object=cup), TaskStep("go", destination=ROOM), TaskStep("bring", cup, recipient=TOM))
    wanted = '( bring ( lambda $1 e ( is_a $1 " <object> " ) ) ( lambda $1 e ( person $1 ) ( name $1 " <name> " ) '
    assert _form(*steps) == wanted + '( at $1 " <room> " ) ) )'


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (TaskStep("go", destination=ROOM), '( go " <room> " )'),
        (
            TaskStep("place", _thing(category="cup"), destination=PLACE),
            '( put ( lambda $1 e ( is_a $1 " <object> " ) ) " <location> " )',
        ),
        (
            TaskStep("guide", TOM, source=PLACE),
            '( guide ( lambda $1 e ( person $1 ) ( name $1 " <name> " ) ( at $1 " <location> " ) ) UNKNOWN )',
        ),
        (
            TaskStep("bring", _thing(superlative="left_most", relations=(Relation("on", PLACE),)), recipient=USER),
            '( bring ( lambda $1 e ( leftmost $1 " <location> " ) ) )',
        ),
        (
            TaskStep("report", Referent("person", "man", relations=(Relation("in", ROOM),)), about="pose"),
            '( say ( lambda $1 e ( lambda $2 e ( person $2 ) ( pose $2 $1 ) ( at $2 " <room> " ) ) ) )',
        ),
        (
            TaskStep("count", Referent("person", "woman", quantity=-1, relations=(Relation("in", ROOM),))),
            '( say ( count ( lambda $1 e ( person $1 ) ( female $1 ) ( at $1 " <room> " ) ) ) )',
        ),
        (
            TaskStep("answer", recipient=Referent("person", "person", posture="waving")),
            '( say ( answer " <question> " ) ( lambda $1 e ( person $1 ) ( is $1 " <gesture> " ) ) )',
        ),
    ],
)
def test_one_step_has_the_form_of_the_data_set(step: TaskStep, wanted: str) -> None:
    assert _form(step) == wanted


def test_what_is_no_task_or_only_forbidden_is_unknown() -> None:
    assert logical_form(Task("", "refusal", 0.9, reason="no")) == "UNKNOWN"
    assert _form(TaskStep("go", destination=ROOM, negated=True)) == "UNKNOWN"


def test_forms_are_the_same_but_for_order_and_notation() -> None:
    plain = '( say ( lambda $1 e ( and ( largest $1 ) ( at $1 " <location> " ) ) ) )'
    assert same(plain, '( say ( lambda $1 e ( at $1 " <location> " ) ( biggest $1 ) ) )')
    assert not same(plain, '( say ( lambda $1 e ( at $1 " <room> " ) ( biggest $1 ) ) )')
    assert same_place_kinds_aside(plain, '( say ( lambda $1 e ( at $1 " <room> " ) ( biggest $1 ) ) )')
    assert not same('( go " <room> " )', "UNKNOWN")


@pytest.mark.parametrize("form", ["( go", "( go ) )"])
def test_unbalanced_forms_are_an_error(form: str) -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        read(form)


def test_a_file_with_an_odd_number_of_lines_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    path.write_text("go there\n( go )\n\nand then\n")
    with pytest.raises(InputError, match=r"cut\.txt"):
        read_cases([path])
    path.write_text("a\n( go )\n\nb\nUNKNOWN\n")
    assert read_cases([path], "odd") == [Case("a", "( go )")]
    assert [c.head for c in read_cases([path])] == ["go", "UNKNOWN"]


def test_expected_calibration_error_by_hand() -> None:
    sure, right = [0.95, 0.95, 0.55, 0.55], [True, True, True, False]
    assert bins(sure, right) == [(pytest.approx(0.55), 0.5, 2), (pytest.approx(0.95), 1.0, 2)]
    assert expected_error(sure, right) == pytest.approx(0.05)
    assert expected_error([], []) == 0.0


def test_the_reliability_plot_is_a_picture(tmp_path: Path) -> None:
    draw([0.95, 0.5], [True, False], tmp_path / "new" / "plot.png", "two")
    assert (tmp_path / "new" / "plot.png").read_bytes()[:4] == b"\x89PNG"


def test_the_fit_finds_the_weights_that_made_the_data() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    counts = rng.integers(0, 4, size=(4000, 1)).astype(float)
    chance = 1.0 / (1.0 + np.exp(-(2.0 - 1.0 * counts[:, 0])))
    right = (rng.random(4000) < chance).astype(float)
    assert fit(counts, right) == pytest.approx([2.0, -1.0], abs=0.15)
