"""The production profile: no node starts without enforced SROS2, and the reason is told with a remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from vla_ros.core.errors import ConfigError
from vla_ros.ros.security import check_profile, explained

pytestmark = pytest.mark.ros
ROOT = Path(__file__).resolve().parents[2]
SECURITY = ("ROS_SECURITY_ENABLE", "ROS_SECURITY_STRATEGY", "ROS_SECURITY_KEYSTORE")


def started(node: str, *given: str, **environ: str) -> subprocess.CompletedProcess:
    clean = {key: value for key, value in os.environ.items() if key not in SECURITY}
    command = [sys.executable, str(ROOT / "scripts" / node), "--ros-args", *given]
    return subprocess.run(command, env={**clean, **environ}, capture_output=True, text=True, timeout=90)


@pytest.fixture
def keystore(tmp_path: Path) -> str:
    (tmp_path / "keystore" / "enclaves").mkdir(parents=True)
    return str(tmp_path / "keystore")


@pytest.mark.parametrize("node", ["safety_node", "watchdog_node"])
def test_the_production_profile_starts_no_node_without_enforced_security(node: str) -> None:
    done = started(node, "-p", "profile:=production")
    assert done.returncode == 2 and "ROS_SECURITY_ENABLE" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "ROS_SECURITY_ENABLE"),
        ({"ROS_SECURITY_ENABLE": "True"}, "ROS_SECURITY_ENABLE"),
        ({"ROS_SECURITY_ENABLE": "true"}, "ROS_SECURITY_STRATEGY"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Permissive"}, "ROS_SECURITY_STRATEGY"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "enforce"}, "ROS_SECURITY_STRATEGY"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}, "ROS_SECURITY_KEYSTORE"),
    ],
)
def test_every_weaker_setting_is_refused_by_its_name(environ: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_profile("production", environ)
    assert error.value.field == named
    check_profile("development", environ)


def test_enforced_security_with_a_keystore_is_enough(keystore: str) -> None:
    values = ("true", "Enforce", keystore)
    check_profile("production", dict(zip(SECURITY, values)))


@pytest.mark.parametrize("enclave", ["", "watchdog_node"], ids=["no keys", "empty enclave"])
def test_a_middleware_or_keystore_that_cannot_do_it_is_told_apart_from_a_crash(keystore: str, enclave: str) -> None:
    """With the PyPI wheels Fast DDS has no security; with a ROS install the empty keystore has no keys."""
    (Path(keystore) / "enclaves" / enclave).mkdir(exist_ok=True)
    environ = dict(zip(SECURITY, ("true", "Enforce", keystore)))
    done = started("watchdog_node", "-p", "profile:=production", "--enclave", "/watchdog_node", **environ)
    assert done.returncode == 2, done.stderr
    assert "ROS_SECURITY_" in done.stderr and "Traceback" not in done.stderr


def test_other_errors_pass_unchanged() -> None:
    def broken() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        explained(broken)
