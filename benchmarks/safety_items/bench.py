"""The shipped gate as a process of its own in a ROS domain of its own, its drivers beside it, and the stop-watch.

Times are those that the sending process stamped (the middleware's source time), so that this process's own
delays on a busy machine measure nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory
from vla_ros.msg import SafetyStatus as SafetyStatusMsg

from vla_ros.cli.domain import free_domain_id
from vla_ros.cli.processes import BringUp, processes
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.ros import conversions as c
from vla_ros.ros import qos

ROOT = Path(__file__).resolve().parents[2]
GATE_PRIORITY = 20
PATIENT = QoSProfile(depth=2000, reliability=ReliabilityPolicy.RELIABLE)
"""Of the stop-watch alone: it may be kept from running for seconds and must still get every velocity."""
_START_S = 60.0
_NEED_S = 30.0
_RECORDS = ("-p", f"record_folder:={ROOT / 'build' / 'benchmarks' / 'safety' / 'records'}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A velocity as it left its sender: seconds since 1970, and what it says."""

    at: float
    vx: float
    vy: float
    wz: float

    @property
    def is_zero(self) -> bool:
        """No motion at all."""
        return self.vx == self.vy == self.wz == 0.0

    @property
    def speed(self) -> float:
        """Of the translation [m/s]."""
        return float((self.vx**2 + self.vy**2) ** 0.5)


@lru_cache
def realtime_granted() -> bool:
    """Whether this system lets a process have SCHED_FIFO (asked in a child that does nothing else)."""
    code = f"import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param({GATE_PRIORITY}))"
    return subprocess.run([sys.executable, "-S", "-c", code], capture_output=True).returncode == 0


def scheduling() -> str:
    """How the gate's process was scheduled, for the JSON."""
    return f"SCHED_FIFO {GATE_PRIORITY}" if realtime_granted() else "normal"


class Nursery:
    """Starts the roles of senders.py in milliseconds; each is known by its pid."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.safety_items.senders"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, *words: str) -> int:
        """The pid of a new role, in the ROS domain of now."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(" ".join((os.environ["ROS_DOMAIN_ID"], *words)) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """Ends every role."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10.0)
            return
        self._process.kill()


class StopWatch(Node):
    """Hears what the drivers hear, and speaks for those who have no process of their own."""

    def __init__(self, command_topic: str = "cmd_vel") -> None:
        super().__init__("stop_watch")
        self.sent: list[Sent] = []
        self.trajectories: list[JointTrajectory] = []
        self.statuses: list[tuple[float, SafetyStatus]] = []
        self.diagnostics: list[str] = []
        self.create_subscription(Twist, command_topic, self._on_twist, PATIENT)  # type: ignore[arg-type]
        self.create_subscription(JointTrajectory, "joint_trajectory", self.trajectories.append, qos.EVENT)
        self.create_subscription(SafetyStatusMsg, "safety_status", self._on_status, qos.STATUS)  # type: ignore[arg-type]
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENT)
        self.callers = {n: self.create_client(Trigger, n) for n in ("arm", "disarm", "reset_safety")}

    def speaker(self, kind: type, topic: str, profile: QoSProfile) -> Publisher:
        """A publisher; made when it is needed, because the gate stops for a second voice on its inputs."""
        return self.create_publisher(kind, topic, profile)

    def _on_twist(self, message: Twist, info: dict[str, Any]) -> None:
        v, w = message.linear, message.angular
        self.sent.append(Sent(info["source_timestamp"] * 1e-9, v.x, v.y, w.z))

    def _on_status(self, message: SafetyStatusMsg, info: dict[str, Any]) -> None:
        self.statuses.append((info["source_timestamp"] * 1e-9, c.safety_status_from_msg(message)))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics += [s.message for s in message.status if s.name.endswith("safety_node")]

    @property
    def status(self) -> SafetyStatus:
        """The newest."""
        return self.statuses[-1][1]


class Bed:
    """Gate, drivers and stop-watch. ``gate_arguments``: ROS arguments for the gate, such as "-p", "rate_hz:=50.0"."""

    def __init__(self, nursery: Nursery, *gate_arguments: str, watchdog: bool = False, real_time: bool = True) -> None:
        self._table = {
            p.executable: list(p.command) for p in processes(BringUp(watchdog=watchdog, home="", use_sim_time=False))
        }
        self._gate_arguments, self._real_time = gate_arguments, real_time and realtime_granted()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.nursery, self._born = nursery, []  # type: Nursery, list[int]
        rclpy.try_shutdown()
        rclpy.init()
        self.watch = StopWatch()
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.watch)
        if watchdog:
            self.start("watchdog_node", *self._priority(GATE_PRIORITY + 5))
        self.start_gate()
        self.drivers = self.bear("drivers")

    def start(self, executable: str, *arguments: str) -> subprocess.Popen[bytes]:
        """One of the package's nodes, as `vla up` starts it."""
        command = [*self._table[executable], *arguments]
        quiet = None if os.environ.get("VLA_BENCH_LOUD") else subprocess.DEVNULL
        self.children[executable] = subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet)
        return self.children[executable]

    def bear(self, *words: str) -> int:
        """The pid of a new role of senders.py; it ends with this bed."""
        self._born.append(self.nursery.start(*words))
        return self._born[-1]

    def kill(self, pid: int) -> None:
        """Kills a role -9."""
        self._born.remove(pid)
        os.kill(pid, signal.SIGKILL)

    def start_gate(self) -> None:
        """The gate, the first or a new one."""
        self.watch.statuses.clear()
        self.start("safety_node", *self._priority(GATE_PRIORITY), *_RECORDS, *self._gate_arguments)

    @property
    def gate_pid(self) -> int:
        """Of safety_node."""
        return self.children["safety_node"].pid

    def until(self, done: Callable[[], Any], seconds: float = 8.0) -> bool:
        """Spins until ``done`` or the time is over."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.01)
        return True

    def wait(self, seconds: float) -> None:
        """Spins for so long."""
        self.until(lambda: False, seconds)

    def need(self, done: Callable[[], Any], what: str, seconds: float = _NEED_S) -> None:
        """Spins until ``done``; raises when it does not come, with the gate's own words."""
        if not self.until(done, seconds):
            status = self.watch.status if self.watch.statuses else None
            raise RuntimeError(f"{what}: not within {seconds:g} s ({status.cause if status else 'no status'})")

    def call(self, service: str) -> tuple[bool, str]:
        """Answer of arm, disarm or reset_safety."""
        client = self.watch.callers[service]
        self.need(client.service_is_ready, f"service {service}")
        future = client.call_async(Trigger.Request())
        self.need(future.done, f"answer of {service}")
        answer = future.result()
        return answer.success, answer.message

    def arm(self) -> None:
        """Armed, from whatever state it starts in."""
        watch = self.watch
        self.need(lambda: watch.statuses and watch.status.state == "stopped", "a gate that is ready", _START_S)
        for _ in range(50):
            granted, words = self.call("arm")
            if granted:
                return
            self.wait(0.1)
        raise RuntimeError(words)

    def drives(self, speed: float, seconds: float = 10.0) -> None:
        """Waits until the drivers get at least that speed, and for half a second more without a break."""
        watch = self.watch
        since = time.monotonic()

        def steady() -> bool:
            nonlocal since
            if not watch.sent or watch.sent[-1].speed < speed:
                since = time.monotonic()
            return time.monotonic() - since > 0.5

        self.need(steady, f"a robot that drives {speed:g} m/s", seconds)

    def braking_after(self, began: float, by: float = 0.004, seconds: float = 2.0) -> float:
        """Seconds from ``began`` (since 1970) to the first command that is slower than one before it, ``by`` [m/s];
        inf when none comes."""

        def first() -> float:
            top = 0.0
            for sent in reversed_until(self.watch.sent, began):
                top = max(top, sent.speed)
                if sent.speed < top - by:
                    return sent.at - began
            return float("inf")

        self.until(lambda: first() < float("inf"), seconds)
        return first()

    def close(self) -> None:
        """Ends everything that was started here."""
        for pid in tuple(self._born):
            with contextlib.suppress(ProcessLookupError):
                self.kill(pid)
        for child in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGCONT)
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(8.0)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._executor.shutdown()
        self.watch.destroy_node()
        rclpy.try_shutdown()

    def _priority(self, value: int) -> tuple[str, ...]:
        return ("-p", f"fifo_priority:={value}") if self._real_time else ()


def reversed_until(sent: list[Sent], began: float) -> list[Sent]:
    """Those that left at or after ``began``, in their order."""
    k = len(sent)
    while k and sent[k - 1].at >= began:
        k -= 1
    return sent[k:]


@lru_cache
def nursery() -> Nursery:
    """One for the whole run."""
    made = Nursery()
    atexit.register(made.close)
    return made


@contextlib.contextmanager
def bed(*gate_arguments: str, watchdog: bool = False, real_time: bool = True) -> Iterator[Bed]:
    """A :class:`Bed` that ends with the block."""
    with own_domain():
        made = Bed(nursery(), *gate_arguments, watchdog=watchdog, real_time=real_time)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def own_domain() -> Iterator[int]:
    """A ROS domain that nobody on this machine uses, for this process and its children."""
    before = os.environ.get("ROS_DOMAIN_ID")
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        try:
            yield domain
        finally:
            os.environ.pop("ROS_DOMAIN_ID")
            if before is not None:
                os.environ["ROS_DOMAIN_ID"] = before
