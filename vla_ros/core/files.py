"""The parameters that every node has."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class FileParams:
    """Files that describe the robot and its world; the same for every node."""

    robot: str = param("home_robot", "robot YAML: a path, or a name in config/robots")
    home: str = param("apartment", "floor plan YAML: a path, or a name in config/homes; empty = none known")
    objects: str = param("objects", "catalog YAML of the kinds of things: a path, or a name in config")
    people: str = param("people", "YAML of the people of the house: a path, or a name in config")
    zones: str = param("", "keep-out zones YAML: a path, or a name in config/zones; empty = none")
