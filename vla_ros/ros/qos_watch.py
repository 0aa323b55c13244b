"""Notices who offers or asks for a topic with a QoS that does not fit: else nothing arrives and nothing says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible, qos_policy_name_from_kind

from vla_ros.ros.node import VlaNode


class QosWatch:
    """Makes the event callbacks for a node's connections and tells when a misfit comes and when it is gone.

    The middleware reports a misfit once, when it finds it, and never its end; so :meth:`look` compares the QoS of
    those topics, and of no others, again.

    Args:
        node: whose connections are watched.
        tell: called with topic and words; "" when nothing is wrong any more.
    """

    def __init__(self, node: VlaNode, tell: Callable[[str, str], None]) -> None:
        self._node, self._tell = node, tell
        self._suspects: dict[str, tuple[QoSProfile, bool]] = {}

    def of_subscription(self, topic: str, own: QoSProfile) -> SubscriptionEventCallbacks:
        """For create_subscription of ``topic`` with the QoS ``own``."""
        return SubscriptionEventCallbacks(incompatible_qos=self._noted(topic, own, False), use_default_callbacks=False)

    def of_publisher(self, topic: str, own: QoSProfile) -> PublisherEventCallbacks:
        """For create_publisher."""
        return PublisherEventCallbacks(incompatible_qos=self._noted(topic, own, True), use_default_callbacks=False)

    def look(self) -> None:
        """Takes back what is over. Call it a few times a second."""
        for topic, (own, publishes) in list(self._suspects.items()):
            if not self._misfits(topic, own, publishes):
                del self._suspects[topic]
                self._tell(topic, "")

    def _noted(self, topic: str, own: QoSProfile, publishes: bool) -> Callable[[Any], None]:
        def note(event: Any) -> None:
            if event.total_count_change <= 0:
                return
            policy = qos_policy_name_from_kind(event.last_policy_kind)
            others = ", ".join(self._misfits(topic, own, publishes)) or "a node"
            self._suspects[topic] = (own, publishes)
            words = "asks for" if publishes else "offers"
            self._tell(topic, f"{others} {words} an incompatible {policy}; give it the QoS of docs/safety.md.")

        return self._node.guard(f"{topic} QoS", note)

    def _misfits(self, topic: str, own: QoSProfile, publishes: bool) -> list[str]:
        """Names of the nodes at the other end whose QoS does not fit."""
        node, resolved = self._node, self._node.resolve_topic_name(topic)
        publishers = node.get_publishers_info_by_topic(resolved)
        subscriptions = node.get_subscriptions_info_by_topic(resolved)
        mine, others = (publishers, subscriptions) if publishes else (subscriptions, publishers)
        # this node's own end as the graph has it: in a profile made here "no deadline" is written differently
        name = node.get_fully_qualified_name()
        own = next((i.qos_profile for i in mine if f"{i.node_namespace.rstrip('/')}/{i.node_name}" == name), own)
        found: dict[str, None] = {}
        for info in others:
            pair = (own, info.qos_profile) if publishes else (info.qos_profile, own)
            if qos_check_compatible(*pair)[0] == QoSCompatibility.ERROR:
                found[info.node_name] = None
        return list(found)
