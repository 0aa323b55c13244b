"""Procedural textures: wood planks, tiles, carpet, parquet, a picture. Made with numpy from the seed, no files."""

from __future__ import annotations

import mujoco
import numpy as np

_SIZE = 128

Image = np.ndarray


def add_materials(spec: mujoco.MjSpec, rng: np.random.Generator) -> None:
    """Adds the materials wood_floor, tile_floor, carpet_floor, parquet_floor, rug, wood, picture_0..3."""
    _add(spec, "wood_floor", _planks(rng, (0.62, 0.45, 0.30)), repeat=0.8)
    _add(spec, "tile_floor", _tiles(rng, (0.80, 0.80, 0.78), (0.62, 0.62, 0.60)), repeat=1.25)
    _add(spec, "carpet_floor", _noise(rng, (0.55, 0.58, 0.64), 0.02), repeat=1.0)
    _add(spec, "parquet_floor", _parquet(rng, (0.62, 0.44, 0.29)), repeat=1.3)
    for i in range(4):
        _add(spec, f"picture_{i}", _picture(rng), repeat=0.0)


def _add(spec: mujoco.MjSpec, name: str, pixels: Image, repeat: float) -> None:
    """Adds one 2D texture (H, W, 3 in [0, 1]) with its material; ``repeat`` per metre, 0 = once over the geom."""
    height, width, _ = pixels.shape
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3)
    texture.data = (np.clip(pixels, 0, 1) * 255).astype(np.uint8).tobytes()
    material = spec.add_material(name=name, specular=0.1, shininess=0.1)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    if repeat:
        material.texuniform = True
        material.texrepeat = [repeat, repeat]


def _noise(rng: np.random.Generator, color: tuple[float, float, float], amount: float) -> Image:
    grain = rng.normal(0.0, amount, (_SIZE, _SIZE, 1))
    return np.asarray(color)[None, None, :] + grain


def _planks(rng: np.random.Generator, color: tuple[float, float, float]) -> Image:
    rows, shades = 8, rng.normal(1.0, 0.07, (8, 2))
    out = np.empty((_SIZE, _SIZE, 3))
    step = _SIZE // rows
    for row in range(rows):
        cut = int(rng.integers(20, _SIZE - 20))
        streaks = rng.normal(0.0, 0.02, (step, 1)) + rng.normal(0.0, 0.008, (step, _SIZE))
        for part, (low, high) in enumerate(((0, cut), (cut, _SIZE))):
            plank = np.asarray(color) * shades[row, part] + streaks[:, low:high, None]
            plank[:, :1] *= 0.7
            out[row * step : (row + 1) * step, low:high] = plank
        out[row * step] *= 0.75
    return out


def _parquet(rng: np.random.Generator, color: tuple[float, float, float]) -> Image:
    out = np.empty((_SIZE, _SIZE, 3))
    block, strip = _SIZE // 2, _SIZE // 8
    for i in range(2):
        for j in range(2):
            tile = np.empty((block, block, 3))
            for k in range(0, block, strip):
                tile[k : k + strip] = np.asarray(color) * rng.normal(1.0, 0.08)
                tile[k] *= 0.75
            if (i + j) % 2:
                tile = tile.transpose(1, 0, 2)
            out[i * block : (i + 1) * block, j * block : (j + 1) * block] = tile
    return out


def _tiles(rng: np.random.Generator, color: tuple[float, float, float], joint: tuple[float, float, float]) -> Image:
    out = np.empty((_SIZE, _SIZE, 3))
    half = _SIZE // 2
    for i in range(2):
        for j in range(2):
            out[i * half : (i + 1) * half, j * half : (j + 1) * half] = np.asarray(color) * rng.normal(1.0, 0.03)
    for k in (0, half):
        out[k : k + 2] = joint
        out[:, k : k + 2] = joint
    return out


def _picture(rng: np.random.Generator) -> Image:
    """A landscape: sky, hills, a sun, in muted colours."""
    y, x = np.mgrid[0:64, 0:64] / 64.0
    top, bottom = rng.uniform(0.55, 0.85, 3), rng.uniform(0.4, 0.8, 3)
    out = top * (1 - y[..., None]) + bottom * y[..., None]
    sun = rng.uniform(0.2, 0.8, 2) * (1.0, 0.5)
    out[np.hypot(x - sun[0], y - sun[1]) < 0.10] = (0.95, 0.85, 0.6)
    for level in (0.55, 0.7, 0.82):
        hill = level + 0.08 * np.sin(2 * np.pi * (x * rng.uniform(0.6, 1.6) + rng.uniform(0, 1)))
        out[y > hill] = rng.uniform(0.25, 0.55, 3)
    return out
