"""The package's files agree with each other: CMake, setup.cfg, package.xml, scripts, pins, make targets."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def cmake_programs() -> dict[str, set[str]]:
    """Destination -> names of the installed programs."""
    text = (ROOT / "CMakeLists.txt").read_text()
    found: dict[str, set[str]] = {}
    for body, destination in re.findall(r"install\(\s*PROGRAMS(.*?)DESTINATION\s+(\S+?)\s*\)", text, re.DOTALL):
        found.setdefault(destination, set()).update(Path(word).name for word in body.split())
    return found


def entry_points() -> dict[str, str]:
    """Name -> module:function of setup.cfg's console scripts."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options.entry_points"]["console_scripts"].strip().splitlines()
    return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines)


def test_cmake_and_setup_cfg_install_the_same_programs() -> None:
    assert cmake_programs()["lib/${PROJECT_NAME}"] == set(entry_points())
    assert cmake_programs()["bin"] == {"vla"}


@pytest.mark.parametrize("name", sorted(entry_points()))
def test_a_script_calls_what_its_entry_point_names(name: str) -> None:
    module, function = entry_points()[name].split(":")
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK), f"chmod +x {script}"
    tree = ast.parse(script.read_text())
    imported = {(n.module, a.name) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert (module, function) in imported
    source = ROOT / (module.replace(".", "/") + ".py")
    defined = {n.name for n in ast.parse(source.read_text()).body if isinstance(n, ast.FunctionDef)}
    assert function in defined
    assert "__main__" in source.read_text(), "`vla up` starts it with python -m"


def test_every_node_is_an_executable() -> None:
    nodes = {path.stem for path in (ROOT / "vla_ros" / "ros" / "nodes").glob("*_node.py")}
    assert nodes == set(entry_points()) - {"vla"}


def test_package_xml_and_setup_cfg_name_the_same_version() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    assert package.findtext("version") == config["metadata"]["version"]
    assert package.findtext("name") == config["metadata"]["name"]


def test_package_xml_names_every_ros_package_that_the_code_imports() -> None:
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    named = {element.text for element in package if element.tag.endswith("depend")}
    imported = set()
    for path in [*(ROOT / "vla_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
    ros = {n for n in imported if re.search(r"_(msgs|srvs|ros|bridge|interfaces)$|^(rclpy|launch)$", n)}
    assert ros - {"vla_ros", "nav2_msgs"} <= named, "nav2_msgs is optional; every other one belongs into package.xml"


def test_a_sourced_install_names_a_dds_profile_that_is_there() -> None:
    """Without it `ros2 run` would lose camera frames; the variable's value is relative to the install prefix."""
    lines = (ROOT / "env-hooks" / "fastdds.dsv").read_text().splitlines()
    kinds, names, values = zip(*(line.split(";") for line in lines), strict=True)
    assert set(kinds) == {"set-if-unset"}
    assert set(names) == {"FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"}
    assert all((ROOT / value.removeprefix("share/vla_ros/")).is_file() for value in values)
    assert "ament_environment_hooks(env-hooks/fastdds.dsv)" in (ROOT / "CMakeLists.txt").read_text()


def test_every_requirement_is_pinned() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert lines
    assert [
        line for line in lines if not re.fullmatch(r"[a-z0-9.\-]+==\S+( ; python_version (<=|>) \"3\.10\")?", line)
    ] == []


def test_make_has_the_agreed_targets() -> None:
    text = (ROOT / "Makefile").read_text()
    for target in ("setup", "demo", "test", "bench", "lint"):
        assert re.search(rf"^{target}:.*##", text, re.MULTILINE), target
    for target in ("demo", "test", "bench", "lint"):
        assert re.search(rf"^{target}: setup", text, re.MULTILINE), f"{target} must work on a fresh machine"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_source_folder_hides_the_generated_interfaces() -> None:
    assert [name for name in ("msg", "srv", "action") if (ROOT / "vla_ros" / name).exists()] == []


def test_pip_install_brings_the_ros_free_part_with_its_files(tmp_path: Path) -> None:
    """A training machine: no ROS, no checkout on the path; `vla parse` finds grammar, rooms and objects."""
    source, other = tmp_path / "source", tmp_path / "venv"
    kept = (
        "vla_ros",
        "config",
        "launch",
        "resource",
        "setup.py",
        "setup.cfg",
        "package.xml",
        "pyproject.toml",
        "LICENSE",
    )
    for name in kept:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(other)], check=True)
    install = ["install", "-q", "--no-deps", "--no-build-isolation", "--no-index", str(source)]
    environ = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "AMENT_PREFIX_PATH")}
    pip = [sys.executable, "-m", "pip", "--python", str(other / "bin" / "python")]
    libraries = os.pathsep.join(path for path in sys.path if path.endswith("site-packages") and "install" not in path)
    subprocess.run([*pip, *install], check=True, env=environ | {"PYTHONPATH": libraries}, cwd=tmp_path)
    assert (other / "share" / "vla_ros" / "config" / "fastdds.xml").is_file()
    outcome = subprocess.run(
        [str(other / "bin" / "vla"), "parse", "bring me the red cup"],
        env=environ | {"PYTHONPATH": libraries},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "red" in outcome.stdout and "cup" in outcome.stdout
