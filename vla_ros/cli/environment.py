"""The environment that every ROS process of the package needs: prefixes, libraries, the Fast DDS profile.

The one place that knows it. Python start paths call :func:`activate` (for this process) or
:func:`variables` (for a child process); shells get the same from ``scripts/env.sh``, which runs this
file as a script. Imports the standard library only, so that it works before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_HERE = Path(os.path.abspath(__file__))  # not resolve(): a symlink install must lead to its own prefix
DEFAULTS = {
    "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "PYTHONUNBUFFERED": "1",
}
"""Set only where the user has set nothing."""
NODE_DEFAULTS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""The same for the nodes alone: their matrices are small, and idle worker threads of seven processes that
spin for work starve the control loops on a small computer."""


def checkout() -> Path | None:
    """The source tree that this file lies in, or None when it lies in an install tree."""
    root = _HERE.parents[2]
    return root if (root / "package.xml").is_file() and (root / "msg").is_dir() else None


def prefix() -> Path | None:
    """The install prefix of the package (the folder with share/vla_ros), or None when it is not built."""
    root = checkout()
    if root is not None:
        candidates = [root / "install" / "vla_ros", root / "install"]
        candidates += [Path(p) for p in _split(os.environ.get("AMENT_PREFIX_PATH", ""))]
    else:
        candidates = list(_HERE.parents)
    return next((p for p in candidates if (p / "share" / "vla_ros" / "package.xml").is_file()), None)


def share() -> Path | None:
    """The folder that holds config/ and launch/: the checkout, share/vla_ros of the install, or None."""
    root, installed = checkout(), prefix()
    if root is not None:
        return root
    if installed is not None:
        return installed / "share" / "vla_ros"
    data = Path(sys.prefix) / "share" / "vla_ros"  # pip install .
    return data if data.is_dir() else None


def venv(environ: Mapping[str, str]) -> Path | None:
    """The virtual environment that is an ament prefix with rclpy, or None on a robot with a ROS install."""
    root = checkout()
    candidates = [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    if environ.get("VIRTUAL_ENV"):
        candidates.append(Path(environ["VIRTUAL_ENV"]))
    if root is not None:
        candidates.append(root / ".venv")
    return next((p for p in candidates if (p / "share" / "rclpy" / "package.xml").is_file()), None)


def variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What to set on top of ``environ`` (default: this process's). Idempotent; the user's choices win."""
    environ = os.environ if environ is None else environ
    values = {key: value for key, value in DEFAULTS.items() if not environ.get(key)}
    folder = share()
    profile = folder / "config" / "fastdds.xml" if folder else None
    if profile is not None and profile.is_file():
        for key in ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"):
            if not environ.get(key):
                values[key] = str(profile)
    root, installed, wheels = checkout(), prefix(), venv(environ)
    prefixes = [p for p in (installed, wheels) if p is not None]
    python = [root] if root is not None else []
    python += [site for p in [installed] if p is not None for site in _site_packages(p)]
    if wheels is not None and environ.get("ROS_DISTRO"):
        python += sorted(wheels.glob("lib/python3*/site-packages"))  # before those of the sourced ROS install
    additions = {
        "AMENT_PREFIX_PATH": prefixes,
        "CMAKE_PREFIX_PATH": prefixes,
        "LD_LIBRARY_PATH": [p / "lib" for p in prefixes] + (_bundled_libraries(wheels) if wheels else []),
        "PYTHONPATH": python,
        "PATH": [p / "bin" for p in (wheels, installed) if p is not None],
    }
    for key, paths in additions.items():
        if paths:
            values[key] = _prepend([str(p) for p in paths], environ.get(key, ""))
    if wheels is not None:
        values["VIRTUAL_ENV"] = str(wheels)
        # The wheels' start-up hook would run Python a second time only to set LD_LIBRARY_PATH, which is set here.
        values["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
    return values


def node_variables(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """:func:`variables` and the defaults for processes that are nodes."""
    environ = os.environ if environ is None else environ
    defaults = {**NODE_DEFAULTS, "MUJOCO_GL": _offscreen_renderer()}
    return {**variables(environ), **{key: value for key, value in defaults.items() if not environ.get(key)}}


def child(environ: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
    """The whole environment for a node as a child process: ``environ``, :func:`node_variables` and ``more``."""
    environ = os.environ if environ is None else environ
    return {**environ, **node_variables(environ), **more}


def activate(environ: MutableMapping[str, str] | None = None) -> None:
    """Makes this very process able to import rclpy and the package's messages.

    Works late, too: Fast DDS and ROS read their variables when they are first used. Only the dynamic
    linker has read LD_LIBRARY_PATH already (the wheels' start-up hook sets it to their own folder), so
    the libraries of the package's messages are loaded here by path; their names then resolve.
    """
    environ = os.environ if environ is None else environ
    seen_by_linker = _split(environ.get("LD_LIBRARY_PATH", ""))
    values = variables(environ)
    environ.update(values)
    installed = prefix()
    if installed is not None and str(installed / "lib") not in seen_by_linker:
        _load_libraries(installed / "lib")
    for path in _split(values.get("PYTHONPATH", "")):
        if path not in sys.path:
            sys.path.append(path)
    package = sys.modules.get("vla_ros")
    if package is not None:
        from pkgutil import extend_path

        package.__path__ = extend_path(package.__path__, "vla_ros")


def shell_lines(environ: Mapping[str, str] | None = None) -> str:
    """:func:`variables` as ``export`` lines for sh, bash and zsh."""
    values = variables(environ)
    return "\n".join(f"export {key}={shlex.quote(value)}" for key, value in sorted(values.items()))


def _bundled_libraries(wheels: Path) -> list[Path]:
    """Folders in which the ROS wheels carry libraries that are not theirs (tinyxml2, spdlog …)."""
    return sorted(wheels.glob("lib/python3*/site-packages/ros_*.libs"))


def _offscreen_renderer() -> str:
    """MuJoCo's back end for a process without a window."""
    return "egl" if _load(Path("libEGL.so.1")) else "osmesa"


def _load_libraries(folder: Path) -> None:
    """Loads libvla_ros__*.so, each after the ones it needs. What cannot be loaded is left to the importer's error."""
    waiting = sorted(folder.glob("libvla_ros__*.so"))
    while waiting:
        left = [path for path in waiting if not _load(path)]
        if len(left) == len(waiting):
            return
        waiting = left


def _load(path: Path) -> bool:
    try:
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def _site_packages(base: Path) -> list[Path]:
    found = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [base / found / "site-packages", base / "local" / found / "dist-packages"]
    return [p for p in candidates if (p / "vla_ros").is_dir()]


def _split(value: str) -> list[str]:
    return [part for part in value.split(os.pathsep) if part]


def _prepend(paths: list[str], value: str) -> str:
    return os.pathsep.join(paths + [p for p in _split(value) if p not in paths])


if __name__ == "__main__":
    print(shell_lines())
