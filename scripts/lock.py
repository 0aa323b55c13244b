#!/usr/bin/env python3
"""Writes requirements.txt from what is installed in the interpreter that runs it: `make lock`.

Keeps the text above the line of dashes; pins every distribution that pip itself installed (the ROS wheels
carry records of further ones, which no index knows).
"""

from __future__ import annotations

import sys
from importlib.metadata import distributions
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
RULE = "# " + "-" * 78
LEFT_OUT = {"pip", "setuptools", "vla-ros"}  # venv brings its own setuptools, or colcon asks for one
OLD_PYTHON = "3.10"


def pins(versions_on_old_python: dict[str, str]) -> list[str]:
    """``name==version`` lines; where a release needs a newer Python than 3.10, a second line for that."""
    lines = []
    for item in distributions():
        name = item.metadata["Name"].lower().replace("_", "-")
        if name in LEFT_OUT or item.read_text("INSTALLER") is None:
            continue
        pin = f"{name}=={item.version}"
        if ">=3.11" in (item.metadata.get("Requires-Python") or "").replace(" ", ""):
            pin += f' ; python_version > "{OLD_PYTHON}"'
            old = versions_on_old_python.get(name)
            if old:
                lines.append(f'{name}=={old} ; python_version <= "{OLD_PYTHON}"')
        lines.append(pin)
    lines += [
        f'{name}=={version} ; python_version <= "{OLD_PYTHON}"'
        for name, version in versions_on_old_python.items()
        if not any(line.startswith(f"{name}==") for line in lines)
    ]
    return sorted(set(lines))


def old_pins(text: str) -> dict[str, str]:
    """The lines for Python 3.10 that the file has already, which this interpreter cannot find out."""
    found = {}
    for line in text.splitlines():
        requirement, _, marker = line.partition(" ; ")
        if f'<= "{OLD_PYTHON}"' in marker and not requirement.startswith("#"):
            name, _, version = requirement.partition("==")
            found[name] = version
    return found


def main() -> None:
    """Rewrites the pins in place."""
    text = REQUIREMENTS.read_text(encoding="utf-8")
    head, rule, _ = text.partition(RULE)
    if not rule:
        sys.exit(f"{REQUIREMENTS} has no line of dashes above the pins")
    lines = pins(old_pins(text))
    REQUIREMENTS.write_text("\n".join([head + rule, *lines]) + "\n", encoding="utf-8")
    print(f"{REQUIREMENTS.name}: {len(lines)} pins")


if __name__ == "__main__":
    main()
