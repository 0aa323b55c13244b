"""What goes on around the gate and forbids motion: a second publisher, incompatible QoS, whatever its node reports."""

from __future__ import annotations

from vla_ros.safety.verdict import Level, Verdict


class Conditions:
    """Causes that last until they are taken back. All stop at once."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    def note(self, cause: str, text: str, thing: str = "") -> None:
        """``text`` says why motion is forbidden; "" takes the cause back."""
        key = (cause, thing or cause)
        if text:
            self._texts[key] = text
        else:
            self._texts.pop(key, None)

    def publishers(self, topic: str, others: tuple[str, ...]) -> None:
        """Nodes that publish on ``topic`` besides the one that may; () when there is none."""
        names = ", ".join(name[:60] for name in others[:5])
        self.note("second_publisher", f"{names} publishes {topic} too; end it." if others else "", topic)

    def qos(self, topic: str, text: str) -> None:
        """Somebody offers or asks for ``topic`` with a QoS that does not fit; "" when that is over."""
        self.note("qos_incompatible", f"{topic}: {text}" if text else "", topic)

    def judge(self) -> list[Verdict]:
        """One HALT a condition."""
        return [
            Verdict(Level.HALT, cause, text, object=thing, scale=0.0) for (cause, thing), text in self._texts.items()
        ]
