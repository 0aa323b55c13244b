"""The thread that draws: owns the cameras' OpenGL contexts and a copy of the state, so that physics never wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from vla_ros.sim.camera import Camera, intrinsics_of
from vla_ros.sim.home import Home


@dataclass(frozen=True)
class Shot:
    """A camera that can be asked for pictures.

    ``deliver(stamp_s, rgb, depth)`` is called in the painter's thread; ``depth`` is None unless ``with_depth``.
    """

    camera: str
    width: int
    height: int
    deliver: Callable[[float, np.ndarray, np.ndarray | None], None]
    with_depth: bool = True
    ceiling: bool = True


class Painter:
    """Draws one picture at a time of the state at the moment it was asked.

    Raises at the first :meth:`ask` after a failure what went wrong in its thread (no OpenGL, for instance).
    """

    def __init__(self, home: Home, shots: tuple[Shot, ...]) -> None:
        self._model, self._data = home.model, mujoco.MjData(home.model)
        self._home, self._shots = home, {shot.camera: shot for shot in shots}
        self._wake = threading.Condition()
        self._waiting: str | None = None
        self._busy = False
        self._end = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="painter", daemon=True)
        self._thread.start()

    def intrinsics(self, camera: str) -> object:
        """Of one of the shots' cameras."""
        shot = self._shots[camera]
        return intrinsics_of(self._model, camera, shot.width, shot.height)

    def ask(self, camera: str) -> bool:
        """Asks for a picture of the home's present state; False (and nothing done) while another is drawn."""
        with self._wake:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._busy or self._end:
                return False
            self._home.copy_state(self._data)
            self._waiting, self._busy = camera, True
            self._wake.notify()
            return True

    def close(self) -> None:
        """Ends the thread and frees its cameras."""
        with self._wake:
            self._end = True
            self._wake.notify()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        cameras: dict[str, Camera] = {}
        while True:
            with self._wake:
                while self._waiting is None and not self._end:
                    self._wake.wait()
                name, self._waiting = self._waiting, None
            if name is None:
                break
            try:
                self._draw(self._shots[name], cameras)
            except Exception as error:  # handed to whoever asks next
                self._error = error
            with self._wake:
                self._busy = False
        for camera in cameras.values():
            camera.close()

    def _draw(self, shot: Shot, cameras: dict[str, Camera]) -> None:
        if shot.camera not in cameras:
            cameras[shot.camera] = Camera(self._model, shot.camera, shot.width, shot.height, shot.ceiling)
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        rgb, depth = cameras[shot.camera].render(self._data, shot.with_depth)
        shot.deliver(self._data.time, rgb, depth)
