"""Keep-out zones: volumes over polygons of the floor, in odom, that neither the base nor the arm may enter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Vector
from vla_ros.safety.footprint import Footprint

_SPACING_M = 0.05


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


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Every zone of a place."""

    keep_out: tuple[Zone, ...] = param((), "closed volumes")

    @classmethod
    def load(cls, path: str | Path) -> Zones:
        """Reads a YAML file with the one key ``keep_out``. ConfigError when it is wrong."""
        return load_dataclass(cls, path)


class KeepOut:
    """Zones made ready to be asked many times.

    Args:
        zones: of the place.
    """

    def __init__(self, zones: Zones) -> None:
        self._zones = tuple((zone, Footprint(zone.polygon)) for zone in zones.keep_out)

    def entered(self, centers: Vector, radii: Vector) -> str:
        """Name of the first zone that a sphere touches, "" when none does.

        Args:
            centers: (n, 3) in odom [m].
            radii: (n,) [m].
        """
        for zone, outline in self._zones:
            low, high = zone.z
            level = (centers[:, 2] + radii > low) & (centers[:, 2] - radii < high)
            if bool(np.any(outline.clearance(centers[level, :2]) < radii[level])):
                return zone.name
        return ""

    def floor_points(self, height_m: float) -> Vector:
        """(n, 2) points, 5 cm apart, over every zone that a base of ``height_m`` could enter [m, odom]."""
        parts = [np.zeros((0, 2))]
        for zone, outline in self._zones:
            if zone.z[0] < height_m:
                corners = np.array(zone.polygon)
                low, high = corners.min(axis=0), corners.max(axis=0)
                axes = [np.arange(a, b + _SPACING_M, _SPACING_M) for a, b in zip(low, high)]
                grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
                parts += [grid[outline.clearance(grid) <= 0.0], _along(corners)]
        return np.concatenate(parts)


def _along(corners: Vector) -> Vector:
    """Points on a polygon's edges."""
    ends = np.roll(corners, -1, axis=0)
    rows = []
    for a, b in zip(corners, ends):
        count = int(np.ceil(np.hypot(*(b - a)) / _SPACING_M)) + 1
        rows.append(np.linspace(a, b, count))
    return np.concatenate(rows)
