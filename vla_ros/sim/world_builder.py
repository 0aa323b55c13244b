"""The empty building as a MuJoCo world: floors, walls, windows, door frames, rugs, pictures, lights."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from vla_ros.core.floorplan import Doorway, FloorPlan, Furniture, Room, Wall
from vla_ros.sim import contact
from vla_ros.sim.furniture_builder import add_furniture
from vla_ros.sim.shapes import CEILING, Pen, rgba
from vla_ros.sim.textures import add_materials

_FLOORS = {"kitchen": "tile_floor", "bedroom": "carpet_floor", "office": "parquet_floor"}
_WALL_COLORS = {
    "living_room": (0.88, 0.84, 0.76),
    "kitchen": (0.86, 0.89, 0.87),
    "bedroom": (0.80, 0.84, 0.90),
    "office": (0.88, 0.86, 0.82),
}
_RUGS = {"living_room": ((0.52, 0.30, 0.28), 1.5, 1.9), "bedroom": ((0.70, 0.66, 0.58), 1.1, 1.5)}
_DOOR_HEIGHT = 2.05
OVERVIEW_CAMERA = "overview"


def build_world(plan: FloorPlan, seed: int = 0) -> mujoco.MjSpec:
    """The building with its furniture, without objects, people or robot, as a spec that is not compiled yet."""
    spec = mujoco.MjSpec()
    spec.modelname = plan.name
    contact.apply_options(spec)
    _set_picture_quality(spec)
    add_materials(spec, np.random.default_rng(seed))
    shell = spec.worldbody.add_body(name="building")
    pen = Pen(shell)
    for room in plan.rooms:
        _add_floor(pen, room, plan)
    for i, wall in enumerate(plan.walls):
        _add_wall(pen, wall, i, plan)
    for door in plan.doorways:
        _add_door_frame(pen, door, plan)
    for piece in plan.furniture:
        add_furniture(spec, piece)
    _add_lights(spec, plan)
    _add_overview(spec, plan)
    return spec


def _set_picture_quality(spec: mujoco.MjSpec) -> None:
    quality, look = spec.visual.quality, spec.visual.headlight
    # Rendering runs without a GPU: few facets, no multisampling, no shadow maps.
    quality.offsamples = 0
    quality.shadowsize = 0
    quality.numslices = 16
    quality.numstacks = 8
    quality.numquads = 2
    look.ambient = [0.50, 0.50, 0.50]
    look.diffuse = [0.32, 0.32, 0.32]
    look.specular = [0.05, 0.05, 0.05]
    spec.visual.global_.offwidth = 1280
    spec.visual.global_.offheight = 960
    spec.stat.extent = 1.0
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 30.0


def _add_floor(pen: Pen, room: Room, plan: FloorPlan) -> None:
    (x0, y0), (x1, y1) = room.min, room.max
    center, size = ((x0 + x1) / 2, (y0 + y1) / 2, -0.05), (x1 - x0, y1 - y0, 0.10)
    material = _FLOORS.get(room.name, "wood_floor")
    pen.box(center, size, material=material, solid=True, name=f"floor_{room.name}").group = 1
    ceiling = pen.box((center[0], center[1], 2.43), (size[0], size[1], 0.02), rgba((0.93, 0.93, 0.91)))
    ceiling.group = CEILING
    if room.name in _RUGS:
        color, dx, dy = _RUGS[room.name]
        x, y = _rug_place(room, plan)
        pen.box((x, y, 0.002), (dx, dy, 0.004), rgba(color))
        pen.box((x, y, 0.003), (dx - 0.2, dy - 0.2, 0.004), rgba(color, 1.25))


def _rug_place(room: Room, plan: FloorPlan) -> tuple[float, float]:
    """Beside the room's low table where there is one, else in the middle."""
    for piece in plan.furniture:
        if piece.room == room.name and piece.category == "coffee_table":
            return piece.position
    return room.center


def _add_wall(pen: Pen, wall: Wall, index: int, plan: FloorPlan) -> None:
    """Two leaves of half the thickness, each in the colour of its room, and a skirting board."""
    (x0, y0), (x1, y1) = wall.start, wall.end
    length, yaw = math.hypot(x1 - x0, y1 - y0), math.atan2(y1 - y0, x1 - x0)
    mid = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    along, normal = np.array([math.cos(yaw), math.sin(yaw)]), np.array([-math.sin(yaw), math.cos(yaw)])
    name = f"wall_{index}"
    core = pen.box((*mid, wall.height / 2), (length, wall.thickness - 0.004, wall.height), rgba("white"), solid=True,
                   yaw=yaw, name=name)  # fmt: skip
    core.rgba = [0.86, 0.86, 0.84, 1.0]
    for side in (-1.0, 1.0):
        for low, high, room in _stretches(plan, mid, along, normal * side, length):
            u = (low + high) / 2
            face = mid + along * u + normal * side * (wall.thickness / 2 - 0.002)
            paint = rgba(_WALL_COLORS.get(room.name, (0.86, 0.86, 0.84)))
            pen.box((*face, wall.height / 2), (high - low, 0.004, wall.height), paint, yaw=yaw)
            foot = mid + along * u + normal * side * (wall.thickness / 2 + 0.004)
            pen.box((*foot, 0.04), (high - low, 0.008, 0.08), rgba((0.95, 0.95, 0.93)), yaw=yaw)
            outer = plan.room_at(*(mid + along * u - normal * side * 0.4)) is None
            _decorate(pen, plan, room, face, along, normal * side, high - low, yaw, outer)


def _stretches(
    plan: FloorPlan, mid: np.ndarray, along: np.ndarray, outward: np.ndarray, length: float
) -> list[tuple[float, float, Room]]:
    """Parts (from, to, room) of a wall's face that look into one room; positions along the wall from its middle."""
    found: list[tuple[float, float, Room]] = []
    for room in plan.rooms:
        ends = []
        for u in np.linspace(-length / 2, length / 2, 181):
            x, y = mid + along * u + outward * 0.12
            if room.contains(float(x), float(y)):
                ends.append(float(u))
        if ends and max(ends) - min(ends) > 0.05:
            found.append((min(ends), max(ends), room))
    return found


def _decorate(
    pen: Pen,
    plan: FloorPlan,
    room: Room,
    face: np.ndarray,
    along: np.ndarray,
    normal: np.ndarray,
    length: float,
    yaw: float,
    outer: bool,
) -> None:
    """A window on a long outer wall, a picture on a long inner one, where no tall furniture stands before it."""
    if length < 1.6:
        return
    width, height, z = (1.3, 1.05, 1.55) if outer else (0.62, 0.46, 1.55)
    for u in (0.0, 0.22 * length, -0.22 * length):
        spot = face + along * u
        before = spot + normal * 0.3
        tall = [p for p in plan.furniture_at(float(before[0]), float(before[1]), width / 2) if _is_tall(p)]
        if tall or abs(u) + width / 2 > length / 2 - 0.1:
            continue
        if outer:
            pen.box((*(spot + normal * 0.006), z), (width + 0.12, 0.02, height + 0.12), rgba("white"), yaw=yaw)
            for k in (-1, 1):
                pane = spot + normal * 0.012 + along * k * (width / 4 + 0.01)
                pen.box((*pane, z), (width / 2 - 0.04, 0.02, height), (0.68, 0.82, 0.93, 1.0), yaw=yaw)
            sill = spot + normal * 0.05
            pen.box((*sill, z - height / 2 - 0.07), (width + 0.2, 0.10, 0.025), rgba("white"), yaw=yaw)
        else:
            pen.box((*(spot + normal * 0.008), z), (width, 0.02, height), rgba("black", 2.0), yaw=yaw)
            number = sum(map(ord, room.name)) % 4
            board = spot + normal * 0.019
            picture = pen.box((*board, z), (width - 0.06, height - 0.06, 0.004), material=f"picture_{number}")
            picture.quat = _upright(normal)
        return


def _is_tall(piece: Furniture) -> bool:
    """True for what covers the wall at eye level; a bench carries a television."""
    return piece.size[2] > 1.0 or piece.category == "bench"


def _upright(normal: np.ndarray) -> tuple[float, float, float, float]:
    """Quaternion w, x, y, z that turns a lying sheet (x right, y up, z out) upright, facing ``normal``."""
    right = np.array([-normal[1], normal[0], 0.0])
    matrix = np.column_stack([right, (0.0, 0.0, 1.0), (normal[0], normal[1], 0.0)])
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, matrix.ravel())
    return tuple(float(v) for v in quat)  # type: ignore[return-value]


def _add_door_frame(pen: Pen, door: Doorway, plan: FloorPlan) -> None:
    """The wall above the opening and a frame around it, thin enough to leave the clear width."""
    x, y = door.center
    along_x = any(abs(w.start[1] - w.end[1]) < 1e-6 and abs(w.start[1] - y) < 0.02 for w in plan.walls)
    yaw = 0.0 if along_x else math.pi / 2
    ux, uy = math.cos(yaw), math.sin(yaw)
    height = max((w.height for w in plan.walls), default=2.4)
    lintel = height - _DOOR_HEIGHT
    pen.box((x, y, _DOOR_HEIGHT + lintel / 2), (door.width, 0.10, lintel), rgba((0.86, 0.86, 0.84)), yaw=yaw)
    trim = rgba((0.62, 0.45, 0.30))
    for side in (-1, 1):
        u = side * (door.width / 2 + 0.025)
        pen.box((x + ux * u, y + uy * u, _DOOR_HEIGHT / 2), (0.07, 0.13, _DOOR_HEIGHT), trim, yaw=yaw)
    pen.box((x, y, _DOOR_HEIGHT), (door.width + 0.12, 0.13, 0.05), trim, yaw=yaw)
    pen.box((x, y, 0.001), (door.width, 0.11, 0.004), rgba((0.40, 0.30, 0.22)), yaw=yaw)


def _add_lights(spec: mujoco.MjSpec, plan: FloorPlan) -> None:
    """One directional light for the whole flat; a lamp's globe hangs in every room for the eye only."""
    spec.worldbody.add_light(
        name="day",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0, 0, 4],
        dir=[0.35, 0.25, -0.9],
        diffuse=[0.36, 0.36, 0.34],
        specular=[0.05, 0.05, 0.05],
        castshadow=False,
    )
    pen = Pen(spec.body("building"))
    for room in plan.rooms:
        x, y = room.center
        pen.ball((x, y, 2.28), (0.14, 0.14, 0.10), (1.0, 0.97, 0.88, 1.0)).group = CEILING


def _add_overview(spec: mujoco.MjSpec, plan: FloorPlan) -> None:
    """A camera high above the middle that sees the whole flat; there is no ceiling."""
    x0, y0, x1, y1 = plan.bounds()
    fov = math.radians(45.0)
    # 4:3 picture: the height must hold y, the width x; walls lean outwards, so a little more
    span = max((y1 - y0) * 1.12, (x1 - x0) * 1.12 * 3 / 4)
    height = span / 2 / math.tan(fov / 2) + 1.2
    spec.worldbody.add_camera(name=OVERVIEW_CAMERA, pos=[(x0 + x1) / 2, (y0 + y1) / 2, height], fovy=math.degrees(fov))
