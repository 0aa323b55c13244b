"""The shipped home for tests, built once a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vla_ros.core.catalog import Catalog
from vla_ros.core.config import from_mapping
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.core.robot_description import RobotDescription
from vla_ros.sim.home import Home, Setting
from vla_ros.sim.scenario import Scenario

CONFIG = Path(__file__).resolve().parents[2] / "config"


@cache
def files() -> tuple[FloorPlan, Catalog, People, RobotDescription]:
    return (
        FloorPlan.load(CONFIG / "homes" / "apartment.yaml"),
        Catalog.load(CONFIG / "objects.yaml"),
        People.load(CONFIG / "people.yaml"),
        RobotDescription.load(CONFIG / "robots" / "home_robot.yaml"),
    )


def make_home(seed: int = 0, with_robot: bool = True, **scenario: object) -> Home:
    plan, catalog, people, robot = files()
    episode = from_mapping(Scenario, {"id": "test", "command": "", "seed": seed, **scenario})
    return Home(Setting(plan, catalog, people, robot if with_robot else None, episode, seed))
