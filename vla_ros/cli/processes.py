"""Which processes a robot consists of and what each is given: the one table behind `vla up` and the launch files.

Pure: turns a :class:`BringUp` into :class:`Process` values; starting them is someone else's work
(``cli/supervisor.py`` or ``ros2 launch``).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, fields

from vla_ros.core.errors import ConfigError
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription, Topics

ROBOT_NODES = ("safety_node", "control_node", "perception_node", "planner_node", "language_node")
"""Executables of every robot, the gate first: nothing may speak before it listens."""
WATCHDOG_NODES = ("watchdog_node",)
"""Executables between the gate and drivers that have no time-out of their own."""
SPEECH_NODES = ("speech_node",)
"""Executables that hear and speak, where a robot has a microphone."""
HOME_NODES = ("sim_node",)
"""Executables that stand in for the robot's drivers and its surroundings."""
DRIVER_TOPICS = {
    "image": "camera/image_raw",
    "depth": "camera/depth/image_raw",
    "camera_info": "camera/camera_info",
    "audio": "audio",
    "odom": "odom",
    "joint_states": "joint_states",
    "scan": "scan",
    "battery": "battery_state",
    "imu": "imu",
    "cmd_vel": "cmd_vel",
    "joint_trajectory": "joint_trajectory",
    "gripper": "gripper",
}
"""The package's own name of each topic that a robot's YAML (`topics:`) may rename."""
GATED = ("cmd_vel", "joint_trajectory", "gripper")
"""Topics to the drivers, spoken by the gate; with a watchdog the gate's are called ``<name>_gated``."""
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
_NAMESPACE = re.compile(r"/?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*/?")


@dataclass(frozen=True, kw_only=True)
class BringUp:
    """What the user chose. Checked here, so that every start path refuses the same mistakes."""

    robot: str = "home_robot"
    """robot YAML: a path, or a name in config/robots"""
    home: str = "apartment"
    """floor plan YAML: a path, or a name in config/homes; empty: none known"""
    namespace: str = ""
    """of all nodes; empty: the root"""
    params_file: str = ""
    """parameters of all nodes; empty: config/vla.yaml"""
    log_level: str = "info"
    use_sim_time: bool = False
    with_home: bool = False
    """also start the simulated home"""
    watchdog: bool = False
    """also start watchdog_node between the gate and the drivers"""
    speech: bool = False
    """also start speech_node: ears and voice"""
    overrides: tuple[str, ...] = ()
    """``node.parameter=value`` in YAML, e.g. ``sim_node.seed=7``; they win over the file"""

    def __post_init__(self) -> None:
        if self.log_level not in LOG_LEVELS:
            raise ConfigError("log_level", self.log_level, f"Choose one of: {', '.join(LOG_LEVELS)}.")
        if self.namespace.strip("/") and not _NAMESPACE.fullmatch(self.namespace):
            raise ConfigError("namespace", self.namespace, "Use letters, digits and _, parts separated by /.")
        for text in self.overrides:
            node, _, name = text.partition("=")[0].partition(".")
            if "=" not in text or not name or node not in self.executables:
                remedy = f"Write node.parameter=value with one of the nodes {', '.join(self.executables)}."
                raise ConfigError("set", text, remedy)

    @property
    def executables(self) -> tuple[str, ...]:
        """What is started, in this order."""
        return (
            *(HOME_NODES if self.with_home else ()),
            *(WATCHDOG_NODES if self.watchdog else ()),
            *ROBOT_NODES,
            *(SPEECH_NODES if self.speech else ()),
        )


@dataclass(frozen=True)
class Process:
    """One ROS process: an executable of the package and what it is given."""

    executable: str
    namespace: str
    params_file: str
    parameters: tuple[tuple[str, str], ...]
    """name and value in YAML; they win over the file"""
    remappings: tuple[tuple[str, str], ...]
    log_level: str

    @property
    def logger_level(self) -> str:
        """``logger:=level`` for the node's own logger; ROS's inner loggers keep theirs."""
        path = [part for part in self.namespace.split("/") if part]
        return f"{'.'.join([*path, self.executable])}:={self.log_level}"

    @property
    def enclave(self) -> str:
        """Its place in an SROS2 keystore (docs/security.md); only a name while security is off."""
        return "/".join(["", *filter(None, self.namespace.split("/")), self.executable])

    @property
    def ros_arguments(self) -> list[str]:
        """The command line after the program: ``--ros-args …``."""
        arguments = ["--ros-args", "--log-level", self.logger_level, "--enclave", self.enclave]
        if self.namespace:
            arguments += ["-r", f"__ns:=/{self.namespace}"]
        arguments += ["--params-file", self.params_file]
        for name, value in self.parameters:
            arguments += ["-p", f"{name}:={value}"]
        for own, driver in self.remappings:
            arguments += ["-r", f"{own}:={driver}"]
        return arguments

    @property
    def command(self) -> list[str]:
        """The whole command line with this interpreter."""
        return [sys.executable, "-m", f"vla_ros.ros.nodes.{self.executable}", *self.ros_arguments]


def processes(chosen: BringUp) -> tuple[Process, ...]:
    """Every process of one robot. Raises ConfigError for a file that is not there or not valid."""
    robot_file = config_file(chosen.robot, "robots", "robot")
    robot = RobotDescription.load(robot_file)
    parameters = [("robot", quoted(str(robot_file))), ("use_sim_time", str(chosen.use_sim_time).lower())]
    home_file = str(config_file(chosen.home, "homes", "home")) if chosen.home else ""
    parameters.append(("home", quoted(home_file)))
    params_file = str(config_file(chosen.params_file or "vla", "", "params_file"))
    remappings = topic_remappings(robot.topics)
    namespace = chosen.namespace.strip("/")
    if namespace and chosen.with_home:
        # each simulated home keeps its own time, so that two of them run side by side
        remappings = (*remappings, ("/clock", f"/{namespace}/clock"))
    return tuple(
        Process(
            executable=name,
            namespace=namespace,
            params_file=params_file,
            parameters=(*parameters, *_overrides_of(name, chosen.overrides)),
            remappings=led_to_watchdog(remappings) if chosen.watchdog and name == "safety_node" else remappings,
            log_level=chosen.log_level,
        )
        for name in chosen.executables
    )


def topic_remappings(topics: Topics) -> tuple[tuple[str, str], ...]:
    """From the package's names to the robot's, where they differ."""
    pairs = ((DRIVER_TOPICS[field.name], getattr(topics, field.name)) for field in fields(topics))
    return tuple((own, driver) for own, driver in pairs if own != driver)


def led_to_watchdog(remappings: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The gate's remappings when the watchdog stands between it and the drivers."""
    others = tuple((own, driver) for own, driver in remappings if own not in GATED)
    return (*others, *((topic, f"{topic}_gated") for topic in GATED))


def quoted(text: str) -> str:
    """A text as YAML, so that a file called ``123`` or ``yes`` stays text."""
    return "'" + text.replace("'", "''") + "'"


def _overrides_of(executable: str, overrides: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    own = (text.split(".", 1)[1] for text in overrides if text.split(".", 1)[0] == executable)
    return tuple((name, value) for name, _, value in (text.partition("=") for text in own))
