"""People as figures of capsules, and how the walking ones move: to and fro, never into the robot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import mujoco
import numpy as np

from vla_ros.core.geometry import Pose2D, wrap_angle
from vla_ros.core.people import Person
from vla_ros.sim.shapes import Pen, rgba

FIGURE_RADIUS = 0.30
"""Half of a figure's width with its arms [m]."""
PERSONAL_SPACE = 0.95
"""A walking person stops when somebody stands closer than this ahead [m], centre to centre."""
_TURN_RATE = 2.0
_ACCELERATION = 1.2
_SKIN = (0.86, 0.66, 0.53, 1.0)


def add_person(spec: mujoco.MjSpec, person: Person, pose: Pose2D) -> mujoco.MjsBody:
    """Adds a figure as a mocap body named after the person, facing ``pose.theta``."""
    quat = (math.cos(pose.theta / 2), 0.0, 0.0, math.sin(pose.theta / 2))
    body = spec.worldbody.add_body(name=person.name, pos=(pose.x, pose.y, 0.0), quat=quat, mocap=True)
    pen = Pen(body, movable=True)
    shirt, trousers, shoes = rgba(person.shirt_color), (0.16, 0.18, 0.26, 1.0), (0.10, 0.08, 0.07, 1.0)
    woman = person.gender == "female"
    hair = (0.28, 0.16, 0.08, 1.0) if woman else (0.12, 0.10, 0.09, 1.0)
    for side in (-1, 1):
        y = side * 0.085
        pen.box((0.035, y, 0.04), (0.25, 0.09, 0.08), shoes, solid=True)
        pen.rod((0, y, 0.10), (0, y, 0.47), 0.058, trousers, solid=True)
        pen.rod((0, y, 0.47), (0, y * 1.05, 0.86), 0.077, trousers, solid=True)
        shoulder, elbow, hand = (0, side * 0.205, 1.40), (-0.02, side * 0.255, 1.12), (0.06, side * 0.245, 0.90)
        pen.rod(shoulder, elbow, 0.050, shirt, solid=True)
        pen.rod(elbow, hand, 0.038, _SKIN, solid=True)
        pen.ball((0.075, side * 0.243, 0.85), (0.045, 0.030, 0.06), _SKIN)
        pen.ball((0.098, side * 0.036, 1.645), (0.010, 0.014, 0.010), (0.08, 0.06, 0.05, 1.0))
    pen.rod((0, -0.06, 0.95), (0, 0.06, 0.95), 0.110, trousers, solid=True)
    pen.rod((0, -0.075, 1.08), (0, 0.075, 1.08), 0.105, shirt, solid=True)
    pen.rod((0, -0.10, 1.30), (0, 0.10, 1.30), 0.118, shirt, solid=True)
    pen.ball((0, 0, 1.19), (0.118, 0.185, 0.24), shirt)
    pen.rod((0, 0, 1.40), (0, 0, 1.54), 0.052, _SKIN)
    pen.ball((0.01, 0, 1.62), (0.098, 0.078, 0.118), _SKIN)
    pen.cylinder((0, 0, 1.60), 0.10, 0.28, hidden=True, solid=True)
    pen.ball((0.112, 0, 1.615), (0.016, 0.012, 0.018), _SKIN)
    pen.ball((0.100, 0, 1.572), (0.008, 0.026, 0.007), (0.70, 0.32, 0.30, 1.0))
    pen.ball((-0.022, 0, 1.668), (0.098, 0.088, 0.088), hair)
    if woman:
        pen.ball((-0.065, 0, 1.56), (0.050, 0.085, 0.14), hair)
    return body


@dataclass
class Walker:
    """One person's motion. Without waypoints the person stands.

    ``pose`` and ``velocity`` (vx, vy in map, m/s) are the state; :meth:`advance` moves it by one step.
    """

    pose: Pose2D
    waypoints: tuple[tuple[float, float], ...] = ()
    speed: float = 0.8
    velocity: tuple[float, float] = (0.0, 0.0)
    _next: int = 0
    _direction: int = 1
    _pace: float = 0.0

    def advance(self, dt: float, others: Iterable[tuple[float, float]]) -> None:
        """Moves by ``dt`` seconds; ``others`` are the map positions of the robot and the other people."""
        if len(self.waypoints) < 2:
            return
        target = self.waypoints[self._next]
        dx, dy = target[0] - self.pose.x, target[1] - self.pose.y
        distance = math.hypot(dx, dy)
        if distance < 0.08:
            self._choose_next()
            return
        heading = math.atan2(dy, dx)
        error = wrap_angle(heading - self.pose.theta)
        turn = float(np.clip(error, -_TURN_RATE * dt, _TURN_RATE * dt))
        wanted = 0.0 if abs(error) > 0.5 or self._blocked(heading, others) else min(self.speed, 1.5 * distance)
        change = _ACCELERATION * dt
        braking = 4.0 * change  # people stop within a step
        self._pace = float(np.clip(wanted, self._pace - braking, self._pace + change))
        self.velocity = (self._pace * dx / distance, self._pace * dy / distance)
        self.pose = Pose2D(
            self.pose.x + self.velocity[0] * dt,
            self.pose.y + self.velocity[1] * dt,
            wrap_angle(self.pose.theta + turn),
        )

    def _blocked(self, heading: float, others: Iterable[tuple[float, float]]) -> bool:
        for x, y in others:
            dx, dy = x - self.pose.x, y - self.pose.y
            ahead = math.cos(heading) * dx + math.sin(heading) * dy
            if ahead > -0.1 and math.hypot(dx, dy) < PERSONAL_SPACE:
                return True
        return False

    def _choose_next(self) -> None:
        following = self._next + self._direction
        if not 0 <= following < len(self.waypoints):
            self._direction = -self._direction
            following = self._next + self._direction
        self._next = following
