"""The page of evidence: it names only tests that exist, tells results as they are, and certifies nothing."""

from __future__ import annotations

import ast
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from vla_ros.cli import safety_compliance as compliance
from vla_ros.cli.main import main
from vla_ros.cli.safety_compliance import NAMED, NOT_COVERED, SHOWN, Evidence, page, read_table
from vla_ros.core.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CLAUSES = ROOT / "config" / "compliance.yaml"
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
STANDARDS = ("ISO 10218-1", "ISO 10218-2", "ISO/TS 15066", "ANSI/RIA R15.08", "ISO 13482")


def small(tmp_path: Path, **clause: object) -> Path:
    path = tmp_path / "clauses.yaml"
    promises = {1: {"about": "it stops", "tests": ["test/core/test_a.py::test_it_stops"]}, 2: {"about": "nothing"}}
    standard = {"name": "ISO 1", "about": "robots", "clauses": [{"clause": "5.1", "about": "stops", **clause}]}
    path.write_text(yaml.safe_dump({"promises": promises, "standards": [standard]}))
    return path


def row(path: Path, evidence: Evidence) -> str:
    return next(line for line in page(read_table(path), evidence, NOW).splitlines() if line.startswith("| 5.1"))


def test_every_named_test_exists() -> None:
    table = read_table(CLAUSES)
    named = {test for promise in table.promises.values() for test in promise.tests}
    named |= {test for standard in table.standards for clause in standard.clauses for test in clause.tests}
    assert named
    for test in sorted(named):
        file, _, function = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, test


def test_all_fifty_promises_and_all_the_standards_are_there() -> None:
    table = read_table(CLAUSES)
    assert sorted(map(int, table.promises)) == list(range(1, 51))
    assert all(any(s.name.startswith(name) for s in table.standards) for name in STANDARDS)


def test_it_says_plainly_that_it_certifies_nothing_and_what_is_not_covered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["safety", "compliance"]) == 0
    text = capsys.readouterr().out
    assert "This is not a certification" in text
    assert f"0 {SHOWN}" in text, "nothing was run for this page"
    line = next(li for li in text.splitlines() if "enabling device" in li)
    assert NOT_COVERED in line


def test_results_and_figures_are_told_with_their_date_as_they_are(tmp_path: Path) -> None:
    path = small(tmp_path, promises=[1])
    test = "test/core/test_a.py::test_it_stops"
    assert "not run here" in row(path, Evidence())
    good = Evidence({test: "passed"}, "2026-01-01", {"1": {"met": True, "figure": "18/18"}}, "2026-01-01")
    assert "measured 18/18 (met, 2026-01-01)" in row(path, good) and "(passed, 2026-01-01)" in row(path, good)
    bad = Evidence({test: "failed"}, "2026-01-01", {"1": {"met": False, "figure": "17/18"}}, "2026-01-01")
    assert "**not met**" in row(path, bad) and "**failed**" in row(path, bad)
    for evidence, expected in ((Evidence(), NAMED), (good, SHOWN), (bad, NAMED)):
        assert f"1 {expected}" in page(read_table(path), evidence, NOW)


def test_a_promise_that_nothing_tries_is_no_evidence(tmp_path: Path) -> None:
    assert NOT_COVERED in row(small(tmp_path, promises=[2]), Evidence())


@pytest.mark.parametrize("clause", [{}, {"promises": [1], "because": "both"}, {"promises": [7]}])
def test_a_clause_without_evidence_or_reason_is_refused(tmp_path: Path, clause: dict) -> None:
    with pytest.raises(ConfigError, match=r"5\.1"):
        read_table(small(tmp_path, **clause))


def test_a_test_with_parameters_passes_only_when_all_of_them_do(tmp_path: Path) -> None:
    cases = "".join(
        f'<testcase classname="test.core.test_a" name="{name}">{inner}</testcase>'
        for name, inner in (
            ("test_x[1]", ""),
            ("test_x[2]", "<failure/>"),
            ("test_y[1]", "<skipped/>"),
            ("test_y[2]", ""),
            ("test_z", "<skipped/>"),
        )
    )
    path = tmp_path / "tests.xml"
    path.write_text(f'<testsuites><testsuite timestamp="2026-03-04T05:06:07">{cases}</testsuite></testsuites>')
    results, date = compliance.read_tests(path)
    assert results == {
        "test/core/test_a.py::test_x": "failed",
        "test/core/test_a.py::test_y": "passed",
        "test/core/test_a.py::test_z": "skipped",
    }
    assert date == "2026-03-04"


def test_files_that_are_no_results_are_refused_with_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    path.write_text("nothing\n")
    for option in ("--tests", "--benchmark"):
        assert main(["safety", "compliance", option, str(path)]) == 2
        assert option in capsys.readouterr().err
    path.write_text("log line\n" + json.dumps({"suite": "safety", "items": {"32": {"met": True, "figure": "3/3"}}}))
    assert main(["safety", "compliance", "--benchmark", str(path), "-o", str(tmp_path / "a" / "page.md")]) == 0
    assert "measured 3/3" in (tmp_path / "a" / "page.md").read_text()
