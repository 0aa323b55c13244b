"""Files of arrays are read whole, or named with what to do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from vla_ros.core.arrays import read_arrays
from vla_ros.core.errors import ConfigError


def packed() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.arange(1000.0), b=np.ones((2, 3), np.float16))
    return stream.getvalue()


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(packed())
    found = read_arrays(tmp_path / "w.npz")
    assert list(found) == ["a", "b"] and found["a"][-1] == 999.0 and found["b"].dtype == np.float16


@pytest.mark.parametrize("content", [None, b"", b"no zip", packed()[:300], packed()[:-30]])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"w\.npz.*Train it again"):
        read_arrays(path, "Train it again.")


def test_one_array_and_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones(3))
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    for name in ("one.npy", "objects.npz"):
        with pytest.raises(ConfigError, match=name):
            read_arrays(tmp_path / name)
