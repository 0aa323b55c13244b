"""Promises 33, 34, 40, 41, 49: late drivers, errors in callbacks, a busy computer, rivals, misfits of QoS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from benchmarks.safety_items.bench import bed, reversed_until, scheduling
from benchmarks.safety_items.registry import Effort, Finding, all_of, item

LATE_S = 0.04
STOP_S = 0.2
NOTICED_S = 1.0


@item(33)
def zero_for_ever(effort: Effort) -> Finding:
    """A driver joins a gate that has stopped for a minute: its first message, and the gaps of the whole minute."""
    from geometry_msgs.msg import Twist
    from rclpy.event_handler import SubscriptionEventCallbacks

    from vla_ros.ros import qos

    with bed() as made:
        made.arm()
        pid = made.bear("control", "0.3")
        made.drives(0.27, 15.0)
        made.kill(pid)
        made.until(lambda: made.watch.sent[-1].is_zero, 3.0)
        began = time.time()
        made.wait(effort.count(60, 8))
        stamps = [s.at for s in reversed_until(made.watch.sent, began)]
        zero = all(s.is_zero for s in reversed_until(made.watch.sent, began))
        matched: list[float] = []
        heard: list[tuple[float, Twist]] = []

        def hear(message: Twist, info: dict[str, Any]) -> None:
            heard.append((info["source_timestamp"] * 1e-9, message))

        made.watch.create_subscription(
            Twist,
            "cmd_vel",
            hear,  # type: ignore[arg-type]
            qos.COMMAND,
            event_callbacks=SubscriptionEventCallbacks(matched=lambda e: matched.append(time.time())),
        )
        made.need(lambda: matched and heard, "a message for the late driver")
        first, message = heard[0]
    gap = max(b - a for a, b in pairwise(stamps))
    waited = max(0.0, first - matched[0])
    zero = zero and message == Twist()
    figure = f"first zero {1e3 * waited:.0f} ms after the match, longest gap of {len(stamps)} {1e3 * gap:.0f} ms"
    more = {"stopped_s": round(stamps[-1] - began, 1), "gate_scheduling": scheduling()}
    return Finding(zero and waited <= LATE_S and gap <= LATE_S, figure, more)


_CALLBACKS = (
    "on_twist", "on_trajectory", "on_gripper", "on_chunk", "on_teleop", "on_scan", "on_odometry", "on_joints",
    "on_scene", "on_battery", "on_emergency_stop", "on_publishers", "tick", "arm",
)  # fmt: skip


@contextmanager
def _raising(name: str) -> Iterator[Callable[[], None]]:
    """Makes Gate.<name> raise once the returned function was called; before any node is made of it."""
    from vla_ros.safety.gate import Gate

    original, broken = getattr(Gate, name), [False]

    def either(self: Any, *arguments: Any, **named: Any) -> Any:
        if broken[0]:
            raise RuntimeError("broken on purpose")
        return original(self, *arguments, **named)

    setattr(Gate, name, either)
    try:
        yield lambda: broken.__setitem__(0, True)
    finally:
        setattr(Gate, name, original)


@item(34)
def exceptions(effort: Effort) -> Finding:
    """Each callback of the node raises while it drives: zero, faulted, and no arming until a restart."""
    names = _CALLBACKS[:: effort.count(1, 4)]
    results = {name: _stops_for_good(name) for name in names}
    met, figure = all_of(results.values())
    return Finding(met, figure, {"went_on": [name for name, good in results.items() if not good]})


def _stops_for_good(name: str) -> bool:
    """In one process, so that the error can be put in; messages over real topics."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.logging import LoggingSeverity
    from std_srvs.srv import Trigger

    from benchmarks.safety_items.bench import ROOT, StopWatch, nursery, own_domain
    from benchmarks.safety_items.stories import Forward

    folder = str(ROOT / "build" / "benchmarks" / "safety" / "records")
    with own_domain(), _raising(name) as break_it:
        from vla_ros.ros.nodes.safety_node import SafetyNode

        rclpy.try_shutdown()
        rclpy.init(args=["--ros-args", "-p", f"record_folder:={folder}", "-p", "home:=''"])
        node, watch, executor = SafetyNode(), StopWatch(), SingleThreadedExecutor()
        node.get_logger().set_level(LoggingSeverity.FATAL)
        for each in (node, watch):
            executor.add_node(each)
        drivers = nursery().start("drivers")
        speakers = _speakers(watch)

        def until(done: Callable[[], Any], seconds: float) -> bool:
            end, due = time.monotonic() + seconds, 0.0
            while not done():
                if time.monotonic() > end:
                    return False
                if time.monotonic() >= due:
                    due = time.monotonic() + 0.02
                    speakers["cmd_vel_raw"](Forward[0] * 0.6)
                executor.spin_once(timeout_sec=0.005)
            return True

        try:
            until(lambda: watch.statuses and watch.status.state == "stopped", 20.0)
            until(lambda: node._gate.arm(time.monotonic())[0], 10.0)
            if not until(lambda: watch.sent and watch.sent[-1].vx > 0.25, 15.0):
                raise RuntimeError(f"{name}: it does not drive ({watch.status.cause})")
            break_it()
            if name == "arm":
                future = watch.callers["arm"].call_async(Trigger.Request())
                until(future.done, 5.0)
            for _ in range(3):
                speakers.get(name, lambda: None)()
                until(lambda: False, 0.1)
            stood = until(lambda: watch.sent[-1].is_zero, 2.0)
            faulted = until(lambda: node._gate.state.public == "faulted", 2.0)
            first = len(watch.sent)
            until(lambda: False, 0.3)
            still = all(s.is_zero for s in watch.sent[first:])
            return stood and faulted and still
        finally:
            os.kill(drivers, 9)
            executor.shutdown()
            node.destroy_node()
            watch.destroy_node()
            rclpy.try_shutdown()


def _speakers(watch: Any) -> dict[str, Callable[..., None]]:
    """What makes each callback run that the drivers do not call anyway."""
    from geometry_msgs.msg import Twist
    from sensor_msgs.msg import BatteryState
    from std_msgs.msg import Bool
    from trajectory_msgs.msg import JointTrajectory
    from vla_ros.msg import ActionChunk, Scene

    from benchmarks.safety_items.stories import arm_trajectory
    from vla_ros.ros import conversions as c
    from vla_ros.ros import qos

    scene, battery = Scene(), BatteryState(percentage=0.8, voltage=25.0)
    scene.header.frame_id = "odom"
    chunk = ActionChunk(representation="joint_delta", names=["arm_joint_1"], rows=1, dt_s=0.1, actions=[0.0])
    raw = watch.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)

    def drive(speed: float) -> None:
        message = Twist()
        message.linear.x = speed
        raw.publish(message)

    made: dict[str, Callable[..., None]] = {"cmd_vel_raw": drive}
    for name, kind, topic, profile, message in (
        ("on_trajectory", JointTrajectory, "joint_trajectory_raw", qos.EVENT, c.trajectory_to_msg(arm_trajectory())),
        ("on_gripper", JointTrajectory, "gripper_raw", qos.EVENT, c.trajectory_to_msg(arm_trajectory())),
        ("on_chunk", ActionChunk, "action_chunk", qos.COMMAND, chunk),
        ("on_teleop", Twist, "cmd_vel_teleop", qos.COMMAND, Twist()),
        ("on_scene", Scene, "scene", qos.SENSOR, scene),
        ("on_battery", BatteryState, "battery_state", qos.SENSOR, battery),
        ("on_emergency_stop", Bool, "emergency_stop", qos.EVENT, Bool(data=False)),
    ):
        publisher = watch.create_publisher(kind, topic, profile)
        made[name] = lambda p=publisher, m=message: p.publish(m)
    return made


@item(40)
def not_starved(effort: Effort) -> Finding:
    """Two processes that block for 200 ms at a time on every core, then silence: how soon it brakes."""
    trials = []
    for _ in range(effort.count(10, 2)):
        with bed() as made:
            made.arm()
            for _ in range(os.cpu_count() or 2):
                made.bear("perception")
            pid = made.bear("control", "0.3")
            made.drives(0.27, 30.0)
            killed = time.time()
            made.kill(pid)
            trials.append(made.braking_after(killed))
    figure = f"{sum(t <= STOP_S for t in trials)}/{len(trials)}, at most {1e3 * max(trials):.0f} ms"
    return Finding(max(trials) <= STOP_S, figure, {"gate_scheduling": scheduling()})


@item(41)
def only_the_gate_drives(effort: Effort) -> Finding:
    """A second publisher on cmd_vel: without SROS2 the gate stops; with it enforced, nothing of it may arrive."""
    seconds = []
    for _ in range(effort.count(5, 1)):
        with bed() as made:
            made.arm()
            made.bear("control", "0.3")
            made.drives(0.27, 15.0)
            made.bear("rival")
            made.need(lambda: made.watch.count_publishers("cmd_vel") > 1, "the second publisher")
            began = time.time()
            made.need(lambda: made.watch.status.cause == "second_publisher", "a notice of the second publisher")
            noticed = next(at for at, s in made.watch.statuses if s.cause == "second_publisher")
            seconds.append(max(0.0, noticed - began))
            # the rival's own 0.5 m/s arrives too: what counts is that the gate itself sends zero
            made.wait(0.5)
            stands = made.watch.status.state == "stopped"
            if not stands:
                seconds[-1] = float("inf")
    figure = f"without SROS2 stopped after {1e3 * max(seconds):.0f} ms"
    enforced = _delivered_under_sros2()
    if enforced is None:
        return Finding(False, f"{figure}; SROS2: this middleware is built without security, not measured")
    return Finding(max(seconds) <= 1.0 and enforced == 0, f"{figure}; with SROS2 {enforced} delivered")


def _delivered_under_sros2() -> int | None:
    """Messages of an intruder that reach the driver with SROS2 enforced; None where the middleware has no security."""
    import shutil
    import subprocess
    import sys

    from benchmarks.safety_items.bench import ROOT, own_domain

    probe = "import rclpy; rclpy.init(); rclpy.create_node('probe')"
    environ = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce", "ROS_SECURITY_KEYSTORE": str(ROOT)}
    with own_domain():
        words = subprocess.run(
            [sys.executable, "-c", probe], env={**os.environ, **environ}, capture_output=True, text=True
        )
    if "security libraries" in words.stderr or not shutil.which("ros2"):
        return None
    raise RuntimeError("SROS2 is here, but no keystore for this measurement; see docs/security.md")


@item(49)
def misfit_of_qos(effort: Effort) -> Finding:
    """A best-effort sender on a reliable input: the gate says so and stands, within a second."""
    seconds = []
    for _ in range(effort.count(5, 1)):
        with bed() as made:
            made.arm()
            made.bear("control", "0.3")
            made.drives(0.27, 15.0)
            made.bear("best_effort_control")
            made.need(lambda: made.watch.count_publishers("cmd_vel_raw") > 1, "the second sender")
            began = time.time()
            made.need(lambda: made.watch.status.cause == "qos_incompatible", "a notice of the misfit", 10.0)
            noticed = max(0.0, next(at for at, s in made.watch.statuses if s.cause == "qos_incompatible") - began)
            stands = made.until(lambda: made.watch.sent[-1].is_zero, 1.0)
            seconds.append(noticed if stands else float("inf"))
    return Finding(max(seconds) <= NOTICED_S, f"stopped after {1e3 * max(seconds):.0f} ms")
