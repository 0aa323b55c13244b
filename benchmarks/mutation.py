"""Do the tests of the gate's core bite? Every comparison, constant and boolean of it is changed, one at a time.

    python -m benchmarks.mutation                     # everything
    python -m benchmarks.mutation --module ssm gate   # some modules
    python -m benchmarks.mutation --again             # what the last round did not kill, in modules that are the same
    python -m benchmarks.mutation --sample 2          # as many of each module, drawn once and for all, in 20 s

First every test runs once and says which lines it executes; this is kept for as long as no file changes. Then each
mutant takes the place of its function (or, for lines outside of functions, of what its statement makes) in a forked
process, and the tests that execute the changed line run until one fails (killed) or all have passed (survived): the
quickest first, and before them those that killed others of the module; who was killed before meets its killer first,
which needs no lines. Prints one JSON line; survivors are listed before it, and explained in docs/mutation.md. Mutants
that no input can tell from the original stand in benchmarks/data/mutation_equivalent.json with the reason: they are
judged and count as survivors like all others, and the share without them is printed beside the share of all.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.mutation_changes import CORE, ROOT, Mutant, mutants, swap, users
from benchmarks.mutation_fork import Fork

TESTS = ROOT / "test" / "core"
OUTSIDE = ("__init__", "params", "records", "record_store", "run_report", "relay", "stop_buttons")
"""Not the gate's core: parameters are data that the parameter reference pins; the others keep records of a run, or
live in nodes or on the driver's side."""
NOT_OF_THE_CORE = ("test_safety_access", "test_safety_compliance", "test_safety_records", "test_safety_relay")
RECORD = ROOT / "benchmarks" / "data" / "mutation.json"
EQUIVALENT = ROOT / "benchmarks" / "data" / "mutation_equivalent.json"
LINES = ROOT / "build" / "mutation-lines.json"
KILLERS = ROOT / "build" / "mutation-killers.json"
MOST_TEST_S = 8.0
EQUIVALENT_TEST_S = 2.0
DRAW = 50
"""Seed of the sample."""
MOST_CALLS = 200
"""Calls of one function in one test whose lines are noted."""


class _Watch:
    """Pytest plugin: which lines of the core each test executes, and how long it takes."""

    def __init__(self) -> None:
        self.lines: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._seen: set[str] = set()
        self._calls: dict[Any, int] = {}
        self._modules: dict[Any, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remembers what failed without any mutant."""
        if report.failed:
            self.failed.append(report.nodeid)

    def run(self, item: Any) -> None:
        """Runs one test, traced."""
        self._seen, self._calls = self.lines.setdefault(item.nodeid, set()), {}
        began = time.process_time()
        sys.settrace(self._trace)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        finally:
            sys.settrace(None)
        self.seconds[item.nodeid] = time.process_time() - began

    def _trace(self, frame: Any, event: str, argument: Any) -> Any:
        code = frame.f_code
        module = self._modules.get(code)
        if module is None:
            name = code.co_filename
            module = self._modules[code] = Path(name).stem if name.startswith(str(CORE)) else ""
        if not module:
            return None
        seen = self._seen
        seen.add(f"{module}:{frame.f_lineno}")
        self._calls[code] = count = self._calls.get(code, 0) + 1
        if count > MOST_CALLS:
            return None

        def lines(inner: Any, what: str, value: Any) -> Any:
            seen.add(f"{module}:{inner.f_lineno}")
            return lines

        return lines


class Session:
    """Pytest plugin: in place of running the collected tests it judges mutants, each in a fork.

    Args:
        todo: the mutants.
        budget_s: CPU seconds of tests spent on one mutant at most.
        jobs: how many at a time.
        save: called with the verdicts and killers after each mutant.
        equivalent: names of mutants that no input can tell: little is spent on them.
        killers: tests by keys of mutants that they killed before; grows.
        tests: of each module, the only ones to run; None = those that execute the changed line.
    """

    def __init__(
        self,
        todo: list[Mutant],
        budget_s: float,
        jobs: int,
        save: Callable[[dict[str, str], dict[str, str]], None],
        equivalent: set[str],
        killers: dict[str, str],
        tests: dict[str, list[str]] | None,
    ) -> None:
        self._todo, self._budget_s, self._jobs, self._save = todo, budget_s, jobs, save
        self._equivalent, self._killers, self._tests = equivalent, killers, tests
        self.verdicts: dict[str, str] = {}
        self.by: dict[str, str] = {}
        self._failed = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A failure kills."""
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        """The whole work."""
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()
        known = self._passing({self._killers.get(m.key, "") for m in self._todo}, items)
        again = [m for m in self._todo if self._killers.get(m.key) in known]
        self._judge(again, lambda m: [self._killers[m.key]], items, final=False)
        rest = [m for m in self._todo if m.name not in self.verdicts]
        if rest:
            lines, seconds = self._baseline(session) if self._tests is None else ({}, {})
            self._judge(rest, lambda m: self._order(m, lines, seconds), items, final=True)
        return True

    def _passing(self, names: set[str], items: dict[str, Any]) -> set[str]:
        """Those tests that pass without any mutant."""

        def work(result: Path) -> int:
            fine = []
            for name in sorted(names & set(items)):
                self._failed = False
                items[name].config.hook.pytest_runtest_protocol(item=items[name], nextitem=None)
                if not self._failed:
                    fine.append(name)
            result.write_text("\n".join(fine))
            return 0

        fork = Fork(work, 1200)
        while not fork.done():
            time.sleep(0.05)
        return set(fork.text.splitlines())

    def _judge(
        self, mutants: list[Mutant], order_of: Callable[[Mutant], list[str]], items: dict[str, Any], final: bool
    ) -> None:
        """Runs the tests named for each mutant; one that survives is noted when this was the last try."""
        todo, running = list(reversed(mutants)), dict[Fork, Mutant]()
        while todo or running:
            while todo and len(running) < self._jobs:
                mutant = todo.pop()
                order = [n for n in order_of(mutant) if n in items]
                if order:
                    running[self._fork(mutant, [items[n] for n in order])] = mutant
                else:
                    self._note(mutant, "no test")
            for fork in [f for f in running if f.done()]:
                mutant = running.pop(fork)
                if fork.text:
                    self.by[mutant.name] = self._killers[mutant.key] = fork.text
                if final or fork.status != 0:
                    self._note(mutant, "survived" if fork.status == 0 else "killed")
            time.sleep(0.002)

    def _order(self, mutant: Mutant, lines: dict[str, set[str]], seconds: dict[str, float]) -> list[str]:
        """Names of the tests to run on a mutant that its last killer did not kill."""
        if self._tests is not None:
            return self._tests.get(mutant.module, [])
        budget_s = min(EQUIVALENT_TEST_S, self._budget_s) if mutant.name in self._equivalent else self._budget_s
        kills = Counter(test for key, test in self._killers.items() if key.startswith(f"{mutant.module}:"))
        return chosen(mutant, lines, seconds, budget_s, kills)

    def _note(self, mutant: Mutant, verdict: str) -> None:
        self.verdicts[mutant.name] = verdict
        self._save(self.verdicts, self.by)
        if verdict != "killed":
            os.write(2, f"{verdict}: {mutant.name}\n".encode())

    def _fork(self, mutant: Mutant, items: list[Any]) -> Fork:
        def work(result: Path) -> int:
            swap(mutant)
            for item in items:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if self._failed:
                    result.write_text(item.nodeid)
                    return 1
            return 0

        return Fork(work, 10 + 2 * round(self._budget_s))

    def _baseline(self, session: Any) -> tuple[dict[str, set[str]], dict[str, float]]:
        """Lines and seconds of every test; only test files that changed, or all after a change of the core, run."""
        shared = sorted([*CORE.glob("*.py"), *(p for p in TESTS.glob("*.py") if not p.name.startswith("test_"))])
        kept = json.loads(LINES.read_text()) if LINES.is_file() else {}
        lines, seconds = dict[str, set[str]](), dict[str, float]()
        for file in sorted({Path(item.path) for item in session.items}):
            digest = hashlib.sha256(b"".join(p.read_bytes() for p in [*shared, file])).hexdigest()
            if kept.get(file.name, {}).get("digest") != digest:
                items = [item for item in session.items if Path(item.path) == file]
                kept[file.name] = self._traced(session, items) | {"digest": digest}
                LINES.write_text(json.dumps(kept))
            found = kept[file.name]
            lines |= {name: set(seen) for name, seen in found["lines"].items()}
            seconds |= found["seconds"]
            for name in found["failed"]:
                os.write(2, f"left out, fails without a mutant (slowed by tracing?): {name}\n".encode())
        return lines, seconds

    def _traced(self, session: Any, items: list[Any]) -> dict[str, Any]:
        def work(result: Path) -> int:
            watch = _Watch()
            session.config.pluginmanager.register(watch)
            for item in items:
                watch.run(item)
            lines = {name: sorted(seen) for name, seen in watch.lines.items() if name not in watch.failed}
            result.write_text(json.dumps({"lines": lines, "seconds": watch.seconds, "failed": watch.failed}))
            return 0

        fork = Fork(work, 1200)
        while not fork.done():
            time.sleep(0.05)
        if fork.status != 0:
            raise SystemExit(f"The tests could not be run without a mutant: {fork.status}")
        return dict(json.loads(fork.text))


def chosen(
    mutant: Mutant, lines: dict[str, set[str]], seconds: dict[str, float], budget_s: float, kills: dict[str, int]
) -> list[str]:
    """Names of the tests that execute the mutant's line, the quickest and those with ``kills`` first, within
    ``budget_s``. What stands outside of functions is executed by nobody: there all tests count of the files that test
    the module, before them those that execute a line which names it, or compare data and execute nothing."""
    here = {f"{mutant.module}:{line}" for line in ([mutant.line] if mutant.function else users(mutant))}
    found = [name for name, seen in lines.items() if seen & here]
    if not mutant.function:
        files = {_file(n) for n, seen in lines.items() if any(s.startswith(f"{mutant.module}:") for s in seen)}
        found = [name for name in lines if _file(name) in files]
    found.sort(key=lambda n: (bool(lines[n] and not lines[n] & here), seconds[n] / (1.0 + kills.get(n, 0))))
    order: list[str] = []
    spent = 0.0
    for name in found:
        spent += seconds[name]
        if order and spent > budget_s:
            break
        order.append(name)
    return order


def _file(test: str) -> str:
    return test.split("::")[0]


def modules() -> list[str]:
    """Of the gate's core."""
    return sorted(p.stem for p in CORE.glob("*.py") if p.stem not in OUTSIDE)


def core_digest() -> str:
    """Of the sources that are changed: a figure counts for these only."""
    return hashlib.sha256(b"".join((CORE / f"{m}.py").read_bytes() for m in modules())).hexdigest()


def equivalent_of(every: list[Mutant]) -> tuple[set[str], list[str]]:
    """Names of the mutants that the list of equivalent ones means, and entries that mean none."""
    entries = json.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.is_file() else []
    names, unknown = set(), []
    for entry in entries:
        key = (entry["module"], entry["line"], entry["change"])
        found = {m.name for m in every if (m.module, m.text, m.change) == key}
        names |= found
        if not found and any(m.module == entry["module"] for m in every):
            unknown.append(f"{entry['module']}: {entry['line']}: {entry['change']}")
    return names, unknown


def drawn(every: list[Mutant], count: int) -> list[Mutant]:
    """So many mutants of each module, always the same ones of the same code."""
    names = sorted({m.module for m in every})
    parts = [[m for m in every if m.module == name] for name in names]
    return [m for part in parts for m in random.Random(DRAW).sample(part, min(count, len(part)))]


def main(arguments: list[str] | None = None) -> int:
    """Entry point; exit status 1 when fewer than 95 % are killed, or the list of equivalent ones is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description="Mutates the gate's core.")
    parser.add_argument("--module", nargs="*", default=None, help="names without .py (default: all)")
    parser.add_argument("--tests", nargs="*", default=None, help="test files (default: those of the core)")
    parser.add_argument("--only", default="", help="only mutants whose name contains this")
    parser.add_argument("--seconds", type=float, default=MOST_TEST_S, help="of tests spent on one mutant at most")
    parser.add_argument("--out", default="build/mutation.json", help="where the whole list goes")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time")
    parser.add_argument("--again", action="store_true", help="keep what the list says of killed ones, judge the rest")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants a module, tests as recorded")
    parser.add_argument("--known", action="store_true", help="only the test that killed a mutant before, no others")
    parser.add_argument("--record", action="store_true", help="write the figure to benchmarks/data/mutation.json")
    options = parser.parse_args(arguments)
    sys.path[:0] = [str(ROOT), str(TESTS)]
    os.chdir(ROOT)
    import hypothesis
    import pytest

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, phases=phases, deadline=None)
    hypothesis.settings.load_profile("mutation")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.process_time() + children.ru_utime + children.ru_stime
    files = options.tests or [str(f) for f in TESTS.glob("test_safety_*.py") if f.stem not in NOT_OF_THE_CORE]
    files = sorted(name for name in files if Path(name).is_file())
    every = [m for name in options.module or modules() for m in mutants(name) if options.only in m.name]
    equivalent, unknown = equivalent_of(every)
    every = drawn(every, options.sample) if options.sample else every
    out = ROOT / options.out
    out.parent.mkdir(parents=True, exist_ok=True)
    sources = {m: hashlib.sha256((CORE / f"{m}.py").read_bytes()).hexdigest() for m in modules()}
    last = json.loads(out.read_text()) if options.again and out.is_file() else {}
    same = {m for m, digest in last.get("sources", {}).items() if sources.get(m) == digest}
    old = {n: v for n, v in last.get("verdicts", {}).items() if v == "killed" and n.split(".py:")[0] in same}

    old_by = {n: test for n, test in last.get("by", {}).items() if n in old}
    killers = json.loads(KILLERS.read_text()) if KILLERS.is_file() else {}
    recorded = json.loads(RECORD.read_text()) if RECORD.is_file() else {}

    def save(verdicts: dict[str, str], by: dict[str, str]) -> None:
        out.write_text(json.dumps({"sources": sources, "verdicts": old | verdicts, "by": old_by | by}, indent=1))

    todo = [m for m in every if m.name not in old]
    tests = recorded.get("tests", {}) if options.sample else {} if options.known else None
    session = Session(todo, options.seconds, options.jobs, save, equivalent, killers, tests)
    quiet = ["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--no-header", "--rootdir", str(ROOT)]
    if todo:
        pytest.main([*quiet, *files], plugins=[session])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + children.ru_utime + children.ru_stime - began
    save(session.verdicts, session.by)
    KILLERS.write_text(json.dumps(killers, indent=1, sort_keys=True))
    verdicts = old | session.verdicts
    counts = {m: [0, 0, 0] for m in sorted({m.module for m in every})}
    for mutant in every:
        killed_it = verdicts[mutant.name] == "killed"
        counts[mutant.module][0] += killed_it
        counts[mutant.module][1] += 1
        counts[mutant.module][2] += mutant.name in equivalent and not killed_it
    wrong = [*unknown, *(n for n in sorted(equivalent) if verdicts.get(n) == "killed")]
    for name in wrong:
        os.write(2, f"stands wrongly among the equivalent ones: {name}\n".encode())
    killed, total, same_as = (sum(c[i] for c in counts.values()) for i in (0, 1, 2))
    share = killed / max(1, total)
    summary = {"suite": "mutation", "mutants": total, "killed": killed, "survived": total - killed}
    summary |= {"share": round(share, 4), "equivalent": same_as}
    summary |= {"share_without_equivalent": round(killed / max(1, total - same_as), 4), "cpu_s": round(spent)}
    if options.record:
        revision = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip()
        when = {"revision": revision, "date": time.strftime("%Y-%m-%d", time.gmtime())}
        by = Counter((name.split(".py:")[0], test) for name, test in (old_by | session.by).items())
        found = {m: [test for (module, test), _ in by.most_common() if module == m] for m in counts}
        parts = {"core": core_digest(), "modules": counts, "tests": found}
        RECORD.write_text(json.dumps(summary | when | parts, indent=1) + "\n")
    print(json.dumps(summary))
    return 0 if share >= 0.95 and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
