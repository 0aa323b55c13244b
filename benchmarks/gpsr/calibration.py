"""How well confidence tells the truth: expected calibration error (Naeini 2015, equal bins) and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

BINS = 10


def bins(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, int]]:
    """(mean confidence, share that is right, count) of every bin of width 0.1 that holds anything."""
    sure, good = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    index = np.minimum((sure * BINS).astype(int), BINS - 1)
    held = [index == b for b in range(BINS)]
    return [(float(sure[m].mean()), float(good[m].mean()), int(m.sum())) for m in held if m.any()]


def expected_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """The mean distance between confidence and share right, weighted by the bins' counts; 0 for nothing."""
    total = len(confidence)
    return sum(n * abs(sure - good) for sure, good, n in bins(confidence, right)) / total if total else 0.0


def draw(confidence: Sequence[float], right: Sequence[bool], path: Path, title: str) -> None:
    """Writes the reliability plot: bars of the share right over confidence, their counts, the diagonal."""
    import cv2

    size, edge = 480, 60
    image = np.full((size + 2 * edge, size + 2 * edge, 3), 255, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return int(edge + x * size), int(edge + (1.0 - y) * size)

    def write(text: str, x: int, y: int, scale: float = 0.45) -> None:
        cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (40, 40, 40), 1, cv2.LINE_AA)

    for sure, good, count in bins(confidence, right):
        low = min(int(sure * BINS), BINS - 1) / BINS
        cv2.rectangle(image, at(low + 0.005, 0.0), at(low + 1.0 / BINS - 0.005, good), (200, 150, 80), -1)
        cv2.circle(image, at(sure, good), 4, (30, 30, 180), -1, cv2.LINE_AA)
        x, y = at(low, good)
        write(str(count), x + 6, y - 8)
    cv2.line(image, at(0, 0), at(1, 1), (120, 120, 120), 1, cv2.LINE_AA)
    cv2.rectangle(image, at(0, 1), at(1, 0), (40, 40, 40), 1)
    for tick in range(0, 11, 2):
        x, y = at(tick / 10, 0)
        write(f"{tick / 10:.1f}", x - 12, y + 20)
        x, y = at(0, tick / 10)
        write(f"{tick / 10:.1f}", x - 36, y + 5)
    write("confidence", size // 2 + 20, size + edge + 44, 0.5)
    write("share right", 6, edge - 14, 0.5)
    write(title, edge + 110, edge - 14, 0.45)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image):
        raise OSError(f"cannot write {path}")
