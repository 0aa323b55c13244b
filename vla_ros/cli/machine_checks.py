"""`vla doctor`, first part: is this machine set up? Looks at files, variables and packages; needs no running robot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from vla_ros.cli.finding import BAD, NOTE, OK, Finding

MIN_SEGMENT_BYTES = 8_000_000
MIN_SHARED_MEMORY_BYTES = 400_000_000
EXTRAS = {
    "robot": ("cv2", "skimage", "py_trees", "pinocchio", "coal"),
    "sim": ("mujoco", "cv2", "PIL"),
}
"""pip extra -> its import names."""
ROBOT_SIDE = {"tf2_ros": "ros-jazzy-tf2-ros", "cv_bridge": "ros-jazzy-cv-bridge", "launch_ros": "ros-jazzy-launch-ros"}
"""Parts that only a ROS install brings -> their apt package."""
_RENDER = "import mujoco; context = mujoco.GLContext(64, 48); context.make_current(); context.free()"


def all_checks(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Every finding on this machine, cheap ones first."""
    yield python_version(sys.version_info[:2])
    yield from ros_packages()
    yield domain(environ)
    yield from dds_profile(environ)
    yield shared_memory(Path("/dev/shm"))
    yield from extras()
    yield rendering(environ)


def python_version(version: tuple[int, ...]) -> Finding:
    """CPython 3.10 to 3.13."""
    text = f"{version[0]}.{version[1]}"
    if (3, 10) <= version <= (3, 13):
        return Finding(OK, "Python", text)
    return Finding(BAD, "Python", text, "Use CPython 3.10 to 3.13: make setup PYTHON=python3.12 in a fresh checkout.")


def ros_packages() -> Iterator[Finding]:
    """rclpy and the package's own messages can be imported."""
    if find_spec("rclpy") is None:
        remedy = "make setup && source scripts/env.sh; with ROS installed: source /opt/ros/jazzy/setup.bash."
        yield Finding(BAD, "ROS 2", "rclpy cannot be imported", remedy)
        return
    try:
        import rclpy  # noqa: F401  (the import itself is the check: it loads the libraries)

        yield Finding(OK, "ROS 2", f"rclpy, {os.environ.get('RMW_IMPLEMENTATION', 'default middleware')}")
    except ImportError as error:
        remedy = "source scripts/env.sh (it sets LD_LIBRARY_PATH); if that does not help: delete .venv, make setup."
        yield Finding(BAD, "ROS 2", f"rclpy does not load: {error}", remedy)
    try:
        from vla_ros.msg import Task

        Task()
        yield Finding(OK, "messages", "vla_ros.msg is built")
    except ImportError as error:
        yield Finding(
            BAD, "messages", f"not built: {error}", "make setup; on a robot: colcon build and source install."
        )


def domain(environ: Mapping[str, str]) -> Finding:
    """ROS_DOMAIN_ID and the discovery range."""
    text = environ.get("ROS_DOMAIN_ID", "0")
    if not text.isdigit() or int(text) > 232:
        return Finding(BAD, "ROS_DOMAIN_ID", repr(text), "Set a number from 0 to 101: export ROS_DOMAIN_ID=7.")
    reach = environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    if reach not in ("LOCALHOST", "SUBNET", "OFF", "SYSTEM_DEFAULT"):
        remedy = "Set LOCALHOST (this machine) or SUBNET (the network)."
        return Finding(BAD, "ROS_AUTOMATIC_DISCOVERY_RANGE", repr(reach), remedy)
    if reach == "LOCALHOST":
        remedy = "To see the robot from another machine: export ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET everywhere."
        return Finding(OK, "discovery", f"domain {text}, this machine only", remedy)
    return Finding(OK, "discovery", f"domain {text}, {reach}")


def dds_profile(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The Fast DDS profile is named and its shared-memory segment holds camera frames."""
    middleware = environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    if "fastrtps" not in middleware:
        text = f"{middleware} is in use; the shared-memory profile is for Fast DDS only"
        yield Finding(NOTE, "DDS profile", text, "If frames get lost: export RMW_IMPLEMENTATION=rmw_fastrtps_cpp.")
        return
    remedy = (
        "source install/setup.bash or scripts/env.sh, or export FASTDDS_DEFAULT_PROFILES_FILE=<config/fastdds.xml>."
    )
    name = environ.get("FASTDDS_DEFAULT_PROFILES_FILE") or environ.get("FASTRTPS_DEFAULT_PROFILES_FILE") or ""
    if not name:
        yield Finding(BAD, "DDS profile", "none: whole camera frames do not fit the default shared memory", remedy)
        return
    try:
        sizes = [int(e.text or 0) for e in ElementTree.parse(name).iter() if e.tag.endswith("segment_size")]
    except (OSError, ElementTree.ParseError, ValueError) as error:
        yield Finding(BAD, "DDS profile", f"{name} cannot be used: {error}", remedy)
        return
    if not sizes or max(sizes) < MIN_SEGMENT_BYTES:
        yield Finding(BAD, "DDS profile", f"{name} has no shared-memory segment of 8 MB or more", remedy)
        return
    yield Finding(OK, "DDS profile", f"{name}, {max(sizes) / 2**20:.0f} MB segments")


def shell_profile(shell: Mapping[str, str]) -> Finding:
    """The shell that the doctor was started from names a profile, too, for ros2, RViz and bags."""
    if shell.get("FASTDDS_DEFAULT_PROFILES_FILE"):
        return Finding(OK, "this shell", "names the DDS profile")
    text = "does not name the DDS profile: `vla` and the launch files set it themselves, ros2 and RViz do not"
    return Finding(NOTE, "this shell", text, "source install/setup.bash or scripts/env.sh")


def shared_memory(folder: Path) -> Finding:
    """/dev/shm is there, writable and large enough for one segment a process."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        remedy = "Mount it: sudo mount -t tmpfs -o size=1g shm /dev/shm (in a container: --shm-size=1g)."
        return Finding(BAD, "shared memory", f"{folder} is not there or not writable", remedy)
    space = shutil.disk_usage(folder)
    text = f"{space.free / 2**20:.0f} MB free of {space.total / 2**20:.0f} MB in {folder}"
    if space.total < MIN_SHARED_MEMORY_BYTES:
        return Finding(
            BAD, "shared memory", text, f"mount -o remount,size=1g {folder} (in a container: --shm-size=1g)."
        )
    if space.free < MIN_SHARED_MEMORY_BYTES // 2:
        return Finding(BAD, "shared memory", text, "Remove what dead processes left: fastdds shm clean.")
    return Finding(OK, "shared memory", text)


def extras() -> Iterator[Finding]:
    """Optional parts by pip extra, then those of a ROS install."""
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        if missing:
            text = f"missing: {', '.join(missing)}"
            state = BAD if extra == "robot" else NOTE  # only the simulated home needs [sim]
            yield Finding(state, f"extra [{extra}]", text, f"make setup, or: pip install '.[{extra}]'")
        else:
            yield Finding(OK, f"extra [{extra}]", "complete")
    missing = [name for name in ROBOT_SIDE if find_spec(name) is None]
    if missing:
        packages = " ".join(ROBOT_SIDE[name] for name in missing)
        text = f"not here: {', '.join(missing)} (the simulated home does without)"
        yield Finding(NOTE, "ROS install", text, f"On a robot: sudo apt-get install {packages}")


def rendering(environ: Mapping[str, str]) -> Finding:
    """The first GL back end that renders the simulated camera; tries each in a process of its own."""
    if find_spec("mujoco") is None:
        return Finding(NOTE, "GL", "not tried: MuJoCo is not installed", "pip install '.[sim]'")
    chosen = environ.get("MUJOCO_GL", "")
    working = [name for name in ([chosen] if chosen else ["egl", "osmesa"]) if renders(name, environ)]
    if working:
        return Finding(OK, "GL", f"MUJOCO_GL={working[0]} renders")
    remedy = "sudo apt-get install libegl1 libgl1-mesa-dri libosmesa6; then MUJOCO_GL=egl or osmesa."
    text = f"MUJOCO_GL={chosen} does not render" if chosen else "neither egl nor osmesa renders"
    return Finding(BAD, "GL", text, remedy)


def renders(backend: str, environ: Mapping[str, str]) -> bool:
    """True when a MuJoCo GL context of that back end can be made."""
    command = [sys.executable, "-c", _RENDER]
    env = {**environ, "MUJOCO_GL": backend}
    try:
        return subprocess.run(command, env=env, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
