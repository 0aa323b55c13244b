"""Whether a scan sees: a lidar whose beams are mostly invalid is blind, not clear. And where its hits are."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.core.robot_state import LaserScan
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import Level, Verdict


def judge_scan(scan: LaserScan, params: SafetyParams) -> Verdict | None:
    """None for a scan that can be trusted, else why it is blind."""
    angles = (scan.angle_min, scan.angle_increment)
    if not all(map(math.isfinite, angles)) or scan.angle_increment == 0.0:
        return _invalid(f"scan has angle_min {angles[0]:g} and angle_increment {angles[1]:g}.")
    if not 0.0 <= scan.range_min < scan.range_max:
        return _invalid(f"scan has range_min {scan.range_min:g} and range_max {scan.range_max:g}.")
    valid = valid_beams(scan)
    count, total = int(np.count_nonzero(valid)), len(valid)
    if count < params.scan_min_beams:
        text = f"scan has {count} valid beams of {total}, at least {params.scan_min_beams} are needed."
        return _blind(text, count, params.scan_min_beams)
    if count < params.scan_min_share * total:
        text = f"scan has {count / total:.0%} valid beams, at least {params.scan_min_share:.0%} are needed."
        return _blind(text, count / total, params.scan_min_share)
    gap = _longest_gap(valid, abs(scan.angle_increment))
    if gap > params.scan_max_gap_rad:
        text = f"scan is blind over {gap:.2f} rad, allowed are {params.scan_max_gap_rad:g}."
        return _blind(text, gap, params.scan_max_gap_rad)
    return None


def valid_beams(scan: LaserScan) -> np.ndarray:
    """(n,) True for beams that measured: a hit in range, nothing in range (+inf, or beyond range_max), or
    something nearer than range_min (-inf). NaN and values below range_min measured nothing."""
    ranges = scan.ranges
    with np.errstate(invalid="ignore"):
        return (ranges >= scan.range_min) | (ranges == -np.inf)


def hits(scan: LaserScan, lidar: tuple[float, float, float]) -> Vector:
    """(k, 2) obstacle points in base_link [m].

    Args:
        scan: as it came.
        lidar: x, y [m] and yaw [rad] of its frame in base_link.
    """
    ranges = np.where(scan.ranges == -np.inf, scan.range_min, scan.ranges)
    with np.errstate(invalid="ignore"):
        hit = (ranges >= scan.range_min) & (ranges <= scan.range_max)
    angles = scan.angle_min + scan.angle_increment * np.flatnonzero(hit)
    near = ranges[hit]
    points = np.stack([near * np.cos(angles), near * np.sin(angles)], axis=1)
    return Pose2D(*lidar).transform(points)


def is_full_turn(beams: int, increment: float) -> bool:
    """Whether the last of ``beams`` beams, ``increment`` [rad] apart, is the first one's neighbour; one may lack."""
    return beams * abs(increment) > 2 * math.pi - 1.5 * abs(increment)


def _longest_gap(valid: np.ndarray, increment: float) -> float:
    """Angle of the longest run of invalid beams; a full turn closes on itself."""
    n = len(valid)
    full = is_full_turn(n, increment)
    seen = np.flatnonzero(valid)
    edges = np.append(seen, seen[0] + n) if full else np.concatenate([[-1], seen, [n]])
    return float(np.max(np.diff(edges)) - 1) * increment


def _invalid(text: str) -> Verdict:
    return Verdict(Level.BRAKE, "scan_invalid", f"The {text}", object="scan", scale=0.0)


def _blind(text: str, value: float, limit: float) -> Verdict:
    return Verdict(Level.BRAKE, "scan_blind", f"The {text}", value, limit, "scan", 0.0)
