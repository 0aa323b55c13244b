"""Keep-out zones for everybody: distances to a polygon, and paths that go around."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_safety_space import keep_out  # the gate's view of the same zones

from vla_ros.control.grid import grid_of
from vla_ros.core.polygon import Polygon
from vla_ros.core.zones import Zone, Zones

L_SHAPE = ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0))


def test_distances_to_an_angular_polygon_are_negative_inside_only() -> None:
    points = np.array([[0.5, 0.5], [1.5, 0.25], [1.5, 1.5], [3.0, 0.5], [-1.0, -1.0], [1.0, 0.5]])
    assert np.allclose(Polygon(L_SHAPE).clearance(points), [-0.5, -0.25, 0.5, 1.0, np.sqrt(2.0), -0.5])
    assert Polygon(L_SHAPE).clearance(points.reshape(2, 3, 2)).shape == (2, 3)


def _winding_and_distance(corners: tuple[tuple[float, float], ...], x: float, y: float) -> tuple[bool, float]:
    """By another way: the angle that the outline turns around the point, and each edge on its own."""
    turned, nearest = 0.0, math.inf
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0])):
        turned += math.remainder(math.atan2(by - y, bx - x) - math.atan2(ay - y, ax - x), math.tau)
        length = math.hypot(bx - ax, by - ay)
        along = min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0.0), length)
        nearest = min(nearest, math.hypot(ax + along * (bx - ax) / length - x, ay + along * (by - ay) / length - y))
    return abs(turned) > math.pi, nearest


@given(st.floats(-3, 4), st.floats(-3, 4), st.booleans())
def test_distances_are_those_of_the_edges_and_the_inside_is_what_the_outline_winds_around(
    x: float, y: float, backwards: bool
) -> None:
    corners = L_SHAPE[::-1] if backwards else L_SHAPE
    inside, nearest = _winding_and_distance(corners, x, y)
    found = float(Polygon(corners).clearance(np.array([[x, y]]))[0])
    assert abs(found) == pytest.approx(nearest, abs=1e-9)
    assert nearest < 1e-9 or (found < 0) == inside


def test_a_base_plans_around_a_zone_and_under_one_that_hangs_above_it() -> None:
    floor = Zone(name="stairs", polygon=L_SHAPE)
    high = Zone(name="shelf", polygon=((-2.0, -2.0), (-1.0, -2.0), (-1.0, -1.0), (-2.0, -1.0)), z=(1.6, 2.0))
    grid = grid_of(None, 0.05, zones=Zones(keep_out=(floor, high)))
    for x, y, closed in ((0.5, 0.5, True), (1.5, 1.5, False), (-1.5, -1.5, False), (2.2, 0.5, False)):
        assert bool(grid.occupied[grid.cell(x, y)]) is closed
    assert not grid_of(None, 0.05).occupied.any()


def test_planning_and_gate_agree_where_a_zone_is() -> None:
    zone = Zone(name="stairs", polygon=L_SHAPE)
    point = np.array([[0.2, 1.9, 0.5]])
    assert keep_out(zone).entered(point, np.array([0.01])) == "stairs" and zone.clearance(point[0, :2]) < 0
