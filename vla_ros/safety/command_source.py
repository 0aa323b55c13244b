"""Whose velocity command counts: the autonomy's, or a person's at the teleoperation input, who has priority."""

from __future__ import annotations

import math

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.twist_limit import RawTwist
from vla_ros.safety.verdict import PASS, Level, Verdict

STILL: RawTwist = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class CommandSource:
    """The newest velocity command of both senders and who is heard.

    A person takes over with the first command that is not zero and keeps the robot until control is handed back
    on request; a person who falls silent stops the robot and keeps it.

    Args:
        params: time-outs.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._params = params
        self._autonomy: RawTwist = STILL
        self._teleop: RawTwist = STILL
        self._autonomy_at = self._teleop_at = -math.inf
        self.teleoperated = False

    @property
    def name(self) -> str:
        """Who is heard."""
        return "teleoperation" if self.teleoperated else "autonomy"

    @property
    def raw(self) -> RawTwist:
        """The command that counts."""
        return self._teleop if self.teleoperated else self._autonomy

    def command(self, raw: RawTwist, now: float) -> None:
        """Six axes of cmd_vel_raw."""
        self._autonomy, self._autonomy_at = raw, now

    def teleop(self, raw: RawTwist, now: float) -> None:
        """Six axes of the teleoperation input."""
        self._teleop, self._teleop_at = raw, now
        self.teleoperated = self.teleoperated or any(v != 0.0 for v in raw)

    def hand_back(self) -> tuple[bool, str]:
        """Lets the autonomy drive again."""
        if not self.teleoperated:
            return True, "The autonomy drives already."
        if any(v != 0.0 for v in self._teleop):
            return False, "Not handed back: the teleoperation command is not zero; let go first."
        self.teleoperated = False
        return True, "Handed back: the autonomy drives."

    def is_zero(self, now: float) -> bool:
        """True when no sender that is still heard asks for motion."""
        p = self._params
        heard = [self._autonomy] if now - self._autonomy_at <= p.command_timeout_s else []
        heard += [self._teleop] if now - self._teleop_at <= p.teleop_timeout_s else []
        return all(v == 0.0 for raw in heard for v in raw)

    def judge(self, now: float) -> Verdict:
        """PASS, or BRAKE when the sender that counts is silent."""
        p = self._params
        if self.teleoperated:
            return _silence("teleop", "cmd_vel_teleop", now - self._teleop_at, p.teleop_timeout_s)
        return _silence("command", "cmd_vel_raw", now - self._autonomy_at, p.command_timeout_s)

    def refusal(self) -> Verdict:
        """Why a trajectory of the autonomy does not pass right now; PASS when it may."""
        if not self.teleoperated:
            return PASS
        text = "A person has taken over; call hand_back to let the autonomy move again."
        return Verdict(Level.INFORM, "teleoperation", text, object="cmd_vel_teleop")


def _silence(cause: str, topic: str, age: float, limit: float) -> Verdict:
    if age <= limit:
        return PASS
    silence = f"is silent for {age:.2f} s" if math.isfinite(age) else "was never received"
    text = f"{topic} {silence} (limit {limit:g} s)."
    return Verdict(Level.BRAKE, f"{cause}_timeout", text, age if math.isfinite(age) else 0.0, limit, topic, 0.0)
