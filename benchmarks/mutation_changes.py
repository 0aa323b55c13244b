"""What can be changed in the gate's core, one place at a time, and how a change gets into the loaded module."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "vla_ros" / "safety"
PACKAGE = "vla_ros.safety."
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
    """One change: in which module, line and function ("" = outside), what it was and is, the text of the line, and
    the changed expression with the path to it in the module's tree; ``nth`` such change of the function."""

    module: str
    line: int
    column: int
    function: str
    change: str
    path: tuple[Any, ...]
    new: ast.expr
    text: str
    nth: int

    @property
    def key(self) -> str:
        """Stays the same when lines are added elsewhere."""
        return f"{self.module}:{self.function}:{self.change}:{self.nth}"

    @property
    def name(self) -> str:
        """For lists."""
        return f"{self.module}.py:{self.line}:{self.column} {self.change}"


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of one module."""
    tree, lines = _tree(module), (CORE / f"{module}.py").read_text(encoding="utf-8").splitlines()
    seen: Counter[tuple[str, str]] = Counter()
    for path, function in _places(tree, (), "", False):
        node = _at(tree, path)
        for change, new in _changes(node):
            seen[function, change] += 1
            ast.copy_location(new, node)
            where, text, nth = (node.lineno, node.col_offset), lines[node.lineno - 1].strip(), seen[function, change]
            yield Mutant(module, *where, function, change, path, new, text, nth)


def _tree(module: str) -> ast.Module:
    return ast.parse((CORE / f"{module}.py").read_text(encoding="utf-8"))


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
    tree = _tree(mutant.module)
    _put(tree, mutant.path, mutant.new)
    code = compile(ast.fix_missing_locations(tree), str(CORE / f"{mutant.module}.py"), "exec")
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


def users(mutant: Mutant) -> set[int]:
    """Lines that use the names which the mutant's statement makes."""
    tree = _tree(mutant.module)
    for made in tree.body:
        if made.lineno <= mutant.line <= (made.end_lineno or 0):
            names = {n.id for n in ast.walk(made) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
            return {n.lineno for n in uses if n.id in names}
    return set()
