"""Keep-out zones: volumes over polygons of the floor, in odom, that neither the base nor the arm may enter.

One file for everybody: planning refuses what lies inside, control drives around, the gate stops at the border.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Vector
from vla_ros.core.polygon import Polygon


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One volume that is closed to the robot."""

    name: str = param(description="for messages")
    polygon: tuple[tuple[float, float], ...] = param(description="corners on the floor, in odom", unit="m")
    z: tuple[float, float] = param((0.0, 3.0), "from and to this height", unit="m")

    def __post_init__(self) -> None:
        if len(self.polygon) < 3:
            raise ConfigError(f"keep_out.{self.name}.polygon", self.polygon, "Give at least three corners.")
        if not self.z[0] < self.z[1]:
            raise ConfigError(f"keep_out.{self.name}.z", self.z, "Give the lower height first.")

    def clearance(self, points: Vector) -> Vector:
        """Distance [m] of points (..., 2) on the floor plan to the zone's border, negative inside; shape (...)."""
        return Polygon(self.polygon).clearance(points)


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Every zone of a place."""

    keep_out: tuple[Zone, ...] = param((), "closed volumes")

    @classmethod
    def load(cls, path: str | Path) -> Zones:
        """Reads a YAML file with the one key ``keep_out``. ConfigError when it is wrong."""
        return load_dataclass(cls, path)
