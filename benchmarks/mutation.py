"""Do the tests of the gate's core bite? Every comparison, constant and boolean of it is changed, one at a time.

    python -m benchmarks.mutation                     # everything
    python -m benchmarks.mutation --module ssm gate   # some modules

First every test runs once and says which lines it executes. Then each mutant takes the place of its function (or, for
lines outside of functions, of what its statement makes) in a forked process, and the tests that execute the changed
line run, the quickest first, until one fails (killed) or all have passed (survived). Prints one JSON line; survivors
are listed before it, and explained in docs/mutation.md.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "vla_ros" / "safety"
TESTS = ROOT / "test" / "core"
PACKAGE = "vla_ros.safety."
OUTSIDE = ("__init__", "params", "records", "record_store", "run_report", "relay", "stop_buttons")
"""Not the gate's core: parameters are data that the parameter reference pins; the others keep records of a run, or
live in nodes or on the driver's side."""
LIMIT_S = 30
MOST_TEST_S = 8.0
MOST_CALLS = 200
"""Calls of one function in one test whose lines are noted."""
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


@dataclass(frozen=True)
class Mutant:
    """One change: in which module, line and function ("" = outside), what it was and is, and the changed tree."""

    module: str
    line: int
    function: str
    change: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """For lists."""
        return f"{self.module}.py:{self.line} {self.change}"


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of one module."""
    tree = ast.parse((CORE / f"{module}.py").read_text(encoding="utf-8"))
    for path, function in _places(tree, (), "", False):
        for k, (change, _) in enumerate(_changes(_at(tree, path))):
            changed = copy.deepcopy(tree)
            node = _at(changed, path)
            _put(changed, path, ast.copy_location(list(_changes(node))[k][1], node))
            line = int(getattr(node, "lineno", 0))
            yield Mutant(module, line, function, change, ast.fix_missing_locations(changed))


def _places(node: ast.AST, path: tuple[Any, ...], name: str, inside: bool) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Paths to the nodes that can be changed, with the function or method they are in. Annotations, decorators,
    texts, imports and the defaults of arguments cannot."""
    if isinstance(node, (ast.Compare, ast.Constant, ast.BoolOp, ast.UnaryOp)):
        yield path, name if inside else ""
    if isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.arguments)):
        return
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not inside:
        name = f"{name}.{node.name}" if name else node.name
        inside = isinstance(node, ast.FunctionDef)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(value, ast.AST):
            yield from _places(value, (*path, field), name, inside)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from _places(item, (*path, (field, i)), name, inside)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What one node can become."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in _COMPARISONS[type(op)]:
                ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
                new = ast.Compare(node.left, ops, node.comparators)
                yield f"`{ast.unparse(node)}` -> `{ast.unparse(new)}`", new
    elif isinstance(node, ast.BoolOp):
        new_op = ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield f"`{ast.unparse(node)}` -> `{ast.unparse(new_op)}`", new_op
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"`{ast.unparse(node)}` -> `{ast.unparse(node.operand)}`", node.operand
    elif isinstance(node, ast.Constant):
        value = _other(node.value)
        if value is not None:
            yield f"{node.value!r} -> {value!r}", ast.Constant(value)


def _other(value: object) -> bool | int | float | None:
    """Another constant of the same kind; None for one that is left alone."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.25 if value else 1.0
    return None


def _at(tree: ast.AST, path: tuple[Any, ...]) -> Any:
    node: Any = tree
    for step in path:
        node = getattr(node, step[0])[step[1]] if isinstance(step, tuple) else getattr(node, step)
    return node


def _put(tree: ast.AST, path: tuple[Any, ...], new: ast.AST) -> None:
    parent, last = _at(tree, path[:-1]), path[-1]
    if isinstance(last, tuple):
        getattr(parent, last[0])[last[1]] = new
    else:
        setattr(parent, last, new)


def swap(mutant: Mutant) -> None:
    """Puts the mutant in the place of its function in the loaded module; for a line outside of functions the module
    is executed anew and what changed is handed to every module that imported it."""
    module = sys.modules[PACKAGE + mutant.module]
    code = compile(mutant.tree, str(CORE / f"{mutant.module}.py"), "exec")
    if mutant.function:
        target: Any = module
        for part in mutant.function.split("."):
            target = vars(target)[part]
        new = code
        for part in mutant.function.split("."):
            new = next(c for c in new.co_consts if getattr(c, "co_name", "") == part)
        for part in ("fget", "__func__", "__wrapped__"):
            target = getattr(target, part, None) or target
        target.__code__ = new
        return
    before = dict(vars(module))
    exec(code, vars(module))
    after = dict(vars(module))
    for other in [m for name, m in sys.modules.items() if name.startswith(PACKAGE) or "safety" in name]:
        for name, value in list(vars(other).items()):
            if name in before and value is before[name] and after[name] is not value:
                setattr(other, name, after[name])


class _Watch:
    """Pytest plugin: which lines of the core each test executes, and how long it takes."""

    def __init__(self) -> None:
        self.lines: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._seen: set[str] = set()
        self._calls: dict[Any, int] = {}

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
        name = frame.f_code.co_filename
        if not name.startswith(str(CORE)):
            return None
        module, seen = Path(name).stem, self._seen
        seen.add(f"{module}:{frame.f_lineno}")
        self._calls[frame.f_code] = count = self._calls.get(frame.f_code, 0) + 1
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
    """

    def __init__(self, todo: list[Mutant], budget_s: float) -> None:
        self._todo, self._budget_s = todo, budget_s
        self.verdicts: dict[str, list[str]] = {"killed": [], "survived": [], "no test": []}
        self._failed = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A failure kills."""
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        """The whole work."""
        items = {item.nodeid: item for item in session.items}
        lines, seconds = self._baseline(session)
        for mutant in self._todo:
            order = chosen(mutant, lines, seconds, self._budget_s)
            verdict = "no test"
            if order:
                verdict = "survived" if self._outcome(mutant, [items[n] for n in order]) == 0 else "killed"
            self.verdicts[verdict].append(mutant.name)
            if verdict != "killed":
                os.write(2, f"{verdict}: {mutant.name}\n".encode())
        return True

    def _outcome(self, mutant: Mutant, items: list[Any]) -> int:
        def work(_: Path) -> int:
            swap(mutant)
            for item in items:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if self._failed:
                    return 1
            return 0

        return _forked(work, LIMIT_S)[0]

    def _baseline(self, session: Any) -> tuple[dict[str, set[str]], dict[str, float]]:
        def work(result: Path) -> int:
            watch = _Watch()
            session.config.pluginmanager.register(watch)
            for item in session.items:
                watch.run(item)
            lines = {name: sorted(seen) for name, seen in watch.lines.items() if name not in watch.failed}
            result.write_text(json.dumps({"lines": lines, "seconds": watch.seconds, "failed": watch.failed}))
            return 0

        status, text = _forked(work, 1200)
        found = json.loads(text or "{}")
        if status != 0:
            raise SystemExit(f"The tests could not be run without a mutant: {status}")
        for name in found["failed"]:
            os.write(2, f"left out, fails without a mutant (slowed by tracing?): {name}\n".encode())
        return {name: set(seen) for name, seen in found["lines"].items()}, found["seconds"]


def chosen(
    mutant: Mutant, lines: dict[str, set[str]], seconds: dict[str, float], budget_s: float = MOST_TEST_S
) -> list[str]:
    """Names of the tests that execute the mutant's line, the quickest first, within ``budget_s``."""
    here = f"{mutant.module}:{mutant.line}"
    if mutant.function:
        found = [name for name, seen in lines.items() if here in seen]
    else:
        found = [name for name, seen in lines.items() if any(s.startswith(f"{mutant.module}:") for s in seen)]
    found.sort(key=lambda name: seconds[name])
    order: list[str] = []
    spent = 0.0
    for name in found:
        spent += seconds[name]
        if order and spent > budget_s:
            break
        order.append(name)
    return order


def _forked(work: Callable[[Path], int], limit_s: int) -> tuple[int, str]:
    """Exit status of ``work`` in a child whose output is thrown away, with what it wrote to its result file."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        child = os.fork()
        if child == 0:
            status = 99
            try:
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, 1)
                os.dup2(nothing, 2)
                resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 2))
                status = work(Path(result.name))
            finally:
                os._exit(status)
        end = time.monotonic() + 30.0 * limit_s
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status), result.read()
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.002)


def modules() -> list[str]:
    """Of the gate's core."""
    return sorted(p.stem for p in CORE.glob("*.py") if p.stem not in OUTSIDE)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; exit status 1 when fewer than 95 % are killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description="Mutates the gate's core.")
    parser.add_argument("--module", nargs="*", default=None, help="names without .py (default: all)")
    parser.add_argument("--tests", nargs="*", default=None, help="test files (default: those of the core)")
    parser.add_argument("--only", default="", help="only mutants whose name contains this")
    parser.add_argument("--seconds", type=float, default=MOST_TEST_S, help="of tests spent on one mutant at most")
    parser.add_argument("--out", default="build/mutation.json", help="where the whole list goes")
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
    names = (
        "gate",
        "inputs",
        "limits",
        "monitors",
        "obstacles",
        "separation",
        "space",
        "states",
        "stories",
        "trajectory",
    )
    files = options.tests or [str(TESTS / f"test_safety_{name}.py") for name in names]
    todo = [m for name in options.module or modules() for m in mutants(name) if options.only in m.name]
    session = Session(todo, options.seconds)
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--no-header", "--rootdir", str(ROOT)]
    pytest.main([*quiet, *files], plugins=[session])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + children.ru_utime + children.ru_stime - began
    verdicts = session.verdicts
    total = sum(map(len, verdicts.values()))
    share = len(verdicts["killed"]) / max(1, total)
    out = ROOT / options.out
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(verdicts, indent=1))
    survived = len(verdicts["survived"]) + len(verdicts["no test"])
    summary = {"suite": "mutation", "mutants": total, "killed": total - survived, "survived": survived}
    print(json.dumps(summary | {"share": round(share, 4), "cpu_s": round(spent)}))
    return 0 if share >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
