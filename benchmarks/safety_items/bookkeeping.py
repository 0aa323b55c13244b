"""Promises 48 and 50: what is kept of every intervention, and whether the tests bite."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.mutation import core_digest
from benchmarks.safety_items.registry import Effort, Finding, UnmetError, item
from benchmarks.safety_items.stories import Forward, Story, arm_trajectory, person, scene_of
from vla_ros.core.motion import ActionChunk
from vla_ros.core.robot_state import Battery
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.records import Journal
from vla_ros.safety.stamps import Stamp

ROOT = Path(__file__).resolve().parents[2]
REPEAT_S = 1.0


def _faults() -> dict[str, Callable[[Story], None]]:
    """A fault for each cause, put into a gate that drives; it lasts."""

    def mute(name: str) -> Callable[[Story], None]:
        return lambda story: story.mute.add(name)

    def command(*axes: float) -> Callable[[Story], None]:
        return lambda story: setattr(story, "command", axes)

    def trajectory(change: Callable[[object], None] | None = None, **more: object) -> Callable[[Story], None]:
        def send(story: Story) -> None:
            bad = arm_trajectory({"arm_joint_1": 1.0}, **more)  # type: ignore[arg-type]
            if change is not None:
                change(bad)
            story.gate.on_trajectory(bad, story.now)

        return send

    def wall(story: Story) -> None:
        ahead = np.array([[0.32, y] for y in np.linspace(-0.1, 0.1, 9)])
        story.obstacles = story.pose.transform(ahead)

    def spoil(part: str) -> Callable[[object], None]:
        return lambda t: getattr(t, part).__setitem__((3, 2), math.nan)

    def freeze(story: Story) -> None:
        at = story.now
        story.stamp = lambda _: at

    return {
        "command_timeout": mute("command"),
        "odom_stale": mute("odom"),
        "scan_stale": mute("scan"),
        "joint_states_stale": mute("joints"),
        "odom_frozen": freeze,
        "scan_blind": lambda s: setattr(s, "ranges", np.full(360, math.nan)),
        "command_not_finite": command(math.nan, 0, 0, 0, 0, 0),
        "unowned_axis": command(0.3, 0, 1.0, 0, 0, 0),
        "speed_limit": command(3.0, 0, 0, 0, 0, 0),
        "emergency_stop": lambda s: s.gate.on_emergency_stop(True, s.now),
        "not_armed": lambda s: s.gate.disarm(s.now) and None,
        "internal_error": lambda s: s.gate.on_exception("test", ValueError("broken")),
        "second_publisher": lambda s: s.gate.on_publishers("cmd_vel", ("/rival",), s.now),
        "qos_incompatible": lambda s: s.gate.on_qos("scan", "best effort"),
        "obstacle": wall,
        "trajectory_not_finite": trajectory(spoil("positions")),
        "trajectory_velocity": trajectory(seconds=0.3),
        "trajectory_end": trajectory(lambda t: t.velocities.__setitem__((-1, 1), 0.5)),  # type: ignore[attr-defined]
        "trajectory_times": trajectory(lambda t: t.times_s.__setitem__(4, 0.0)),  # type: ignore[attr-defined]
        "trajectory_start": trajectory(lambda t: t.positions.__iadd__(1.0)),  # type: ignore[attr-defined]
        "chunk_position": lambda s: (
            s.gate.on_chunk(ActionChunk("c", "joint_delta", ("arm_joint_1",), 0.05, np.full((400, 1), 0.01)), s.now)
            and None
        ),
        "battery_low": lambda s: s.gate.on_battery(Battery(s.now, 0.08, 22.0), s.now),
        "battery_empty": lambda s: s.gate.on_battery(Battery(s.now, 0.01, 20.0), s.now),
        "hot": lambda s: s.gate.on_temperature("motor:arm_joint_1", 120.0, s.now),
        "contact": lambda s: s.gate.on_contact("bumper", True, s.now),
        "teleop_timeout": lambda s: s.gate.on_teleop(Forward, s.now),
    }


def _near_person(story: Story) -> None:
    ahead = story.pose.transform(np.array([0.9, 0.0]))
    story.gate.on_scene(scene_of([person(float(ahead[0]), float(ahead[1]))], story.now), story.now)


@item(48)
def records(effort: Effort) -> Finding:
    """Each kind of fault lasts three seconds: a record with its cause and numbers, at most one a second, a row of the
    journal with its end; the process's faults come on /diagnostics."""
    faults = _faults() | {"ssm": _near_person}
    missing, flooding, rows_missing = [], [], []
    for cause, inject in faults.items():
        story = Story().driving()
        journal = Journal(1.7e9, story.now)
        first = len(story.outputs)
        inject(story)
        story.run(3.0)
        outputs = story.outputs[first:]
        found = [r for o in outputs for r in o.records]
        causes = {r.verdict.cause for r in found}
        aliases = {"ssm": {"ssm", "contact_speed", "person"}, "odom_frozen": {"odom_frozen", "joint_states_frozen"}}
        if not causes & aliases.get(cause, {cause}):
            missing.append(f"{cause}: {', '.join(sorted(causes)) or 'nothing'}")
        for name in causes:
            times = [r.time_s for r in found if r.verdict.cause == name]
            if len(times) > 1 and float(np.diff(times).min()) < REPEAT_S - 1e-6:
                flooding.append(name)
        rows = [row for o in outputs for row in journal.observe(o.status, o.twist, o.records, story.now)]
        rows += journal.close(story.now)
        kept = {row["cause"] for row in rows if row["kind"] == "intervention"}
        ended = {row["cause"] for row in rows if row["kind"] == "summary"}
        if not causes or not causes <= kept or not kept <= ended:
            rows_missing.append(cause)
    stamped = Story(SafetyParams(command_stamps="checked")).armed()
    stamped.mute = {"command"}
    stamped.gate.on_twist(Forward, stamped.now, Stamp(stamped.now - 5.0, stamped.now))
    if "stamp_old" not in {r.verdict.cause for r in stamped.run(0.02).records}:
        missing.append("stamp_old")
    told = _on_diagnostics()
    n = len(faults) + 1
    bad = len(missing) + len(rows_missing)
    met = not missing and not flooding and not rows_missing and told
    figure = f"{n - len(missing)}/{n} causes recorded, {len(flooding)} flood, diagnostics {'yes' if told else 'no'}"
    return Finding(met and bad == 0, figure, {"missing": missing, "flooding": flooding, "no_row": rows_missing})


def _on_diagnostics() -> bool:
    """Whether the process tells of a killed control and of a bad number, and keeps them on disk."""
    from geometry_msgs.msg import Twist

    from benchmarks.safety_items.bench import bed
    from vla_ros.ros import qos

    folder = ROOT / "build" / "benchmarks" / "safety" / "records-of-48"
    before = set(folder.rglob("*.jsonl")) if folder.exists() else set()
    with bed("-p", f"record_folder:={folder}") as made:
        made.arm()
        out = made.watch.speaker(Twist, "cmd_vel_raw", qos.COMMAND)
        made.need(lambda: out.get_subscription_count() > 0, "the gate's subscription")
        message = Twist()
        message.linear.x = math.nan
        out.publish(message)
        words = made.watch.diagnostics
        told = made.until(lambda: any("command_not_finite" in w for w in words), 5.0)
        told = told and made.until(lambda: any("command_timeout" in w for w in words), 5.0)
        made.wait(0.5)
    new = [p for p in folder.rglob("*") if p.is_file() and p not in before]
    kept = any("command_not_finite" in p.read_text(encoding="utf-8", errors="replace") for p in new)
    return told and kept


@item(50)
def mutants(effort: Effort) -> Finding:
    """Quick: mutants of every module, the same ones of the same code. In full: all of them, as recorded when the code
    is that of the record, else judged now."""
    kept = ROOT / "benchmarks" / "data" / "mutation.json"
    recorded = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    same = recorded.get("core") == core_digest()
    sampled = effort.quick or same
    options = ["--sample", "2"] if sampled else []
    command = [sys.executable, "-m", "benchmarks.mutation", *options, "--out", "build/mutation-of-50.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900 if sampled else 6 * 3600)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise UnmetError(f"benchmarks.mutation gave no figure: {' '.join(done.stderr.split())[-150:]}")
    found = json.loads(lines[-1])
    anew = f"{'2 of each module' if sampled else 'all'} anew: {found['killed']}/{found['mutants']}"
    judged = recorded if same and not effort.quick else found
    detail = {"share": judged["share"], "without_equivalent": judged["share_without_equivalent"]}
    if same:
        anew = f"{recorded['share']:.1%} of {recorded['mutants']} ({recorded['revision']}, {recorded['date']}); {anew}"
    return Finding(judged["killed"] >= 0.95 * judged["mutants"], anew, detail)
