"""The house rules of design and README, read from the imports: who may know whom, and how long a file may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "vla_ros"
STAGES = {"perception", "language", "planning", "policy", "control", "safety", "speech", "memory"}
ROS_PACKAGES = {
    "rclpy", "rcl_interfaces", "std_msgs", "sensor_msgs", "geometry_msgs", "nav_msgs", "trajectory_msgs",
    "diagnostic_msgs", "std_srvs", "builtin_interfaces", "tf2_ros", "cv_bridge", "launch", "launch_ros",
    "nav2_msgs", "action_msgs", "rosgraph_msgs",
}  # fmt: skip
MESSAGE_MODULES = ("vla_ros.msg", "vla_ros.srv", "vla_ros.action")
HEAVY = {"torch", "transformers", "onnxruntime", "faster_whisper", "pocketsphinx", "sounddevice"}
ALLOWED = {
    "core": {"core"},
    "robot": {"core", "robot"},
    "sim": {"core", "sim"},
    **{stage: {"core", "robot", stage} for stage in STAGES},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports_of(path: Path, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            module = node.module or ""
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers_know_only_the_layers_below(path: Path) -> None:
    folder = path.relative_to(PACKAGE).parts[0]
    if folder not in ALLOWED:
        return
    for name in imports_of(path):
        parts = name.split(".")
        assert parts[0] not in ROS_PACKAGES, f"{path}: {name}: only vla_ros/ros may know ROS"
        assert not name.startswith(MESSAGE_MODULES), f"{path}: {name}: only vla_ros/ros may know messages"
        if parts[0] == "vla_ros" and len(parts) > 1:
            assert parts[1] in ALLOWED[folder], f"{path}: {name}: {folder} may import {sorted(ALLOWED[folder])}"


def test_core_needs_numpy_and_yaml_only() -> None:
    import sys

    allowed = {"numpy", "yaml", "vla_ros", "__future__", *sys.stdlib_module_names}
    for path in (PACKAGE / "core").rglob("*.py"):
        foreign = {name.split(".")[0] for name in imports_of(path)} - allowed
        assert not foreign, f"{path}: {foreign}"


def test_heavy_libraries_are_imported_when_chosen_not_before() -> None:
    for path in modules():
        top = {name.split(".")[0] for name in imports_of(path, top_level_only=True)}
        assert not top & HEAVY, f"{path}: import {top & HEAVY} inside the function that needs it"


def test_files_stay_readable() -> None:
    for path in modules():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        limit = 200 if path.parent.name == "nodes" else 400
        assert lines <= limit, f"{path}: {lines} lines, at most {limit}"
        assert path.stem not in ("utils", "helpers", "misc"), f"{path}: name it for its noun"


def test_only_safety_publishes_to_the_drivers() -> None:
    drivers = {"cmd_vel", "joint_trajectory", "gripper"}
    for path in (PACKAGE / "ros").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create_publisher":
                words = {a.value for a in node.args if isinstance(a, ast.Constant)}
                assert not words & drivers or path.name in ("safety_node.py", "watchdog_node.py"), (
                    f"{path} publishes {words & drivers}"
                )


def test_no_node_listens_to_ground_truth() -> None:
    for path in (PACKAGE / "ros").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "ground_truth" in text:
            assert path.name in ("sim_node.py", "witness.py"), f"{path}: ground truth is for scoring only"
