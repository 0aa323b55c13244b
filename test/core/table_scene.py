"""Small rendered rooms with exact ground truth for the tests of perception."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

os.environ.setdefault("MUJOCO_GL", "egl")

import mujoco
import numpy as np

from vla_ros.core.catalog import Catalog
from vla_ros.core.config import from_mapping
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.scene import CameraIntrinsics, RgbdFrame

WIDTH, HEIGHT, FOV_X = 320, 240, 75.0

RGB = {
    "red": (0.80, 0.10, 0.10),
    "orange": (0.95, 0.50, 0.08),
    "yellow": (0.92, 0.82, 0.10),
    "green": (0.12, 0.60, 0.18),
    "blue": (0.12, 0.25, 0.80),
    "purple": (0.48, 0.15, 0.60),
    "pink": (0.95, 0.52, 0.70),
    "brown": (0.42, 0.25, 0.12),
    "white": (0.93, 0.93, 0.93),
    "grey": (0.48, 0.48, 0.48),
    "black": (0.06, 0.06, 0.06),
    "beige": (0.86, 0.77, 0.58),
}

CATALOG = from_mapping(
    Catalog,
    {
        "objects": [
            {"category": "cup", "shape": "cylinder", "size": [0.075, 0.075, 0.095]},
            {"category": "can", "shape": "cylinder", "size": [0.066, 0.066, 0.12]},
            {"category": "bottle", "shape": "cylinder", "size": [0.07, 0.07, 0.23]},
            {"category": "apple", "shape": "sphere", "size": [0.075, 0.075, 0.075], "colors": ["red", "green"]},
            {
                "category": "ball",
                "shape": "sphere",
                "size": [0.075, 0.075, 0.075],
                "colors": ["blue", "orange", "yellow", "purple", "pink", "white"],
            },
            {"category": "bowl", "shape": "cylinder", "size": [0.14, 0.14, 0.06], "grasp": "rim", "container": True},
            {"category": "plate", "shape": "flat", "size": [0.2, 0.2, 0.02], "grasp": "rim"},
            {"category": "box", "shape": "box", "size": [0.12, 0.08, 0.08]},
            {"category": "book", "shape": "box", "size": [0.2, 0.14, 0.035]},
            {"category": "phone", "shape": "flat", "size": [0.15, 0.075, 0.012]},
            {"category": "stapler", "shape": "box", "size": [0.14, 0.04, 0.055]},
            {"category": "pen", "shape": "elongated", "size": [0.14, 0.012, 0.012]},
            {"category": "knife", "shape": "elongated", "size": [0.22, 0.025, 0.015], "hazard": "sharp"},
            {
                "category": "basket",
                "shape": "box",
                "size": [0.35, 0.25, 0.15],
                "graspable": False,
                "container": True,
            },
        ]
    },
)

TABLE_HEIGHT = 0.8
PLAN = from_mapping(
    FloorPlan,
    {
        "name": "test_room",
        "rooms": [{"name": "lab", "min": [-3, -3], "max": [3, 3]}],
        "walls": [
            {"start": [2.0, -3], "end": [2.0, 3]},
            {"start": [-3, 3], "end": [3, 3]},
            {"start": [-3, -3], "end": [3, -3]},
            {"start": [-3, -3], "end": [-3, 3]},
        ],
        "furniture": [
            {
                "name": "counter",
                "category": "counter",
                "room": "lab",
                "position": [1.6, 0.0],
                "yaw": math.pi,
                "size": [0.7, 2.4, TABLE_HEIGHT],
                "surfaces": [{"name": "top", "height": TABLE_HEIGHT, "size": [0.6, 2.3]}],
            },
            {
                "name": "shelf",
                "category": "shelf",
                "room": "lab",
                "position": [1.75, 2.2],
                "yaw": math.pi,
                "size": [0.35, 0.9, 1.5],
                "surfaces": [
                    {"name": "shelf_1", "height": 0.5, "size": [0.28, 0.8], "clearance": 0.35},
                    {"name": "shelf_2", "height": 0.9, "size": [0.28, 0.8], "clearance": 0.45},
                ],
            },
        ],
    },
)


@dataclass(frozen=True)
class Thing:
    """One object of a test scene; x, y of its centre, z of its lower side [m]."""

    category: str
    color: str
    x: float
    y: float
    yaw: float = 0.0
    z: float = TABLE_HEIGHT
    scale: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.color}_{self.category}"

    @property
    def size(self) -> tuple[float, float, float]:
        kind = CATALOG.kind(self.category)
        assert kind is not None
        return tuple(self.scale * s for s in kind.size)  # type: ignore[return-value]


@dataclass(frozen=True)
class Figure:
    """A standing person."""

    color: str
    x: float
    y: float
    height: float = 1.7


def look(x: float, y: float, z: float, yaw: float, tilt: float) -> np.ndarray:
    """world_from_camera of a camera that looks along ``yaw``, turned down by ``tilt`` [rad]."""
    forward = np.array([math.cos(yaw) * math.cos(tilt), math.sin(yaw) * math.cos(tilt), -math.sin(tilt)])
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    out = np.eye(4)
    out[:3, 0], out[:3, 1], out[:3, 2], out[:3, 3] = right, np.cross(forward, right), forward, (x, y, z)
    return out


class Room:
    """The test room with things in it, rendered by MuJoCo."""

    def __init__(self, things: tuple[Thing, ...] = (), people: tuple[Figure, ...] = ()) -> None:
        geoms = [_box("floor", (0, 0, -0.05), (3, 3, 0.05), 0, (0.62, 0.55, 0.47))]
        for i, wall in enumerate(PLAN.wall_boxes()):
            geoms.append(_box(f"wall{i}", wall.pose.position, np.array(wall.size) / 2, wall.pose.yaw, (0.9, 0.9, 0.86)))
        counter, shelf = PLAN.furniture
        wood = (0.7, 0.56, 0.4)
        geoms.append(_box("counter", (*counter.position, 0.4), (0.35, 1.2, 0.4), counter.yaw, wood))
        sx, sy = shelf.position
        boards = [(0.02, 0.0), (0.5, 0.0), (0.9, 0.0), (1.5, 0.0)]
        for i, (height, _) in enumerate(boards):
            geoms.append(_box(f"board{i}", (sx, sy, height - 0.01), (0.175, 0.45, 0.01), 0, wood))
        for i, side in enumerate((-0.44, 0.44)):
            geoms.append(_box(f"side{i}", (sx, sy + side, 0.75), (0.175, 0.01, 0.75), 0, wood))
        geoms.append(_box("back", (sx + 0.165, sy, 0.75), (0.01, 0.45, 0.75), 0, wood))
        for i, thing in enumerate(things):
            geoms += _thing(thing, f"t{i}")
        for i, figure in enumerate(people):
            geoms += _figure(figure, f"p{i}")
        fovy = math.degrees(2 * math.atan(math.tan(math.radians(FOV_X / 2)) * HEIGHT / WIDTH))
        xml = f"""<mujoco><visual><global offwidth="{WIDTH}" offheight="{HEIGHT}"/><map znear="0.01" zfar="20"/>
        <headlight ambient="0.35 0.35 0.35" diffuse="0.35 0.35 0.35" specular="0.1 0.1 0.1"/></visual>
        <worldbody><light pos="0 0 2.6" dir="0.3 0.1 -1" diffuse="0.45 0.45 0.45" castshadow="true"/>
        <camera name="cam" mode="fixed" fovy="{fovy}"/>{"".join(geoms)}</worldbody></mujoco>"""
        self._model = mujoco.MjModel.from_xml_string(xml)
        self._data = mujoco.MjData(self._model)
        self._renderer = mujoco.Renderer(self._model, HEIGHT, WIDTH)
        f = WIDTH / 2 / math.tan(math.radians(FOV_X / 2))
        self.intrinsics = CameraIntrinsics(WIDTH, HEIGHT, f, f, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)

    def move(self, index: int, dx: float = 0.0, dy: float = 0.0, dz: float = 0.0, person: bool = False) -> None:
        """Shifts one thing or person."""
        prefix = f"{'p' if person else 't'}{index}"
        for i in range(self._model.ngeom):
            if self._model.geom(i).name.startswith(prefix):
                self._model.geom_pos[i] += (dx, dy, dz)

    def frame(self, camera: np.ndarray, stamp_s: float = 1.0) -> RgbdFrame:
        """What the camera at that pose sees."""
        rotation = camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        self._model.cam_pos[0], self._model.cam_quat[0] = camera[:3, 3], quaternion
        mujoco.mj_forward(self._model, self._data)
        self._renderer.disable_depth_rendering()
        self._renderer.update_scene(self._data, camera="cam")
        rgb = self._renderer.render().copy()
        self._renderer.enable_depth_rendering()
        self._renderer.update_scene(self._data, camera="cam")
        depth = self._renderer.render().copy()
        return RgbdFrame(stamp_s, rgb, depth, self.intrinsics, camera)

    def close(self) -> None:
        self._renderer.close()


def _box(name: str, center: object, half: object, yaw: float, rgb: tuple[float, float, float]) -> str:
    return _geom(name, "box", center, half, rgb, yaw)


def _geom(name: str, kind: str, center: object, size: object, rgb: tuple[float, ...], yaw: float = 0.0) -> str:
    numbers = [" ".join(f"{v:.5f}" for v in values) for values in (center, size, rgb)]  # type: ignore[attr-defined]
    turn = f"{math.cos(yaw / 2):.6f} 0 0 {math.sin(yaw / 2):.6f}"
    at = f'pos="{numbers[0]}" size="{numbers[1]}" quat="{turn}"'
    return f'<geom name="{name}" type="{kind}" {at} rgba="{numbers[2]} 1"/>'


def _thing(t: Thing, name: str) -> list[str]:
    length, width, height = t.size
    rgb = RGB[t.color]
    at = (t.x, t.y, t.z + height / 2)
    if t.category in ("cup", "can", "bottle", "plate"):
        return [_geom(name, "cylinder", at, (length / 2, height / 2), rgb)]
    if t.category in ("apple", "ball"):
        return [_geom(name, "sphere", at, (length / 2,), rgb)]
    if t.category in ("bowl", "basket"):
        return _hollow(t, name)
    if t.category == "pen":
        c, s = math.cos(t.yaw) * length / 2, math.sin(t.yaw) * length / 2
        ends = f"{t.x - c} {t.y - s} {t.z + height / 2} {t.x + c} {t.y + s} {t.z + height / 2}"
        return [f'<geom name="{name}" type="cylinder" fromto="{ends}" size="{width / 2}" rgba="{_join(rgb)} 1"/>']
    return [_box(name, at, (length / 2, width / 2, height / 2), t.yaw, rgb)]


def _join(values: tuple[float, ...]) -> str:
    return " ".join(f"{v:.4f}" for v in values)


def _hollow(t: Thing, name: str) -> list[str]:
    """A bowl of twelve staves or a basket of four panels, each with a bottom."""
    length, width, height = t.size
    rgb, wall = RGB[t.color], 0.004
    out = []
    if t.category == "bowl":
        out.append(_geom(f"{name}b", "cylinder", (t.x, t.y, t.z + wall), (length / 2 - 0.01, wall), rgb))
        r = length / 2 - wall
        for i in range(16):
            a = 2 * math.pi * i / 16
            at = (t.x + r * math.cos(a), t.y + r * math.sin(a), t.z + height / 2)
            out.append(_box(f"{name}s{i}", at, (wall, r * math.tan(math.pi / 16) + 0.002, height / 2), a, rgb))
        return out
    c, s = math.cos(t.yaw), math.sin(t.yaw)
    out.append(_box(f"{name}b", (t.x, t.y, t.z + wall), (length / 2, width / 2, wall), t.yaw, rgb))
    for i, (u, v, hu, hv) in enumerate(
        (
            (length / 2 - wall, 0, wall, width / 2),
            (-length / 2 + wall, 0, wall, width / 2),
            (0, width / 2 - wall, length / 2, wall),
            (0, -width / 2 + wall, length / 2, wall),
        )
    ):
        at = (t.x + c * u - s * v, t.y + s * u + c * v, t.z + height / 2)
        out.append(_box(f"{name}w{i}", at, (hu, hv, height / 2), t.yaw, rgb))
    return out


def _figure(p: Figure, name: str) -> list[str]:
    skin, trousers = (0.85, 0.65, 0.52), (0.2, 0.22, 0.3)
    h = p.height

    def capsule(tag: str, y: float, low: float, high: float, radius: float, rgb: tuple[float, ...]) -> str:
        ends = f"{p.x} {p.y + y} {low} {p.x} {p.y + y} {high}"
        return f'<geom name="{name}{tag}" type="capsule" fromto="{ends}" size="{radius}" rgba="{_join(rgb)} 1"/>'

    return [
        capsule("l", 0.09, 0.08, 0.48 * h, 0.075, trousers),
        capsule("r", -0.09, 0.08, 0.48 * h, 0.075, trousers),
        capsule("t", 0.0, 0.58 * h, 0.74 * h, 0.17, RGB[p.color]),
        capsule("a", 0.22, 0.5 * h, 0.78 * h, 0.05, RGB[p.color]),
        capsule("b", -0.22, 0.5 * h, 0.78 * h, 0.05, RGB[p.color]),
        _geom(f"{name}h", "sphere", (p.x, p.y, h - 0.11), (0.11,), skin),
    ]
