"""`vla parse`: what the robot understands, as JSON, also of things and places that are not here. Without ROS.

With a text it prints one Task; with --jsonl it reads one command a line on stdin and prints one Task a line.
"""

from __future__ import annotations

import argparse
import json
import sys

from vla_ros.core.errors import VlaError
from vla_ros.core.resources import config_file
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.language.task_json import task_to_dict, task_to_json
from vla_ros.language.voting import open_world_parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `vla parse`."""
    parser.add_argument("text", nargs="?", help="the instruction; without it one line is read from stdin")
    parser.add_argument(
        "--here",
        action="store_true",
        help="only things, places and furniture of this home and catalog, as the node does",
    )
    parser.add_argument("--jsonl", action="store_true", help="read one command a line, print one JSON task a line")
    parser.add_argument("--objects", default="objects", help="catalog YAML: a path or a name in config")
    parser.add_argument("--home", default="apartment", help="floor plan YAML: a path or a name in config/homes")
    parser.add_argument("--people", default="people", help="people YAML: a path or a name in config")
    parser.add_argument(
        "--words", action="append", default=[], metavar="FILE", help="further words YAML, on top of config/words.yaml"
    )


def run(args: argparse.Namespace) -> int:
    """Prints the Task; returns 0, or 2 when a file cannot be used."""
    try:
        lexicon = load_lexicon(args.objects, args.home, args.people, tuple(args.words))
        parser = GrammarParser(lexicon) if args.here else open_world_parser(lexicon)
    except VlaError as error:
        print(f"vla parse: {error}", file=sys.stderr)
        return 2
    if args.jsonl:
        for line in sys.stdin:
            # One line out for every line in, so that the two files can be read side by side.
            print(task_to_json(parser.parse(line.rstrip("\r\n"))), flush=True)
        return 0
    text = args.text if args.text is not None else sys.stdin.readline().rstrip("\r\n")
    print(json.dumps(task_to_dict(parser.parse(text)), ensure_ascii=False, indent=1))
    return 0


def load_lexicon(
    objects: str = "objects", home: str = "apartment", people: str = "people", words: tuple[str, ...] = ()
) -> Lexicon:
    """The lexicon from files given by path or by name in config; empty ``home`` or ``people`` means none."""
    return Lexicon.load(
        config_file(objects, "", "objects"),
        config_file(home, "homes", "home") if home else None,
        config_file(people, "", "people") if people else None,
        [config_file("words", "", "words"), *(config_file(w, "", "words") for w in words)],
    )
