"""The home's own objects, as the simulator builds them from the catalog, are held the way the catalog says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grasp_rig import AHEAD, DOWN, GraspRig, tool_axes

from vla_ros.core.catalog import Catalog
from vla_ros.sim.object_builder import add_object

KINDS = Catalog.load(Path(__file__).parents[2] / "config" / "objects.yaml").objects
GRIPPER_OPENING = 0.11
ACROSS, ALONG = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
# A flat plate or a lying book offers nothing that this gripper could close around deep enough.
GRASPABLE = [k for k in KINDS if k.graspable and (k.grasp != "rim" or k.size[2] > 0.03) and k.size[1] < GRIPPER_OPENING]


def grasp_of(kind):
    """Tool rotation (3, 3) and offset of the tool from the thing's middle (3,) [m]."""
    length, _, height = kind.size
    if kind.grasp == "rim":
        return tool_axes(DOWN, ALONG), np.array([0.004 - length / 2, 0.0, height / 2 - 0.02])
    if kind.grasp == "side":
        return tool_axes(AHEAD, ACROSS), np.array([0.0, 0.0, max(0.0, 0.055 - height / 2)])
    return tool_axes(DOWN, ACROSS), np.array([0.0, 0.0, max(0.015, height - 0.035) - height / 2])


@pytest.mark.parametrize("kind", GRASPABLE, ids=lambda k: k.category)
def test_it_is_held(kind):
    color = kind.colors[0] if kind.colors else "red"
    rig = GraspRig(lambda spec, position: add_object(spec, "object", kind, color, position, 0.0), kind.size[2])
    rotation, offset = grasp_of(kind)
    result = rig.grasp(rotation, offset, 15.0)
    assert result.lifted_m > 0.09, "it stayed on the table"
    assert result.slipped_m < 0.015, "it slid in the hand"
    assert result.turned_rad < 0.35, "it turned in the hand"
