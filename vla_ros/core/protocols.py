"""Seams with more than one implementation. Everything else is called by name."""

from __future__ import annotations

from typing import Protocol

from vla_ros.core.scene import RgbdFrame, SceneObject
from vla_ros.core.task import Task


class Parser(Protocol):
    """Turns a sentence into a Task. Never raises for text; what it cannot read has kind "unknown"."""

    def parse(self, text: str) -> Task:
        """One sentence or command of up to 1,000 characters."""
        ...


class Detector(Protocol):
    """Finds things in one RGB-D frame. Objects come without stable ids (``id`` is ""); a tracker adds them."""

    def detect(self, frame: RgbdFrame) -> tuple[SceneObject, ...]:
        """Objects in the frame's odom coordinates, any order."""
        ...
