"""Promises 20, 37, 42: parameters and the production profile."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import fields

import numpy as np

from benchmarks.safety_items.registry import Effort, Finding, item
from vla_ros.core.config import check_value, from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.safety.params import SafetyParams

_SECURITY = ("ROS_SECURITY_ENABLE", "ROS_SECURITY_STRATEGY", "ROS_SECURITY_KEYSTORE")


def _start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The shipped node with these parameters; it must end by itself."""
    from benchmarks.safety_items.bench import ROOT, own_domain

    clean = {k: v for k, v in os.environ.items() if k not in _SECURITY}
    command = [sys.executable, str(ROOT / "scripts" / "safety_node"), "--ros-args"]
    for argument in arguments:
        command += ["-p", argument]
    with own_domain() as domain:
        environment = {**clean, **environ, "ROS_DOMAIN_ID": str(domain)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def _refused(done: subprocess.CompletedProcess[str], word: str) -> bool:
    return done.returncode == 2 and word in done.stderr and "Traceback" not in done.stderr


@item(20)
def zero_timeouts(effort: Effort) -> Finding:
    """Each time-out set to 0: refused by the core, and the node's process does not start and says which."""
    names = [f.name for f in fields(SafetyParams) if f.name.endswith("_timeout_s")]
    core = 0
    for name in names:
        for value in (0.0, -0.1, math.nan):
            try:
                from_mapping(SafetyParams, {name: value})
            except ConfigError as error:
                core += name in str(error)
    tried = names[:: effort.count(1, 6)]
    started = [name for name in tried if not _refused(_start(f"{name}:=0.0"), name)]
    met = core == 3 * len(names) and not started
    figure = f"{core}/{3 * len(names)} in the core, {len(tried) - len(started)}/{len(tried)} starts refused"
    return Finding(met, figure, {"started": started})


@item(37)
def no_loosening(effort: Effort) -> Finding:
    """Values out of range, of other types, unknown names; and every parameter set while the gate moves."""
    rng, n, accepted = np.random.default_rng(37), effort.count(20_000, 1_000), []
    known = fields(SafetyParams)
    for _ in range(n):
        field = known[int(rng.integers(len(known)))]
        info = field.metadata["param"]
        choices: list[object] = [None, "high", [1.0], {}, math.nan, math.inf, -math.inf]
        if info.minimum is not None:
            gap = abs(float(rng.normal())) + 1e-6
            choices += [info.minimum - gap, info.maximum + gap, True]
        value = choices[int(rng.integers(len(choices)))]
        if isinstance(value, str) and info.minimum is None and not info.choices:
            value = 3.5
        try:
            check_value(field, SafetyParams, value)
        except ConfigError:
            continue
        accepted.append(f"{field.name}={value!r}")
    for name in ("stop_margin", "command_timeout", "speed", "", "__init__", "rate_hz "):
        try:
            from_mapping(SafetyParams, {name: 1.0})
            accepted.append(name)
        except ConfigError:
            pass
    while_moving, tried = _set_while_moving()
    met = not accepted and not while_moving
    figure = f"{len(accepted)} of {n + 6} accepted; while moving {len(while_moving)} of {tried}"
    return Finding(met, figure, {"accepted": accepted[:5], "while_moving": while_moving[:5]})


def _set_while_moving() -> tuple[list[str], int]:
    """Parameters that the gate's process lets somebody change while the robot drives, and how many were tried."""
    from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
    from rcl_interfaces.srv import GetParameters, ListParameters, SetParameters

    from benchmarks.safety_items.bench import bed

    with bed() as made:
        made.arm()
        made.bear("control", "0.3")
        made.drives(0.27, 15.0)
        watch = made.watch

        def ask(kind: type, name: str, request: object) -> object:
            client = watch.create_client(kind, f"safety_node/{name}")
            made.need(client.service_is_ready, name)
            future = client.call_async(request)
            made.need(future.done, f"answer of {name}")
            return future.result()

        listed = ask(ListParameters, "list_parameters", ListParameters.Request()).result.names  # type: ignore[attr-defined]
        names = [n for n in listed if not n.startswith("qos_overrides")]
        values = ask(GetParameters, "get_parameters", GetParameters.Request(names=names)).values  # type: ignore[attr-defined]
        wanted = []
        for name, value in zip(names, values):
            if value.type == ParameterType.PARAMETER_DOUBLE:
                value = ParameterValue(type=value.type, double_value=value.double_value * 0.9 + 1e-3)
            elif value.type == ParameterType.PARAMETER_BOOL:
                value = ParameterValue(type=value.type, bool_value=not value.bool_value)
            elif value.type == ParameterType.PARAMETER_INTEGER:
                value = ParameterValue(type=value.type, integer_value=value.integer_value + 1)
            wanted.append(Parameter(name=name, value=value))
        answers = ask(SetParameters, "set_parameters", SetParameters.Request(parameters=wanted)).results  # type: ignore[attr-defined]
        drives = watch.sent[-1].speed > 0.27
        if not drives:
            raise AssertionError("the robot did not drive while its parameters were set")
        mine = {"use_sim_time", "start_type_description_service"}  # of rclpy itself: the gate runs on the steady clock
        return [n for n, a in zip(names, answers) if a.successful and n not in mine], len(names)


@item(42)
def production_profile(effort: Effort) -> Finding:
    """The production profile with security unset, permissive, misspelt: no start, and the variable is named."""
    tries: list[tuple[dict[str, str], str]] = [
        ({}, "ROS_SECURITY_ENABLE"),
        ({"ROS_SECURITY_ENABLE": "true"}, "ROS_SECURITY_STRATEGY"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Permissive"}, "ROS_SECURITY_STRATEGY"),
        ({"ROS_SECURITY_ENABLE": "True", "ROS_SECURITY_STRATEGY": "Enforce"}, "ROS_SECURITY_"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "enforce"}, "ROS_SECURITY_"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}, "ROS_SECURITY_"),
    ]
    tries = tries if not effort.quick else tries[:3:2]
    words = [(_start("profile:=production", **environ), named) for environ, named in tries]
    refused = [done.returncode == 2 and named in done.stderr for done, named in words]
    return Finding(all(refused), f"{sum(refused)}/{len(refused)} starts refused")
