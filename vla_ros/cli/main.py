"""The `vla` command: finds the subcommand's module and imports nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from vla_ros.core.errors import VlaError

SUBCOMMANDS = {
    "demo": "one command through the whole robot in the simulated home, with report, film and picture",
    "up": "start the robot's nodes (and the simulated home) as processes",
    "arm": "let the safety gate pass commands (it starts stopped)",
    "disarm": "make the safety gate stop the robot and stay stopped",
    "stop": "emergency stop: latches until reset",
    "hand-back": "let the autonomy drive again after a person did",
    "reset": "release the safety gate's latched emergency stop",
    "safety": "what the gate did, what is shown of which clause, who may speak (report, compliance, sros2)",
    "say": "give the running robot a command and follow it to its end",
    "chat": "talk with the running robot in this terminal (or, with --offline, see what it would understand)",
    "memory": "show, export or forget what the robot remembers",
    "parse": "show what a sentence means, without ROS",
    "doctor": "check this machine and the running robot; every finding with its remedy",
}
"""Name -> one line of help. Each lives in vla_ros/cli/<module>.py with add_arguments(parser) and run(arguments)."""
MODULES = dict.fromkeys(("arm", "disarm", "stop", "hand-back", "reset"), "gate")
"""Where the module is not called like the subcommand."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns its exit code; 2 for a mistake in what was typed or configured."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = next((word for word in words if not word.startswith("-")), "")
    parser, subparsers = _parser()
    module = None
    if name in SUBCOMMANDS:
        module = import_module(f"vla_ros.cli.{MODULES.get(name, name)}")
        module.add_arguments(subparsers[name])
    arguments = parser.parse_args(words)
    if module is None:
        parser.print_help()
        return 2
    try:
        return int(module.run(arguments))
    except VlaError as error:
        print(f"vla {name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="vla",
        description="Say a sentence to a robot and it does it, safely.",
        epilog="vla COMMAND --help says more",
    )
    actions = parser.add_subparsers(dest="subcommand", metavar="COMMAND")
    subparsers = {
        name: actions.add_parser(
            name, help=text, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        for name, text in SUBCOMMANDS.items()
    }
    return parser, subparsers


if __name__ == "__main__":
    sys.exit(main())
