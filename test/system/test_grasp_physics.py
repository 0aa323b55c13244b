"""Every kind of graspable thing is held by contact and friction while the arm shakes it and the base drives."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest
from grasp_rig import AHEAD, DOWN, TABLE_HEIGHT, GraspRig, tool_axes

from vla_ros.core.geometry import Twist2D
from vla_ros.sim import contact

ACROSS = np.array([0.0, 1.0, 0.0])
ALONG = np.array([1.0, 0.0, 0.0])


def _free_body(spec, position):
    body = spec.worldbody.add_body(name="object", pos=position)
    body.add_freejoint()
    return body


def solid(kind, size, mass, rolls=False):
    """Adds one geom of full edge lengths (or diameters) ``size``."""

    def put(spec, position):
        body = _free_body(spec, position)
        shapes = {
            "box": (mujoco.mjtGeom.mjGEOM_BOX, np.array(size) / 2),
            "cylinder": (mujoco.mjtGeom.mjGEOM_CYLINDER, [size[0] / 2, size[2] / 2, 0.0]),
            "sphere": (mujoco.mjtGeom.mjGEOM_SPHERE, [size[0] / 2, 0.0, 0.0]),
        }
        geom = body.add_geom(type=shapes[kind][0], size=shapes[kind][1], mass=mass)
        contact.apply_object(geom, rolls)

    return put


def ring(diameter, height, mass, wall=0.006, pieces=16):
    """Adds a bowl or plate: a bottom and an upright rim."""

    def put(spec, position):
        body = _free_body(spec, position)
        bottom = body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[diameter / 2 - wall, 0.003, 0.0],
            pos=[0.0, 0.0, 0.003 - height / 2],
            mass=mass / 2,
        )
        contact.apply_object(bottom)
        radius = diameter / 2 - wall / 2
        for i in range(pieces):
            angle = 2 * math.pi * i / pieces
            piece = body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=[wall / 2, radius * math.tan(math.pi / pieces), height / 2],
                pos=[radius * math.cos(angle), radius * math.sin(angle), 0.0],
                quat=[math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2)],
                mass=mass / 2 / pieces,
            )
            contact.apply_object(piece)

    return put


def above(height):
    """Offset of the tool from the middle of a thing grasped from above: deep, but clear of the table."""
    return np.array([0.0, 0.0, max(0.015, height - 0.035) - height / 2])


TOP, TOP_TURNED, FRONT = tool_axes(DOWN, ACROSS), tool_axes(DOWN, ALONG), tool_axes(AHEAD, ACROSS)
RIM = tool_axes(DOWN, ALONG)
CASES = {
    "cup from above": (solid("cylinder", (0.075, 0.075, 0.095), 0.18), 0.095, TOP, above(0.095), 25.0),
    "cup from the front": (solid("cylinder", (0.075, 0.075, 0.095), 0.35), 0.095, FRONT, [0, 0, 0.01], 25.0),
    "can from the front": (solid("cylinder", (0.066, 0.066, 0.12), 0.35), 0.12, FRONT, [0, 0, 0.0], 25.0),
    "bottle from the front": (solid("cylinder", (0.07, 0.07, 0.23), 0.6), 0.23, FRONT, [0, 0, 0.0], 30.0),
    "full bottle, 1 kg": (solid("cylinder", (0.07, 0.07, 0.23), 1.0), 0.23, FRONT, [0, 0, 0.03], 40.0),
    "apple": (solid("sphere", (0.075,) * 3, 0.18, True), 0.075, TOP, above(0.075), 20.0),
    "ball": (solid("sphere", (0.075,) * 3, 0.06, True), 0.075, TOP, above(0.075), 15.0),
    "box": (solid("box", (0.12, 0.08, 0.08), 0.3), 0.08, TOP, above(0.08), 25.0),
    "heavy box": (solid("box", (0.12, 0.08, 0.08), 1.0), 0.08, TOP, above(0.08), 40.0),
    "book lying": (solid("box", (0.18, 0.1, 0.035), 0.4), 0.035, TOP, above(0.035), 30.0),
    "book standing": (solid("box", (0.14, 0.035, 0.2), 0.4), 0.2, FRONT, [-0.05, 0, 0.0], 30.0),
    "phone": (solid("box", (0.15, 0.075, 0.012), 0.17), 0.012, TOP, above(0.012), 25.0),
    "stapler": (solid("box", (0.14, 0.04, 0.055), 0.2), 0.055, TOP, above(0.055), 25.0),
    "pen": (solid("box", (0.14, 0.012, 0.012), 0.005), 0.012, TOP, above(0.012), 10.0),
    "round pen": (solid("box", (0.012, 0.14, 0.012), 0.02), 0.012, TOP_TURNED, above(0.012), 20.0),
    "knife": (solid("box", (0.22, 0.025, 0.015), 0.1), 0.015, TOP, above(0.015), 25.0),
    "bowl by its rim": (ring(0.14, 0.06, 0.22), 0.06, RIM, [-0.067, 0, 0.015], 25.0),
    "plate by its rim": (ring(0.2, 0.025, 0.15), 0.025, RIM, [-0.097, 0, 0.016], 30.0),
}


@pytest.mark.parametrize("name", CASES)
def test_it_holds(name):
    add, height, rotation, offset, effort = CASES[name]
    result = GraspRig(add, height).grasp(rotation, np.asarray(offset, dtype=float), effort)
    print(name, result)
    assert result.lifted_m > 0.09, "it stayed on the table"
    assert result.slipped_m < 0.015, "it slid in the hand"
    assert result.turned_rad < 0.35, "it turned in the hand"
    assert result.most_tool_error_m < 0.003, "the arm is not where the trajectory ends"
    assert result.opening_m > 0.004


@pytest.mark.parametrize("name", ["cup from above", "can from the front", "stapler"])
def test_a_grasp_beside_the_thing_holds_nothing(name):
    add, height, rotation, offset, effort = CASES[name]
    rig = GraspRig(add, height)
    beside = np.asarray(offset, dtype=float) + 0.14 * ACROSS
    result = rig.grasp(rotation, beside, effort)
    assert abs(rig.object_position[2] - (TABLE_HEIGHT + height / 2)) < 0.003, "it moved by itself"
    assert result.lifted_m < 0.003
    assert result.opening_m < 0.002, "the fingers should have met"


def test_a_weak_grip_loses_a_full_bottle():
    add, height, rotation, offset, _ = CASES["full bottle, 1 kg"]
    result = GraspRig(add, height).grasp(rotation, np.asarray(offset, dtype=float), 2.0)
    assert result.lifted_m < 0.05 or result.slipped_m > 0.03


def test_the_fingers_stay_symmetric_around_a_thing_off_the_middle():
    add, height, rotation, offset, effort = CASES["box"]
    rig = GraspRig(add, height)
    result = rig.grasp(rotation, np.asarray(offset, dtype=float) + 0.01 * ACROSS, effort)
    left, right = (rig.data.joint(name).qpos[0] for name in rig.robot.gripper.joints)
    assert abs(left - right) < 0.002
    assert result.lifted_m > 0.09


@pytest.mark.parametrize("name", ["cup from above", "full bottle, 1 kg"])
def test_it_stays_in_the_hand_through_two_full_turns_on_the_spot(name):
    add, height, rotation, offset, effort = CASES[name]
    rig = GraspRig(add, height)
    assert rig.grasp(rotation, np.asarray(offset, dtype=float), effort).lifted_m > 0.09
    before, _ = rig.object_in_tool()
    rig.run(4 * math.pi / 1.2, lambda t: Twist2D(0.0, 0.0, 1.2))
    after, _ = rig.object_in_tool()
    assert np.linalg.norm(after - before) < 0.012
