"""The arrays of an .npz that comes with the package or that its owner trained: read whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import ConfigError


def read_arrays(path: Path, remedy: str = "Install vla_ros again.") -> dict[str, NDArray[Any]]:
    """Name -> array. Raises ConfigError with ``remedy`` for a file that is missing, cut off, or something else."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:  # TypeError: an .npy
        raise ConfigError(path.name, str(path), f"{remedy} ({error})") from None
