"""How things touch in the simulated home: one set of contact parameters for pads, objects and surfaces.

MuJoCo mixes the parameters of two touching geoms (the larger friction, averaged solref and solimp) unless one
has the higher priority. The gripper's pads have priority 1, so that what is grasped is held by the rubber of
the pads whatever it is made of; everything else mixes.
"""

from __future__ import annotations

import mujoco

PHYSICS_TIMESTEP_S = 0.002
SOLREF = (0.004, 1.0)
"""Contact time constant [s] (twice the time step: as stiff as is stable) and damping ratio."""
SOLIMP = (0.95, 0.99, 0.001, 0.5, 2.0)
PAD_FRICTION = (1.3, 0.02, 0.0005)
"""Sliding [-], torsional [m] and rolling [m] friction of the rubber pads; repeated in home_robot.xml."""
OBJECT_FRICTION = (0.6, 0.005, 0.0005)
SURFACE_FRICTION = (0.6, 0.005, 0.0005)
ROUND_OBJECT_FRICTION = (0.6, 0.01, 0.002)
"""For balls and apples: more rolling resistance, so that they rest where they are put."""
OBJECT_CONDIM = 4
ROUND_OBJECT_CONDIM = 6


def apply_options(spec: mujoco.MjSpec) -> None:
    """Sets time step, integrator and contact solver of a world in which the robot grasps by friction.

    Angles given to the spec (a door's range) are radians, as everywhere in this package.
    """
    spec.compiler.degree = False
    spec.option.timestep = PHYSICS_TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    # Stiffer friction than normal force: a held object does not creep out of the pads.
    spec.option.impratio = 10.0


def apply_object(geom: mujoco.MjsGeom, rolls: bool = False) -> None:
    """Gives a movable object's collision geom its contact parameters.

    Args:
        geom: of the object, in a spec that is not compiled yet.
        rolls: True for spheres and the like.
    """
    geom.condim = ROUND_OBJECT_CONDIM if rolls else OBJECT_CONDIM
    geom.friction = ROUND_OBJECT_FRICTION if rolls else OBJECT_FRICTION
    geom.solref = SOLREF
    geom.solimp = SOLIMP


def apply_surface(geom: mujoco.MjsGeom) -> None:
    """Gives a piece of furniture, wall or floor its contact parameters."""
    geom.friction = SURFACE_FRICTION
    geom.solref = SOLREF
    geom.solimp = SOLIMP
