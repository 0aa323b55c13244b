"""One environment for every start path: complete, idempotent, and the user's own choices win."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from vla_ros.cli import environment

ROOT = Path(__file__).resolve().parents[2]


def test_the_profile_is_named_under_both_names_and_exists() -> None:
    values = environment.variables({})
    assert values["FASTDDS_DEFAULT_PROFILES_FILE"] == values["FASTRTPS_DEFAULT_PROFILES_FILE"]
    assert Path(values["FASTDDS_DEFAULT_PROFILES_FILE"]).is_file()


def test_the_users_choices_win() -> None:
    chosen = {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp", "FASTDDS_DEFAULT_PROFILES_FILE": "/mine.xml"}
    chosen["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET"
    values = environment.variables(chosen)
    assert not set(chosen) & set(values)


def test_applied_twice_it_changes_nothing() -> None:
    once = {"PATH": "/usr/bin", **environment.variables({"PATH": "/usr/bin"})}
    twice = {**once, **environment.variables(once)}
    assert twice == once


def test_what_was_on_the_paths_stays_behind() -> None:
    values = environment.variables({"PYTHONPATH": "/elsewhere", "PATH": "/usr/bin"})
    assert values["PYTHONPATH"].endswith("/elsewhere")
    assert values["PATH"].endswith("/usr/bin")


def test_the_checkout_comes_before_the_install_so_that_the_source_is_live() -> None:
    paths = environment.variables({})["PYTHONPATH"].split(os.pathsep)
    assert paths[0] == str(ROOT)
    assert len(paths) > 1, "the generated messages are missing: make setup"


def test_nodes_do_not_start_worker_threads_unless_told_to() -> None:
    assert environment.child({})["OMP_NUM_THREADS"] == "1"
    assert environment.child({"OMP_NUM_THREADS": "4"})["OMP_NUM_THREADS"] == "4"


def test_env_sh_sets_the_same_in_bash() -> None:
    script = 'cd /; source "$0/scripts/env.sh"; env -0'
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/"}
    out = subprocess.run(["bash", "-c", script, str(ROOT)], env=clean, capture_output=True, check=True).stdout
    seen = dict(item.decode().split("=", 1) for item in out.split(b"\0") if item)
    for key, value in environment.variables(clean).items():
        assert seen[key] == value, key


def test_a_sourced_ros_install_does_not_mix_with_the_wheels() -> None:
    sourced = {"ROS_DISTRO": "jazzy", "PYTHONPATH": "/opt/ros/jazzy/lib/python3.12/site-packages"}
    paths = environment.variables(sourced)["PYTHONPATH"].split(os.pathsep)
    wheels = next(i for i, path in enumerate(paths) if path.startswith(str(environment.venv({}))))
    assert wheels < paths.index(sourced["PYTHONPATH"])
