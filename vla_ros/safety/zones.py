"""The gate's view of the keep-out zones: which spheres enter one, and points that a base must stay clear of."""

from __future__ import annotations

import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.polygon import Polygon
from vla_ros.core.zones import Zone, Zones

__all__ = ["KeepOut", "Zone", "Zones"]

_SPACING_M = 0.05


class KeepOut:
    """Zones made ready to be asked many times.

    Args:
        zones: of the place.
    """

    def __init__(self, zones: Zones) -> None:
        self._zones = tuple((zone, Polygon(zone.polygon)) for zone in zones.keep_out)

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
                grid = np.column_stack([coordinate.ravel() for coordinate in np.meshgrid(*axes)])
                parts += [grid[outline.clearance(grid) < 0.0], _along(corners)]
        return np.concatenate(parts)


def _along(corners: Vector) -> Vector:
    """Points on a polygon's edges, each corner once."""
    ends = np.roll(corners, -1, axis=0)
    rows = []
    for a, b in zip(corners, ends):
        count = int(np.ceil(np.hypot(*(b - a)) / _SPACING_M))
        rows.append(np.linspace(a, b, count, endpoint=False))
    return np.concatenate(rows)
