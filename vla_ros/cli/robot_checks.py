"""`vla doctor`, second part: how is the running robot? Listens for a few seconds; changes nothing.

:class:`Observation` is what was heard (plain values), the functions judge it; only :func:`observe` needs ROS.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from vla_ros.cli.finding import BAD, NOTE, OK, Finding
from vla_ros.cli.processes import DRIVER_TOPICS, GATED, HOME_NODES, ROBOT_NODES, WATCHDOG_NODES

GATES = {"safety_node", *WATCHDOG_NODES}
"""Nobody else may publish the topics of GATED."""
LOWEST_HZ = {"image": 2.0, "depth": 2.0, "camera_info": 2.0, "odom": 10.0, "joint_states": 10.0, "scan": 5.0}


@dataclass
class Heard:
    """One sensor's messages while listening."""

    topic: str
    count: int = 0
    publishers: int = 0
    stamp_s: float = 0.0
    detail: str = ""
    """of the newest: size, encoding, frame"""
    size: tuple[int, int] = (0, 0)


@dataclass
class Observation:
    """What the doctor heard. Times in seconds."""

    duration_s: float = 0.0
    nodes: tuple[str, ...] = ()
    """names without namespace, of this robot's namespace"""
    sensors: dict[str, Heard] = field(default_factory=dict)
    """key of DRIVER_TOPICS -> heard"""
    required: tuple[str, ...] = ("odom", "scan", "joint_states")
    """sensors without which the robot must not move"""
    clock_publishers: int = 0
    clock_advance_s: float = 0.0
    clock_s: float = 0.0
    wall_s: float = 0.0
    mismatches: tuple[str, ...] = ()
    """one text each: topic, publisher, subscriber, reason"""
    gated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """the package's own name of a gated topic -> nodes that publish the robot's"""


def all_checks(seen: Observation) -> Iterator[Finding]:
    """Judges an observation; a single note when no robot runs."""
    known = [name for name in (*ROBOT_NODES, *HOME_NODES) if name in seen.nodes]
    if not known and not any(heard.count for heard in seen.sensors.values()):
        text = "no node of vla_ros and no sensor in this domain and namespace"
        yield Finding(
            NOTE, "robot", text, "Start one with `vla up` or ros2 launch; check ROS_DOMAIN_ID and --namespace."
        )
        return
    yield from node_checks(seen)
    yield clock(seen)
    yield from sensor_checks(seen)
    yield from quality_of_service(seen)
    yield from bypasses(seen)


def node_checks(seen: Observation) -> Iterator[Finding]:
    """All nodes of the robot run, each once."""
    missing = [name for name in ROBOT_NODES if name not in seen.nodes]
    doubled = sorted({name for name in seen.nodes if seen.nodes.count(name) > 1})
    if missing:
        remedy = "Look at the output of `vla up` or ros2 launch for its last words; start all of them together."
        yield Finding(BAD, "nodes", f"not running: {', '.join(missing)}", remedy)
    if doubled:
        text = f"running twice: {', '.join(doubled)}"
        yield Finding(BAD, "nodes", text, "End one robot, or give it a namespace or a ROS_DOMAIN_ID of its own.")
    if not missing and not doubled:
        yield Finding(OK, "nodes", ", ".join(ROBOT_NODES))


def clock(seen: Observation) -> Finding:
    """One source of time that goes on, and stamps that agree with it."""
    if seen.clock_publishers > 1:
        remedy = "End one simulator, or give each robot a namespace or a ROS_DOMAIN_ID of its own."
        return Finding(BAD, "clock", f"{seen.clock_publishers} publishers of /clock", remedy)
    if seen.clock_publishers == 1 and seen.clock_advance_s <= 0.0:
        remedy = 'If it is paused: ros2 service call /sim/pause std_srvs/srv/SetBool "{data: false}"'
        return Finding(BAD, "clock", "/clock stands still", remedy)
    simulated = seen.clock_publishers == 1
    now = seen.clock_s if simulated else seen.wall_s
    stamps = {key: heard.stamp_s for key, heard in seen.sensors.items() if heard.count and heard.stamp_s > 0.0}
    far = {key: now - stamp for key, stamp in stamps.items() if abs(now - stamp) > 2.0}
    if far:
        key, age = max(far.items(), key=lambda item: abs(item[1]))
        other = "the system's time" if simulated else "another machine's or a simulator's time"
        remedy = f"Its driver seems to use {other}: set use_sim_time alike on all nodes, synchronise clocks (chrony)."
        return Finding(BAD, "clock", f"the stamps of {seen.sensors[key].topic} are {age:+.1f} s off", remedy)
    if simulated:
        return Finding(OK, "clock", f"/clock at {seen.clock_advance_s / max(seen.duration_s, 1e-6):.2f} of real time")
    return Finding(OK, "clock", "the system's time")


def sensor_checks(seen: Observation) -> Iterator[Finding]:
    """Camera frames, odometry, joints and scan arrive, fast enough, and the two images fit together."""
    for key, lowest in LOWEST_HZ.items():
        heard = seen.sensors.get(key)
        if heard is None:
            continue
        rate = heard.count / max(seen.duration_s, 1e-6)
        if heard.count == 0 and heard.publishers == 0:
            remedy = "Start the driver, or name its topic in the robot's YAML under topics:."
            state, text = BAD, "nobody publishes it"
            if key not in seen.required:
                state, text = NOTE, "nobody publishes it; the robot may move without"
            yield Finding(state, heard.topic, text, remedy)
        elif heard.count == 0:
            remedy = "See the QoS and clock findings; is the driver stuck or the network too slow for it?"
            yield Finding(BAD, heard.topic, f"{heard.publishers} publisher, but nothing arrives", remedy)
        elif rate < lowest:
            remedy = f"At least {lowest:g} Hz are needed: check the driver's rate and this machine's load."
            yield Finding(BAD, heard.topic, f"{rate:.1f} Hz. {heard.detail}", remedy)
        else:
            yield Finding(OK, heard.topic, f"{rate:.1f} Hz. {heard.detail}")
    image, depth = seen.sensors.get("image"), seen.sensors.get("depth")
    if image and depth and image.count and depth.count and image.size != depth.size:
        text = f"colour {image.size[0]}x{image.size[1]}, depth {depth.size[0]}x{depth.size[1]}"
        yield Finding(BAD, "camera", text, "Use the depth that the driver aligns to the colour image.")


def quality_of_service(seen: Observation) -> Iterator[Finding]:
    """Every publisher can reach every subscriber of its topic."""
    for text in seen.mismatches:
        remedy = "Give both ends the same reliability and durability; sensors: best effort, volatile."
        yield Finding(BAD, "QoS", text, remedy)
    if not seen.mismatches:
        yield Finding(OK, "QoS", "all publishers and subscribers fit together")


def bypasses(seen: Observation) -> Iterator[Finding]:
    """Only the gate publishes to the drivers."""
    for own, names in seen.gated.items():
        others = sorted(set(names) - GATES)
        if others:
            remedy = f"Remap their output to {own}_raw, so that the gate stands last."
            yield Finding(BAD, "gate", f"{', '.join(others)} publish {own} past the safety gate", remedy)
    if "safety_node" in seen.nodes and not any(set(names) - GATES for names in seen.gated.values()):
        yield Finding(OK, "gate", "nothing passes by it")


def observe(
    namespace: str, topics: dict[str, str], duration_s: float = 3.0, required: tuple[str, ...] = Observation.required
) -> Observation:
    """Listens with a node of its own. ``topics``: key of DRIVER_TOPICS -> the robot's topic;
    ``required``: the robot's ``sensors``."""
    import rclpy
    from nav_msgs.msg import Odometry
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, Image, JointState, LaserScan

    from vla_ros.ros import qos

    kinds = {"image": Image, "depth": Image, "camera_info": CameraInfo, "odom": Odometry}
    kinds |= {"joint_states": JointState, "scan": LaserScan}
    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("doctor", namespace=namespace, context=context, start_parameter_services=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    seen = Observation(required=required)
    clocks: list[float] = []
    try:
        for key, kind in kinds.items():
            heard = seen.sensors[key] = Heard(node.resolve_topic_name(topics[key]))
            node.create_subscription(kind, topics[key], partial(_note, heard), qos.SENSOR)

        def tick(message: Any) -> None:
            clocks.append(_seconds(message.clock))

        for clock_topic in {"/clock", f"/{namespace}/clock" if namespace else "/clock"}:
            node.create_subscription(Clock, clock_topic, tick, qos.SENSOR)
        _discover(node, executor)
        for heard in seen.sensors.values():
            heard.count = 0
        clocks.clear()
        start = time.monotonic()
        _spin(executor, duration_s)
        seen.duration_s = time.monotonic() - start
        seen.wall_s = time.time()
        seen.clock_s, seen.clock_advance_s = (clocks[-1], clocks[-1] - clocks[0]) if clocks else (0.0, 0.0)
        _read_graph(node, namespace, topics, seen)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)
    return seen


def _discover(node: Any, executor: Any) -> None:
    """Until a second has passed without a new node; on a busy machine the first one may take some."""
    known = 1  # itself
    for _ in range(5):
        _spin(executor, 1.0)
        found = len(node.get_node_names())
        if found == known > 1:
            return
        known = found


def _spin(executor: Any, duration_s: float) -> None:
    end = time.monotonic() + duration_s
    while (left := end - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left)


def _note(heard: Heard, message: Any) -> None:
    heard.count += 1
    heard.stamp_s = _seconds(message.header.stamp)
    if hasattr(message, "height") and hasattr(message, "width"):
        heard.size = (message.width, message.height)
    parts = [f"{heard.size[0]}x{heard.size[1]}"] if heard.size != (0, 0) else []
    parts += [getattr(message, "encoding", ""), message.header.frame_id]
    heard.detail = " ".join(part for part in parts if part)


def _seconds(stamp: Any) -> float:
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def _read_graph(node: Any, namespace: str, topics: dict[str, str], seen: Observation) -> None:
    where = f"/{namespace}" if namespace else "/"
    names = (name for name, space in node.get_node_names_and_namespaces() if space == where)
    seen.nodes = tuple(name for name in names if name != "doctor")
    for heard in seen.sensors.values():
        heard.publishers = node.count_publishers(heard.topic)
    seen.clock_publishers = max(node.count_publishers(f"{where.rstrip('/')}/clock"), node.count_publishers("/clock"))
    for key in GATED:
        publishers = node.get_publishers_info_by_topic(node.resolve_topic_name(topics[key]))
        seen.gated[DRIVER_TOPICS[key]] = tuple(info.node_name for info in publishers)
    seen.mismatches = tuple(_mismatches(node))


def _mismatches(node: Any) -> Iterator[str]:
    from rclpy.qos import QoSCompatibility, qos_check_compatible

    for topic, _ in node.get_topic_names_and_types():
        subscribers = node.get_subscriptions_info_by_topic(topic)
        for publisher in node.get_publishers_info_by_topic(topic):
            for subscriber in subscribers:
                verdict, reason = qos_check_compatible(publisher.qos_profile, subscriber.qos_profile)
                if verdict == QoSCompatibility.ERROR:
                    ends = f"{publisher.node_name} → {subscriber.node_name}"
                    yield f"{topic}: {ends}: {reason.strip().rstrip(';')}"


def robot_topics(topics: Any) -> dict[str, str]:
    """A robot's Topics by key."""
    return {key: getattr(topics, key) for key in DRIVER_TOPICS}
