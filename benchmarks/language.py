"""How well commands are understood. ``python -m benchmarks.language --gpsr FILE…`` prints one JSON line a suite.

Every module in benchmarks/language_suites that has ``run`` is a suite: its name is the option that starts it, its
``add_arguments`` declares that option and its own, its ``run`` measures. Several suites may be asked for at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from typing import Any, Protocol, cast

from benchmarks import language_suites


class Suite(Protocol):
    """What a module in benchmarks/language_suites offers."""

    def add_arguments(self, parser: argparse._ArgumentGroup) -> None:
        """Declares ``--<name>`` (falsy when the suite is not asked for) and the suite's own options."""

    def run(self, args: argparse.Namespace) -> dict[str, Any]:
        """Measures; returns what is printed, with ``suite`` first."""


def suites() -> dict[str, Suite]:
    """The suites by name."""
    found = {}
    for info in pkgutil.iter_modules(language_suites.__path__):
        module = importlib.import_module(f"{language_suites.__name__}.{info.name}")
        if hasattr(module, "run"):
            found[info.name] = cast(Suite, module)
    return found


def main(argv: list[str] | None = None) -> int:
    """Runs the suites asked for; exit code 0 when all could be run, whatever their results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.language", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = suites()
    for name, suite in known.items():
        suite.add_arguments(parser.add_argument_group(name))
    args = parser.parse_args(argv)
    chosen = [name for name in known if getattr(args, name)]
    if not chosen:
        parser.error(f"choose at least one of: {', '.join('--' + name for name in known)}")
    for name in chosen:
        print(json.dumps(known[name].run(args)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
