"""`vla safety sros2 DIR`: writes the SROS2 policy of one robot and says how to make keys of it and enforce it."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from vla_ros.cli.safety_access import policy, read_table
from vla_ros.core.errors import ConfigError
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription

EPILOG = """\
example:
  vla safety sros2 ~/robot_security --robot my_robot.yaml
  ros2 security generate_artifacts -k ~/robot_security/keystore -p ~/robot_security/policy.xml
docs/security.md says how to enforce it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla safety sros2`."""
    parser.epilog = EPILOG
    parser.add_argument("folder", type=Path, metavar="DIR", help="gets policy.xml; the keystore goes below it")
    parser.add_argument("--robot", default="home_robot", metavar="FILE", help="robot YAML (path or name): its topics")
    parser.add_argument("--namespace", default="", help="of all nodes")
    parser.add_argument("--watchdog", action="store_true", help="watchdog_node stands before the drivers")
    parser.add_argument("--access", default="access", metavar="FILE", help="who may say what (config/access.yaml)")


def run(arguments: argparse.Namespace) -> int:
    """Writes the policy and prints what comes next."""
    robot = RobotDescription.load(config_file(arguments.robot, "robots", "robot"))
    table = read_table(config_file(arguments.access, "", "access"), robot.topics, arguments.watchdog)
    path = arguments.folder.expanduser() / "policy.xml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(policy(table, arguments.namespace), encoding="utf-8")
    except OSError as error:
        raise ConfigError("DIR", str(path), f"{error.strerror}; name a folder that can be written.") from None
    keystore = path.parent / "keystore"
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[green]{path}[/]: {len(table.enclaves)} enclaves, {', '.join(table.enclaves)}")
    console.print("Keys and signed permissions (package ros-jazzy-sros2), then the environment of every process:")
    for line in (
        f"ros2 security generate_artifacts -k {keystore} -p {path}",
        f"export ROS_SECURITY_KEYSTORE={keystore} ROS_SECURITY_ENABLE=true ROS_SECURITY_STRATEGY=Enforce",
    ):
        console.print(f"  {line}", markup=False)
    return 0
