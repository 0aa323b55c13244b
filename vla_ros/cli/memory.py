"""`vla memory`: shows, exports and forgets what a robot remembers, by its file; the robot need not run."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console

from vla_ros.core.errors import InputError
from vla_ros.core.remembered import FORGETTABLE
from vla_ros.memory.export import KINDS, as_json, lines
from vla_ros.memory.location import AUTO, memory_path
from vla_ros.memory.store import MemoryStore

EPILOG = """\
examples:
  vla memory show
  vla memory show places
  vla memory export memory.json
  vla memory forget conversation
  vla memory forget place "charging corner"
A running robot hears of it within a second. Kinds: conversation, objects, places, people, tasks; forget also takes
me (all about the user) and everything.
"""

_NEWEST = 10
"""Rows of each kind when all are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla memory`."""
    parser.epilog = EPILOG
    parser.add_argument("action", choices=("show", "export", "forget"))
    parser.add_argument("what", nargs="?", default="", help="show: one kind; export: a file; forget: what")
    parser.add_argument("name", nargs="?", default="", help="forget place NAME, forget person NAME")
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument("--file", default=AUTO, metavar="FILE", help="the memory file, when memory_file was changed")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 when there is nothing of that name to forget or no memory yet."""
    console = Console(highlight=False)
    path = memory_path(arguments.file, arguments.namespace)
    if path is None or not path.exists():
        where = "VLA_ROS_MEMORY_FILE is empty: nothing is kept" if path is None else f"{path} does not exist yet"
        console.print(f"[yellow]no memory[/]: {where}", soft_wrap=True)
        return 1
    store = MemoryStore(path)
    for warning in store.warnings:
        console.print(f"[yellow]{warning}[/]", soft_wrap=True)
    try:
        if arguments.action == "show":
            show(store, console, arguments.what)
        elif arguments.action == "export":
            _export(store, arguments.what)
        else:
            return _forget(store, console, arguments.what, arguments.name)
    finally:
        store.close()
    return 0


def show(store: MemoryStore, console: Console, what: str = "") -> None:
    """Prints all of one kind, or the newest of every kind. Raises InputError for an unknown kind."""
    if what and what not in KINDS:
        raise InputError("what", what, f"Choose one of: {', '.join(KINDS)}.")
    console.print(f"[dim]{store.path or 'in memory only'}[/]", soft_wrap=True)
    for kind in (what,) if what else KINDS:
        rows = list(lines(store, kind, time.time()))
        console.print(f"[bold]{kind}[/] ({len(rows)})")
        oldest_first = kind in ("conversation", "tasks")
        kept = rows if what else rows[-_NEWEST:] if oldest_first else rows[:_NEWEST]
        older = f"  … {len(rows) - len(kept)} older; name the kind to see them all"
        if len(kept) < len(rows) and oldest_first:
            console.print(older, style="dim")
        for row in kept:
            console.print(f"  {row}", markup=False, soft_wrap=True)
        if len(kept) < len(rows) and not oldest_first:
            console.print(older, style="dim")


def _export(store: MemoryStore, file: str) -> None:
    text = json.dumps(as_json(store), ensure_ascii=False, indent=1)
    if not file or file == "-":
        sys.stdout.write(text + "\n")
        return
    path = Path(file)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")


def _forget(store: MemoryStore, console: Console, what: str, name: str) -> int:
    singles = ("place", "person")
    if what not in (*FORGETTABLE, *singles) or (what in singles) != bool(name):
        words = ", ".join((*FORGETTABLE, "place NAME", "person NAME"))
        raise InputError("what", f"{what} {name}".strip(), f"Choose one of: {words}.")
    number = store.forget(what, name.lower())
    if store.problem:
        console.print(f"[red]not forgotten[/]: {store.problem}")
        return 1
    console.print(f"forgotten: {number} {'entry' if number == 1 else 'entries'}")
    return 0 if number or not name else 1
