#!/usr/bin/env python3
"""Makes the checkout ready to run: system packages, .venv, pinned wheels, the ROS messages. `make setup`.

Safe to repeat: each part leaves a mark of what it was made from and is skipped while that is unchanged.
Needs only a Python of the standard library's. The whole output of every step is in build/setup.log.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALL = ROOT / "install"
LOG = ROOT / "build" / "setup.log"
VENV_MARK = VENV / ".vla_ros-wheels"
BUILD_MARK = INSTALL / ".vla_ros-build"
PYTHONS = ((3, 10), (3, 13))


@dataclass(frozen=True)
class SystemPart:
    """Something that pip cannot bring."""

    apt: str
    needed_for: str
    is_there: Callable[[], bool]
    required: bool = True


def _library(name: str) -> Callable[[], bool]:
    return lambda: ctypes.util.find_library(name) is not None


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _has_mesa_drivers() -> bool:
    folders = ("/usr/lib/*/dri/*swrast*", "/usr/lib/*/dri/*_dri.so", "/usr/lib64/dri/*_dri.so", "/usr/lib/dri/*_dri.so")
    return any(True for pattern in folders for _ in Path("/").glob(pattern[1:]))


def _has_headers() -> bool:
    return (Path(sysconfig.get_path("include")) / "Python.h").is_file()


def _has_venv() -> bool:
    command = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SYSTEM = (
    SystemPart("g++", "building the ROS messages", _program("g++")),
    SystemPart(f"python{VERSION}-dev", "building the ROS messages", _has_headers),
    SystemPart(f"python{VERSION}-venv", "the virtual environment", _has_venv),
    SystemPart("libegl1", "rendering the simulated camera", _library("EGL")),
    SystemPart("libgl1-mesa-dri", "rendering the simulated camera", _has_mesa_drivers),
    SystemPart("libosmesa6", "rendering where EGL does not work", _library("OSMesa"), required=False),
    SystemPart("espeak-ng", "the robot's voice and the tests of speech", _program("espeak-ng"), required=False),
    SystemPart("libportaudio2", "a microphone", _library("portaudio"), required=False),
)


class SetupError(Exception):
    """A step that failed; the text says what to do."""


def say(text: str) -> None:
    """One line for the user, also in the log."""
    print(text, flush=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{text}\n")


def run(command: list[str], step: str, env: dict[str, str] | None = None) -> None:
    """Runs a command with its output in the log; a failure shows the last lines."""
    with LOG.open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        code = subprocess.run(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code != 0:
        with LOG.open("rb") as log:
            log.seek(start)
            tail = log.read().decode(errors="replace").splitlines()[-25:]
        raise SetupError("\n".join([*tail, f"{step} failed (exit code {code}). Everything is in {LOG}."]))


def system_packages() -> str:
    """Installs what is missing with apt as root or by sudo without a password; else says what to install."""
    missing = [part for part in SYSTEM if not part.is_there()]
    if not missing:
        return "all there"
    names = [part.apt for part in missing]
    hand = f"sudo apt-get install -y {' '.join(names)}"
    if shutil.which("apt-get") is not None:
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        may = not sudo or (
            shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True).returncode == 0
        )
        if may:
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            try:
                run([*sudo, "apt-get", "update", "-q"], "apt-get update", env)
                run(
                    [*sudo, "apt-get", "install", "-y", "-q", "--no-install-recommends", *names], "apt-get install", env
                )
            except SetupError as error:
                say(f"      {error}")
    lacking = [part for part in missing if not part.is_there()]
    for part in lacking:
        say(f"      missing: {part.apt} ({part.needed_for}{'' if part.required else '; optional'})")
    if any(part.required for part in lacking):
        raise SetupError(f"Install the missing system packages and run it again: {hand}")
    installed = [part.apt for part in missing if part not in lacking]
    return f"installed {', '.join(installed)}" if installed else "all that is required"


def virtual_environment() -> str:
    """Creates .venv unless a working one of a supported Python is there."""
    if PYTHON.is_file():
        probe = "import sys; print(*sys.version_info[:2])"
        found = subprocess.run([str(PYTHON), "-S", "-c", probe], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            version = tuple(int(v) for v in found.stdout.split())
            if PYTHONS[0] <= version <= PYTHONS[1]:
                return f"Python {version[0]}.{version[1]}"
        raise SetupError(f"{VENV} is not a working environment of a supported Python. Delete it and run this again.")
    run([sys.executable, "-m", "venv", str(VENV)], "Creating .venv")
    return f"created with Python {VERSION}"


def wheels() -> str:
    """Installs the pinned wheels and mends the paths in the ROS wheels' CMake files."""
    text = (ROOT / "requirements.txt").read_bytes()
    mark = digest([text, str(PYTHON).encode()])
    if read(VENV_MARK) == mark:
        return "unchanged"
    # --no-compile: of the thousands of modules only a few are ever imported; Python compiles those then
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--no-compile", "-r", "requirements.txt"]
    run(command, "pip install")
    mended = mend_cmake_paths()
    VENV_MARK.write_text(mark, encoding="utf-8")
    return f"{sum(b'==' in line for line in text.splitlines())} pins, {mended} CMake files mended"


def mend_cmake_paths() -> int:
    """The ROS wheels name the include folders of the machine that built them; puts in this machine's."""
    code = "import sysconfig, numpy; print(sysconfig.get_path('include')); print(numpy.get_include())"
    answer = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    built_at = r"/opt/python/cp\d+-cp\d+"
    repairs = (
        (re.compile(built_at + r"/include/python3\.\d+"), answer[0]),
        (re.compile(built_at + r"/lib/python3\.\d+/site-packages/numpy/_?core/include"), answer[1]),
    )
    mended = 0
    for path in (VENV / "share").rglob("*.cmake"):
        text = path.read_text(encoding="utf-8")
        new = text
        for pattern, real in repairs:
            new = pattern.sub(lambda _, real=real: real, new)
        if new != text:
            path.write_text(new, encoding="utf-8")
            mended += 1
    return mended


def interfaces() -> str:
    """Builds messages, services and the action with colcon into install/ (symlinks: the source stays live)."""
    sources = [ROOT / "package.xml", ROOT / "CMakeLists.txt"]
    for folder in ("msg", "srv", "action"):
        sources += sorted((ROOT / folder).iterdir())
    linked = sorted(str(p.relative_to(ROOT)) for p in _installed_files())
    mark = digest([*(p.name.encode() + p.read_bytes() for p in sources), *(name.encode() for name in linked)])
    if read(BUILD_MARK) == mark:
        return "unchanged"
    sys.path.insert(0, str(ROOT))
    from vla_ros.cli import environment

    command = [str(VENV / "bin" / "colcon"), "--log-base", "build/colcon-log", "build", "--base-paths", "."]
    command += ["--build-base", "build/colcon", "--install-base", "install", "--symlink-install", "--cmake-args"]
    command += ["-GNinja", f"-DPython3_EXECUTABLE={PYTHON}", "-DBUILD_TESTING=OFF"]
    run(command, "colcon build", environment.child())
    BUILD_MARK.write_text(mark, encoding="utf-8")
    return "built"


def _installed_files() -> Iterable[Path]:
    for folder in ("config", "env-hooks", "launch", "scripts"):
        yield from (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def digest(parts: Iterable[bytes]) -> str:
    """One mark for many contents."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read(path: Path) -> str:
    """The text of a mark, empty when there is none."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


STEPS = (
    ("system packages", system_packages),
    ("virtual environment", virtual_environment),
    ("pinned wheels", wheels),
    ("ROS messages", interfaces),
)


def main() -> int:
    """Runs the steps; returns the exit code."""
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1] or platform.machine() != "x86_64":
        print(
            f"The ROS wheels exist for CPython 3.10 to 3.13 on Linux x86_64; this is {VERSION} on "
            f"{platform.machine()}. Run: make setup PYTHON=/usr/bin/python3.12 (or use a ROS 2 Jazzy install: see"
            " docs/your_robot.md).",
            file=sys.stderr,
        )
        return 1
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("", encoding="utf-8")
    began = time.monotonic()
    for number, (title, step) in enumerate(STEPS, 1):
        print(f"[{number}/{len(STEPS)}] {title} … ", end="", flush=True)
        start = time.monotonic()
        try:
            outcome = step()
        except SetupError as error:
            say(f"failed\n{error}")
            return 1
        say(f"{outcome} ({time.monotonic() - start:.1f} s)")
    say(f"ready in {time.monotonic() - began:.1f} s. Now: source scripts/env.sh")
    return 0


if __name__ == "__main__":
    sys.exit(main())
