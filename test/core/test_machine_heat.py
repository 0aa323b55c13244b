"""The computer's temperatures as the kernel writes them, broken ones included."""

from __future__ import annotations

from pathlib import Path

from vla_ros.ros.machine_heat import MachineHeat, read_temperatures


def zone(folder: Path, number: int, kind: str, temp: str) -> None:
    path = folder / f"thermal_zone{number}"
    path.mkdir(parents=True)
    (path / "type").write_text(kind + "\n")
    (path / "temp").write_text(temp + "\n")


def test_the_hottest_of_a_name_counts_and_nonsense_is_left_out(tmp_path: Path) -> None:
    zone(tmp_path, 0, "x86_pkg_temp", "45000")
    zone(tmp_path, 1, "cpu-thermal", "61500")
    zone(tmp_path, 2, "gpu-thermal", "-274000")
    zone(tmp_path, 3, "acpitz", "not a number")
    zone(tmp_path, 4, "iwlwifi_1", "38000")
    (tmp_path / "thermal_zone5").mkdir()
    assert read_temperatures(tmp_path) == {"cpu": 61.5, "computer iwlwifi_1": 38.0}


def test_a_computer_without_sensors_costs_no_thread(tmp_path: Path) -> None:
    heat = MachineHeat(tmp_path)
    assert heat.newest == {} and not heat._thread.is_alive()
    heat.close()
