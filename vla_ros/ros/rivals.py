"""Who else publishes on a topic that must have one speaker."""

from __future__ import annotations

from collections.abc import Iterable

from rclpy.node import Node
from rclpy.publisher import Publisher


def rivals_of(node: Node, publisher: Publisher) -> tuple[str, ...]:
    """Names of the nodes that publish on ``publisher``'s topic besides it; empty when there is none.

    The topic is the one after remapping. A second publisher of this very node counts, too.
    """
    if node.count_publishers(publisher.topic_name) <= 1:  # cheap, and nearly always enough
        return ()
    return _without_one(node, publisher.topic_name, node.get_fully_qualified_name())


def strangers_on(node: Node, topic: str) -> tuple[str, ...]:
    """Names of the nodes that publish on an incoming topic, when they are more than one."""
    resolved = node.resolve_topic_name(topic)
    if node.count_publishers(resolved) <= 1:
        return ()
    names = dict.fromkeys(_names(node, resolved))
    return tuple(names) if len(names) > 1 else ()


def words(topics: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """One sentence for people about (topic, others); empty when nobody else speaks."""
    found = [f"{', '.join(others)} on {topic}" for topic, others in topics if others]
    return f"Another publisher: {'; '.join(found)}. End it." if found else ""


def _without_one(node: Node, topic: str, own: str) -> tuple[str, ...]:
    names = _names(node, topic)
    if own in names:
        names.remove(own)
    return tuple(names)


def _names(node: Node, topic: str) -> list[str]:
    infos = node.get_publishers_info_by_topic(topic)
    return [f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in infos]
