"""`pip install .` of the ROS-free part; everything fixed stands in setup.cfg."""

from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent


def data_files() -> list[tuple[str, list[str]]]:
    """package.xml, config/ and launch/ with their folders, below share/vla_ros."""
    found: dict[str, list[str]] = {"share/vla_ros": ["package.xml"]}
    for top in ("config", "launch"):
        for path in sorted((HERE / top).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                relative = path.relative_to(HERE)
                found.setdefault(f"share/vla_ros/{relative.parent.as_posix()}", []).append(relative.as_posix())
    return sorted(found.items())


setup(data_files=data_files())
