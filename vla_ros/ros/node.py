"""What every node shares: files named by parameters, two clocks, guarded callbacks, a clean start and end."""

from __future__ import annotations

import functools
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.timer import Timer

from vla_ros.core.catalog import Catalog
from vla_ros.core.errors import ConfigError, InputError, VlaError
from vla_ros.core.files import FileParams
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.zones import Zones
from vla_ros.ros import parameters, qos, realtime, security


class VlaNode(Node):
    """Base of all nodes.

    Parameters: robot, home, objects, people, zones (see FileParams), profile (see SecurityParams).
    Publications: /diagnostics (diagnostic_msgs/DiagnosticArray, 1 Hz): rejected inputs and errors by topic.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.files = parameters.declare(self, FileParams)
        security.check_profile(parameters.declare(self, security.SecurityParams).profile)
        self._faults: dict[str, tuple[int, str]] = {}
        self._last_log_s: dict[str, float] = {}
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        self.steady_timer(1.0, self._publish_diagnostics)

    def load_robot(self) -> RobotDescription:
        """The robot named by the parameter ``robot``."""
        return RobotDescription.load(config_file(self.files.robot, "robots", "robot"))

    def load_home(self) -> FloorPlan | None:
        """The floor plan named by ``home``; None when that parameter is empty."""
        return FloorPlan.load(config_file(self.files.home, "homes", "home")) if self.files.home else None

    def load_catalog(self) -> Catalog:
        """The catalog named by ``objects``."""
        return Catalog.load(config_file(self.files.objects, "", "objects"))

    def load_people(self) -> People:
        """The people named by ``people``."""
        return People.load(config_file(self.files.people, "", "people"))

    def load_zones(self) -> Zones:
        """The keep-out zones named by ``zones``; none when that parameter is empty."""
        return Zones.load(config_file(self.files.zones, "zones", "zones")) if self.files.zones else Zones()

    def now_s(self) -> float:
        """Seconds of the node's clock (simulated time under use_sim_time)."""
        return self.get_clock().now().nanoseconds * 1e-9

    @staticmethod
    def steady_s() -> float:
        """Seconds of the monotonic clock, for ages and deadlines that no clock fault may move."""
        return time.monotonic()

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """A guarded timer on the steady clock, so that a frozen or jumping /clock cannot stop it."""
        guarded = self.guard("timer", callback)
        return self.create_timer(period_s, guarded, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def listen(self, message_type: type, topic: str, callback: Callable[[Any], None], profile: Any) -> Any:
        """A subscription whose callback may raise InputError: the message is dropped and reported."""
        return self.create_subscription(message_type, topic, self.guard(topic, callback), profile)

    def guard(self, source: str, callback: Callable[..., None]) -> Callable[..., None]:
        """Wraps a callback: bad input is reported and dropped, an error is reported, the node lives on."""

        @functools.wraps(callback)
        def guarded(*args: Any) -> None:
            try:
                callback(*args)
            except InputError as error:
                self.report_fault(source, f"rejected: {error}")
            except Exception as error:
                if not self.context.ok():
                    return  # ROS was shut down by a signal while this ran; nothing can be published any more
                self.report_fault(source, f"internal error: {type(error).__name__}: {error}")
                self.log_every(5.0, f"trace:{source}", "".join(traceback.format_exception(error)).strip())
                self.on_internal_error(source, error)

        return guarded

    def on_internal_error(self, source: str, error: Exception) -> None:
        """Called after an unexpected exception in a callback; safety overrides it to stop."""

    def report_fault(self, source: str, text: str) -> None:
        """Counts a rejected input or error under ``source``, logs it (at most every 2 s) and keeps it for
        /diagnostics."""
        count, _ = self._faults.get(source, (0, ""))
        self._faults[source] = (count + 1, text)
        self.log_every(2.0, source, f"{source}: {text}")

    def log_every(self, period_s: float, key: str, text: str) -> None:
        """A warning, at most once in ``period_s`` for the same key."""
        now = time.monotonic()
        if now - self._last_log_s.get(key, -1e9) >= period_s:
            self._last_log_s[key] = now
            self.get_logger().warning(text)

    def diagnostic_values(self) -> dict[str, str]:
        """Figures of the node for /diagnostics; nodes override it."""
        return {}

    def _publish_diagnostics(self) -> None:
        status = DiagnosticStatus(name=self.get_fully_qualified_name(), hardware_id="vla_ros")
        status.level = DiagnosticStatus.WARN if self._faults else DiagnosticStatus.OK
        status.message = "; ".join(f"{k}: {n}x {t}" for k, (n, t) in self._faults.items())[:500] or "ok"
        status.values = [KeyValue(key=k, value=v) for k, v in self.diagnostic_values().items()]
        self._faults.clear()
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def run(factory: Callable[[], VlaNode]) -> None:
    """Starts ROS, makes the node, spins it on its own single-threaded executor, ends it cleanly.

    A mistake of the user (ConfigError, missing part) ends with its text and exit code 2, no traceback.
    """
    realtime.keep_memory()
    node: VlaNode | None = None
    try:
        security.explained(_init)
    except ConfigError as error:
        _refuse("vla_ros", error)
    try:
        node = security.explained(factory)
        parameters.refuse_unknown(node)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        node.get_logger().info("ready")
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RuntimeError:
        if rclpy.ok():  # an entity that is taken while a signal shuts the context down raises this
            raise
    except VlaError as error:
        _refuse(node.get_name() if node else "vla_ros", error)
    finally:
        # Ctrl-C under ros2 launch comes twice, from the terminal and from launch; the second must not cut this short
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


def _init() -> None:
    rclpy.init(args=sys.argv)  # its handlers turn SIGINT and SIGTERM into ExternalShutdownException


def _refuse(name: str, error: VlaError) -> NoReturn:
    print(f"[{name}] cannot start: {error}", file=sys.stderr, flush=True)
    sys.exit(2 if isinstance(error, ConfigError) else 3)
