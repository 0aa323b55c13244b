"""Configuration dataclasses as ROS parameters, with descriptors; unknown or bad values refuse the start."""

from __future__ import annotations

import dataclasses
from difflib import get_close_matches
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node

from vla_ros.core.config import check_value, param_info
from vla_ros.core.errors import ConfigError

T = TypeVar("T")

_OF_RCLPY = ("use_sim_time", "start_type_description_service", "qos_overrides")


def declare(node: Node, cls: type[T]) -> T:
    """Declares every field of ``cls`` as a read-only parameter of ``node`` and returns the checked values.

    Raises ConfigError (field, value, remedy) for a value of the wrong type or out of range.
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        try:
            raw = node.declare_parameter(field.name, default, _descriptor(field)).value
        except InvalidParameterValueException as error:
            given = node._parameter_overrides.get(field.name)
            raise ConfigError(f"{node.get_name()}.{field.name}", getattr(given, "value", given), str(error)) from None
        if raw is None and isinstance(field.default, tuple):
            raw = ()  # an empty YAML list has no type in ROS and arrives as "not set"
        try:
            values[field.name] = check_value(field, cls, raw)
        except ConfigError as error:
            raise ConfigError(f"{node.get_name()}.{error.field}", error.value, error.remedy) from None
    return cls(**values)


def refuse_unknown(node: Node) -> None:
    """Raises ConfigError for the first parameter that was given (YAML, command line) but is not declared."""
    declared = set(node._parameters)
    for name, given in node._parameter_overrides.items():
        if name in declared or name.split(".")[0] in _OF_RCLPY:
            continue
        close = get_close_matches(name, declared, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(declared))}."
        raise ConfigError(f"{node.get_name()}.{name}", given.value, f"This parameter is unknown. {hint}")


def _descriptor(field: dataclasses.Field[Any]) -> ParameterDescriptor:
    info = param_info(field)
    unit = f" [{info.unit}]" if info.unit else ""
    out = ParameterDescriptor(name=field.name, description=info.description + unit, read_only=True)
    out.dynamic_typing = True  # a YAML "1" for a float is fine; check_value does the typing
    if info.choices:
        out.additional_constraints = "one of: " + ", ".join(map(str, info.choices))
    low, high = info.minimum, info.maximum
    if low is not None and high is not None:
        if isinstance(field.default, float):
            out.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)]
        elif isinstance(field.default, int) and not isinstance(field.default, bool):
            out.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return out
