"""`vla safety`: what the gate did (report), what is shown of which clause (compliance), who may speak (sros2)."""

from __future__ import annotations

import argparse
from importlib import import_module

ACTIONS = {
    "report": "the last run of the gate: time in each state, nearest distances, which limits acted",
    "compliance": "a Markdown page: clauses of robot safety standards -> evidence or 'not covered'",
    "sros2": "enclaves and access policy of all nodes for SROS2",
}
"""Name -> one line of help. Each lives in vla_ros/cli/safety_<name>.py with add_arguments and run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in ACTIONS.items():
        action = actions.add_parser(
            name, help=text, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        import_module(f"vla_ros.cli.safety_{name}").add_arguments(action)


def run(arguments: argparse.Namespace) -> int:
    """Runs the chosen action and returns its exit code."""
    return int(import_module(f"vla_ros.cli.safety_{arguments.action}").run(arguments))
