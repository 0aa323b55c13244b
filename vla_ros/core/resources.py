"""Finds the files that ship with the package: config/<folder>/<name>.yaml, by path or by bare name.

Looks, in this order, at the path as given, the install tree (AMENT_PREFIX_PATH), the checkout and the
folder that ``pip install`` puts them in.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vla_ros.core.errors import ConfigError

_CHECKOUT = Path(__file__).resolve().parents[2]


def config_roots() -> tuple[Path, ...]:
    """Existing config folders, best first."""
    prefixes = [Path(p) for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    candidates = [_CHECKOUT / "config", *(p / "share" / "vla_ros" / "config" for p in prefixes)]
    candidates.append(Path(sys.prefix) / "share" / "vla_ros" / "config")
    return tuple(dict.fromkeys(path for path in candidates if path.is_dir()))


def config_file(name: str, folder: str = "", field: str = "file") -> Path:
    """The file for a path or a bare name such as "home_robot" (in ``folder`` of the config tree).

    Raises ConfigError that names ``field`` and lists the names there are.
    """
    given = Path(name).expanduser()
    if given.is_file():
        return given.resolve()
    known: list[str] = []
    for root in config_roots():
        for candidate in (root / folder / name, root / folder / f"{name}.yaml"):
            if candidate.is_file():
                return candidate.resolve()
        known += sorted(path.stem for path in (root / folder).glob("*.yaml"))
    listing = ", ".join(dict.fromkeys(known)) or "none found"
    raise ConfigError(field, name, f"Give the path of a YAML file or one of these names: {listing}.")
