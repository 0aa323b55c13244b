"""One run of the gate as a picture: states as a band, distance and speed over time, a mark where a limit set in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vla_ros.core.errors import MissingExtraError
from vla_ros.safety.run_report import RunReport

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 1200, 640
_LEFT, _RIGHT = 240, WIDTH - 30
_STATES = {
    "boot": "#b9bec6",
    "stopped": "#e0a03c",
    "armed": "#a8cbe8",
    "running": "#4e9a5b",
    "slowed": "#d9d25a",
    "e_stopped": "#c8402f",
    "faulted": "#7b1fa2",
}
_LEVELS = {"e_stop": "#c8402f", "fault": "#7b1fa2", "halt": "#c8402f", "brake": "#d2691e", "block": "#d2691e"}
_INK, _GRID, _OTHER = "#222222", "#dddddd", "#6b7280"
_MOST_LABELS = 14
Series = Sequence[tuple[float, float]]


def draw(report: RunReport) -> Image:
    """The picture of a run, 1200 x 640. Raises MissingExtraError without Pillow."""
    try:
        from PIL import Image as Images
        from PIL import ImageDraw, ImageFont
    except ImportError:
        raise MissingExtraError("Pillow", "Install it with: pip install 'vla_ros[sim]'") from None
    image = Images.new("RGB", (WIDTH, HEIGHT), "white")
    canvas = ImageDraw.Draw(image)
    canvas.font = ImageFont.load_default(size=15)
    span = max(report.duration_s, 1e-3)

    def x_of(time_s: float) -> float:
        return _LEFT + (time_s - report.began_s) / span * (_RIGHT - _LEFT)

    title = (
        f"{report.about.get('robot', 'robot')}: {report.duration_s:.0f} s, {len(report.interventions)} interventions"
    )
    canvas.text((_LEFT, 12), title, fill=_INK)
    _band(canvas, report, x_of, 44, 84)
    nearest = [(x_of(t), d) for t, d, _ in report.samples]
    speed = [(x_of(t), v) for t, _, v in report.samples]
    _panel(canvas, "nearest [m]", nearest, 104, 244, "#2563eb", most=3.0)
    _panel(canvas, "speed [m/s]", speed, 274, 384, "#4e9a5b", most=math.inf)
    _marks(canvas, report, x_of, 400)
    _time_axis(canvas, span, HEIGHT - 36)
    return image


def _band(canvas: ImageDraw, report: RunReport, x_of, top: int, bottom: int) -> None:  # type: ignore[no-untyped-def]
    for begin, end, state in report.stays():
        canvas.rectangle((x_of(begin), top, max(x_of(end), x_of(begin) + 1), bottom), fill=_STATES.get(state, _OTHER))
    x = _LEFT + 340.0
    for state in report.time_in_states():
        canvas.rectangle((x, 14, x + 14, 28), fill=_STATES.get(state, _OTHER))
        canvas.text((x + 20, 12), state, fill=_INK)
        x += 40 + canvas.textlength(state)


def _panel(canvas: ImageDraw, title: str, points: Series, top: int, bottom: int, ink: str, most: float) -> None:
    """Values over time as steps, since a sample is written only when it changes; what is infinite lies at the top."""
    highest = max((min(v, most) for _, v in points if math.isfinite(v)), default=1.0)
    scale = _nice(max(highest, 0.1))
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - top)
        canvas.line((_LEFT, y, _RIGHT, y), fill=_GRID)
        canvas.text((_LEFT - 8, y), f"{scale * share:g}", fill=_INK, anchor="rm")
    canvas.text((_LEFT + 6, top + 2), title, fill=_INK)
    steps: list[tuple[float, float]] = []
    for x, value in points:
        y = bottom - min(value, scale) / scale * (bottom - top)
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    if steps:
        canvas.line([*steps, (_RIGHT, steps[-1][1])], fill=ink, width=2)


def _marks(canvas: ImageDraw, report: RunReport, x_of, top: int) -> None:  # type: ignore[no-untyped-def]
    """A line for each intervention; causes get a row each, the most frequent first."""
    causes = sorted(report.causes.values(), key=lambda c: (-c.episodes, c.cause))[:_MOST_LABELS]
    height = min(22.0, (HEIGHT - 50 - top) / max(len(causes), 1))
    for row, count in enumerate(causes):
        y = top + row * height
        colour = _LEVELS.get(count.level, _OTHER)
        canvas.line((_LEFT, y + height - 3, _RIGHT, y + height - 3), fill=_GRID)
        for record in report.interventions:
            if record.get("cause") == count.cause:
                x = x_of(float(record["time_s"]))
                canvas.polygon(((x - 5, y + height - 4), (x + 5, y + height - 4), (x, y + height - 15)), fill=colour)
        label = f"{count.cause[:24]} {count.episodes}x"
        canvas.text((_LEFT - 12, y + height / 2 + 1), label, fill=colour, anchor="rm")


def _time_axis(canvas: ImageDraw, span: float, y: int) -> None:
    step = _nice(span / 6.0)
    for i in range(int(span / step) + 1):
        x = _LEFT + i * step / span * (_RIGHT - _LEFT)
        canvas.line((x, y - 4, x, y + 2), fill=_INK)
        canvas.text((x, y + 4), f"{i * step:g} s", fill=_INK, anchor="ma")


def _nice(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= value * (1.0 - 1e-9))
