"""Draws what the robot does: its own view, the view from above, the plan and the safety state, as a film.

Needs Pillow and OpenCV (pip extra "sim"). Knows nothing of ROS: it is given arrays and words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vla_ros.core.errors import MissingExtraError

WIDTH, HEIGHT, PICTURE = 1280, 720, (640, 480)
_INK, _PAPER, _DIM = (236, 240, 244), (22, 27, 34), (139, 148, 158)
_STEP_MARKS = {"pending": "·", "running": ">", "succeeded": "+", "failed": "x", "skipped": "-"}
_STEP_COLORS = {
    "pending": _DIM,
    "running": (255, 209, 102),
    "succeeded": (87, 204, 153),
    "failed": (255, 107, 107),
    "skipped": _DIM,
}
_SAFETY_COLORS = {
    "running": (87, 204, 153),
    "armed": (120, 180, 255),
    "slowed": (255, 209, 102),
    "stopped": (255, 159, 67),
    "boot": _DIM,
}


@dataclass
class Caption:
    """The words under the pictures."""

    command: str = ""
    time_s: float = 0.0
    steps: list[tuple[str, str]] = field(default_factory=list)
    """(state of the step, description)"""
    status: str = ""
    safety_state: str = ""
    safety_text: str = ""
    sees: str = ""
    said: str = ""


def compose(view: np.ndarray | None, overview: np.ndarray | None, caption: Caption) -> np.ndarray:
    """One frame, uint8 (720, 1280, 3), from two RGB pictures of any size (None = not seen yet)."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    for pixels, x in ((view, 0), (overview, PICTURE[0])):
        if pixels is not None:
            canvas.paste(_fit(pixels), (x, 0))
    draw = ImageDraw.Draw(canvas)
    for x, title in ((8, "what the robot sees"), (PICTURE[0] + 8, "from above")):
        _label(draw, (x, 6), title)
    y = PICTURE[1] + 10
    draw.text((16, y), f"“{caption.command}”", fill=_INK, font=_font(20))
    _draw_plan(draw, caption, y + 34)
    _draw_safety(draw, caption, y + 34)
    return np.asarray(canvas)


def _fit(pixels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    scale = min(PICTURE[0] / picture.width, PICTURE[1] / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    framed = Image.new("RGB", PICTURE, _PAPER)
    offset = ((PICTURE[0] - size[0]) // 2, (PICTURE[1] - size[1]) // 2)
    framed.paste(picture.resize(size, Image.Resampling.BILINEAR), offset)
    return framed


def _draw_plan(draw: ImageDraw.ImageDraw, caption: Caption, top: int) -> None:
    running = next((i for i, (state, _) in enumerate(caption.steps) if state == "running"), 0)
    first = max(0, min(running - 2, len(caption.steps) - 7))
    for row, (state, text) in enumerate(caption.steps[first : first + 7]):
        mark = _STEP_MARKS.get(state, "·")
        line = f"{mark} {first + row + 1}. {text}"
        draw.text((16, top + row * 25), _cut(line, 66), fill=_STEP_COLORS.get(state, _INK), font=_font(17))


def _draw_safety(draw: ImageDraw.ImageDraw, caption: Caption, top: int) -> None:
    x = PICTURE[0] + 16
    color = _SAFETY_COLORS.get(caption.safety_state, (255, 107, 107))
    draw.rounded_rectangle((x, top, x + 150, top + 28), 8, fill=color)
    draw.text((x + 75, top + 14), caption.safety_state or "no gate", fill=_PAPER, font=_font(17), anchor="mm")
    draw.text((x + 164, top + 4), _cut(caption.safety_text, 52), fill=_INK, font=_font(15))
    draw.text((x, top + 40), f"{caption.time_s:6.1f} s   {_cut(caption.status, 62)}", fill=_INK, font=_font(17))
    draw.text((x, top + 72), _cut(f"sees: {caption.sees or 'nothing yet'}", 78), fill=_DIM, font=_font(15))
    if caption.said:
        draw.text((x, top + 100), _cut(f"says: “{caption.said}”", 70), fill=(120, 180, 255), font=_font(17))


def _label(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str) -> None:
    box = draw.textbbox(at, text, font=_font(14))
    draw.rectangle((box[0] - 4, box[1] - 3, box[2] + 4, box[3] + 3), fill=_PAPER)
    draw.text(at, text, fill=_INK, font=_font(14))


_FONTS: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


class Film:
    """An MPEG-4 file that grows by one frame at a time; use it as a context manager.

    OpenCV's own encoder: H.264 would need an FFmpeg under the GPL. Raises MissingExtraError without it.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.frames = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), codec, fps, (WIDTH, HEIGHT))
        if not self._writer.isOpened():
            raise MissingExtraError("a video encoder", "Install opencv-python-headless (pip), which brings one.")

    def add(self, frame: np.ndarray) -> None:
        """Appends one frame of :func:`compose`."""
        self._writer.write(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2BGR))
        self.frames += 1

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.release()


def save_png(path: Path, frame: np.ndarray) -> None:
    """Writes one RGB frame as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(frame)).save(path)
