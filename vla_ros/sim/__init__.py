"""The simulated home (MuJoCo): world, robot, sensors, scenarios. Imports vla_ros.core only.

MuJoCo chooses its OpenGL when it is imported, and its own choice needs a display: unless MUJOCO_GL says
otherwise it is EGL, or OSMesa on machines without EGL.
"""

import ctypes.util
import os

os.environ.setdefault("MUJOCO_GL", "egl" if ctypes.util.find_library("EGL") else "osmesa")
