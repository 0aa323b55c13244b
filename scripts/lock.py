#!/usr/bin/env python3
"""Pins in requirements.txt what is installed of requirements.in and setup.cfg, and all that it needs: `make lock`.

Runs in .venv. What else is installed there is left out.
"""

from __future__ import annotations

import configparser
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("robot", "sim", "speech", "ros", "dev")
OLD_PYTHON = "3.10"
LEFT_OUT = {"setuptools"}  # venv brings its own, or colcon asks for one that suits the Python
HEAD = """\
# Everything that `make setup` puts into .venv: one known-good set, pinned, for CPython 3.10 to 3.13 on Linux
# x86_64. Written by `make lock` from requirements.in and setup.cfg; licences in docs/licences.md.
"""


def roots() -> list[Requirement]:
    """What is wanted by name."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    texts = [config["options"]["install_requires"], *(config["options.extras_require"][extra] for extra in EXTRAS)]
    texts.append((ROOT / "requirements.in").read_text(encoding="utf-8"))
    lines = (line.strip() for text in texts for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    """The installed distributions that are wanted or needed by one that is."""
    installed = {canonicalize_name(d.metadata["Name"]): d for d in distributions() if d.read_text("INSTALLER")}
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen or name in LEFT_OUT:
            continue
        seen.add((name, extras))
        if name not in installed:
            sys.exit(f"{requirement} is wanted but not installed: .venv/bin/pip install '{requirement}'")
        found[name] = installed[name]
        for text in installed[name].requires or []:
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append(inner)
    return found


def old_pins(text: str) -> dict[str, str]:
    """The lines for Python 3.10 that the file has already, which a newer interpreter cannot find out."""
    found = {}
    for line in text.splitlines():
        requirement, _, marker = line.partition(" ; ")
        if f'<= "{OLD_PYTHON}"' in marker:
            name, _, version = requirement.partition("==")
            found[name] = version
    return found


def pins(found: dict[str, Distribution], old: dict[str, str]) -> list[str]:
    """``name==version`` lines; where a release needs a newer Python than 3.10, a second line for that."""
    lines = []
    for name, item in sorted(found.items()):
        pin = f"{name}=={item.version}"
        if ">=3.11" in (item.metadata.get("Requires-Python") or "").replace(" ", ""):
            if name in old:
                lines.append(f'{name}=={old[name]} ; python_version <= "{OLD_PYTHON}"')
            pin += f' ; python_version > "{OLD_PYTHON}"'
        lines.append(pin)
    return lines


def main() -> None:
    """Rewrites requirements.txt."""
    target = ROOT / "requirements.txt"
    lines = pins(closure(roots()), old_pins(target.read_text(encoding="utf-8")))
    target.write_text("\n".join([HEAD.rstrip(), *lines]) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines)} pins")


if __name__ == "__main__":
    main()
