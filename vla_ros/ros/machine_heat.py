"""The computer's own temperatures for the gate, read on a thread of its own: some machines take long to answer."""

from __future__ import annotations

import threading
from pathlib import Path

THERMAL = Path("/sys/class/thermal")
_PERIOD_S = 2.0
_NAMES = {"x86_pkg_temp": "cpu", "cpu-thermal": "cpu", "cpu_thermal": "cpu", "gpu-thermal": "gpu", "gpu_thermal": "gpu"}
_COLDEST_C, _HOTTEST_C = -40.0, 200.0


def read_temperatures(folder: Path = THERMAL) -> dict[str, float]:
    """Degrees Celsius by name: cpu, gpu, or the kernel's word for the sensor. Of several of one name the hottest;
    what cannot be read, or is no temperature of a computer, is left out."""
    found: dict[str, float] = {}
    for zone in sorted(folder.glob("thermal_zone*")):
        try:
            kind = (zone / "type").read_text(encoding="utf-8").strip()
            celsius = int((zone / "temp").read_text(encoding="utf-8")) / 1000.0
        except (OSError, ValueError):
            continue
        if _COLDEST_C < celsius < _HOTTEST_C:
            name = _NAMES.get(kind, f"computer {kind}")
            found[name] = max(found.get(name, celsius), celsius)
    return found


class MachineHeat:
    """Keeps the newest readings; :attr:`newest` may be read from any thread."""

    def __init__(self, folder: Path = THERMAL) -> None:
        self.newest: dict[str, float] = {}
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="temperatures", daemon=True)
        if any(folder.glob("thermal_zone*")):
            self._thread.start()

    def close(self) -> None:
        """Ends the thread at its next look."""
        self._ended.set()

    def _work(self) -> None:
        while not self._ended.is_set():
            self.newest = read_temperatures(self._folder)
            self._ended.wait(_PERIOD_S)
