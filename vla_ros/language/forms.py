"""Logical forms as trees: reading them, and what of them carries no meaning. Pure; used by skeletons.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Tree: TypeAlias = "str | tuple[Tree, ...]"


def read(form: str) -> Tree:
    """The nested tuples of a form such as ``( go " <room> " )``. Raises ValueError for unbalanced parentheses."""
    tokens = iter([t for t in form.split() if t != '"'])
    trees = tuple(_read(tokens, 0))
    return trees[0] if len(trees) == 1 else trees


def _read(tokens: Iterator[str], depth: int) -> Iterator[Tree]:
    for token in tokens:
        if token == "(":
            yield tuple(_read(tokens, depth + 1))
        elif token == ")":
            if depth == 0:
                raise ValueError("unbalanced )")
            return
        else:
            yield token
    if depth:
        raise ValueError("unbalanced (")


def canonical(tree: Tree, *, rooms_are_locations: bool = False) -> Tree:
    """The form without what carries no meaning.

    The order of the conditions under a lambda; ``and`` around them; "largest" beside "biggest"; ``person`` beside a
    gesture, which only people have. Also, if wanted, the difference between a room and another location.
    """
    if isinstance(tree, str):
        return {"largest": "biggest", "<room>": "<location>" if rooms_are_locations else "<room>"}.get(tree, tree)
    parts = tuple(canonical(part, rooms_are_locations=rooms_are_locations) for part in tree)
    if not parts or parts[0] != "lambda":
        return parts
    head, body = parts[:3], list(parts[3:])
    body = [inner for part in body for inner in (part[1:] if part[:1] == ("and",) else (part,))]
    if any(part[:1] == ("is",) for part in body):
        body = [part for part in body if part[:1] != ("person",)]
    return (*head, *sorted(body, key=repr))
