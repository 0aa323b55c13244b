"""Rotations and frames, against numpy's and scipy's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import (
    JointPositions,
    Pose,
    Pose2D,
    quaternion_from_rotation,
    rotation_from_quaternion,
    wrap_angle,
)

angles = st.floats(-math.pi, math.pi)
lengths = st.floats(-50, 50)


@given(angles, angles, angles)
def test_rotations_agree_with_scipy_both_ways(roll: float, pitch: float, yaw: float) -> None:
    expected = Rotation.from_euler("xyz", [roll, pitch, yaw])
    np.testing.assert_allclose(rotation_from_quaternion(tuple(expected.as_quat())), expected.as_matrix(), atol=1e-12)
    back = np.array(quaternion_from_rotation(expected.as_matrix()))
    assert abs(abs(back @ expected.as_quat()) - 1) < 1e-9


@given(lengths, lengths, angles, lengths, lengths)
def test_a_planar_transform_is_undone_by_its_inverse(x: float, y: float, theta: float, u: float, v: float) -> None:
    pose = Pose2D(x, y, theta)
    np.testing.assert_allclose(pose.inverse_transform(pose.transform(np.array([u, v]))), [u, v], atol=1e-9)
    matrix = pose.to_pose().matrix()
    np.testing.assert_allclose((matrix @ [u, v, 0, 1])[:2], pose.transform(np.array([u, v])), atol=1e-9)


@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_point_the_same_way(angle: float) -> None:
    wrapped = wrap_angle(angle)
    assert -math.pi < wrapped <= math.pi
    assert math.isclose(math.cos(wrapped), math.cos(angle), abs_tol=1e-9)


def test_yaw_and_finiteness() -> None:
    assert math.isclose(Pose.planar(1, 2, 0.7).yaw, 0.7)
    assert Pose().is_finite()
    assert not Pose((math.nan, 0, 0)).is_finite()
    assert not Pose(orientation=(0, 0, 0, 0)).is_finite()


def test_joint_names_and_positions_must_match() -> None:
    with pytest.raises(InputError, match="positions"):
        JointPositions(("a", "b"), (1.0,))
    assert JointPositions(("a", "b"), (1.0, 2.0)).get("b") == 2.0
