"""Configuration: one frozen dataclass a stage, read from YAML or ROS parameters, checked at load.

Every field is declared with :func:`param`, which carries default, range, unit and words. The same
metadata makes the ROS parameter descriptors (``vla_ros/ros/parameters.py``) and the parameter
reference in the docs. Unknown keys, wrong types, non-finite numbers and values out of range raise
:class:`~vla_ros.core.errors.ConfigError`.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from vla_ros.core.errors import ConfigError

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class ParamInfo:
    """What a user needs to know of one parameter besides its type and default."""

    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()


def param(
    default: Any = dataclasses.MISSING,
    description: str = "",
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[Any, ...] = (),
) -> Any:
    """A dataclass field with its range, unit and words. No default means: required."""
    info = ParamInfo(description, unit, minimum, maximum, choices)
    metadata = {"param": info}
    if isinstance(default, (list, dict, set)):
        raise TypeError("use a tuple or a factory-free default: parameters are frozen")
    return dataclasses.field(default=default, metadata=metadata)


def param_info(field: dataclasses.Field[Any]) -> ParamInfo:
    """The metadata of a field; an empty description for a plain field."""
    return field.metadata.get("param", ParamInfo(""))


def load_yaml(path: str | Path) -> Any:
    """Reads a YAML file; a missing or malformed file is a ConfigError that names line and column."""
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.safe_load(stream)
    except FileNotFoundError:
        raise ConfigError("file", str(path), "Check the path; the file does not exist.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), error.reason, "Save the file as UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(where, problem, "Mend the YAML syntax at this place.") from None


def load_dataclass(cls: type[T], path: str | Path) -> T:
    """Reads ``cls`` from a YAML file whose top level is a mapping."""
    return from_mapping(cls, load_yaml(path), str(path))


def from_mapping(cls: type[T], data: Any, where: str = "") -> T:
    """Builds the (nested) dataclass ``cls`` from plain YAML data, checking every key and value.

    Supports bool, int, float, str, ``tuple[X, ...]``, ``tuple[X, Y]``, ``dict[str, X]``, ``X | None``,
    ``Any`` and nested dataclasses. ``where`` prefixes field names in errors.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(where or cls.__name__, data, "Give a mapping (key: value).")
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    for key in data:
        if key not in fields:
            close = get_close_matches(str(key), fields, 1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(fields))}."
            raise ConfigError(_join(where, str(key)), data[key], f"This key is unknown. {hint}")
    hints = _hints(cls)  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _convert(hints[name], data[name], _join(where, name), param_info(field))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(_join(where, name), None, f"This key is required: {param_info(field).description}")
    return cls(**values)


def check_value(field: dataclasses.Field[Any], cls: type, value: Any) -> Any:
    """Converts and checks one value for one field of ``cls`` (used by ROS parameter callbacks)."""
    return _convert(_hints(cls)[field.name], value, field.name, param_info(field))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _convert(hint: Any, value: Any, where: str, info: ParamInfo) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        inner = [a for a in args if a is not type(None)]
        return _convert(inner[0], value, where, info)
    if origin is tuple:
        return _convert_tuple(args, value, where, info)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(where, value, "Give a mapping (key: value).")
        return {str(k): _convert(args[1], v, _join(where, str(k)), info) for k, v in value.items()}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return value if isinstance(value, hint) else from_mapping(hint, value, where)
    return _convert_scalar(hint, value, where, info)


def _convert_tuple(args: tuple[Any, ...], value: Any, where: str, info: ParamInfo) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise ConfigError(where, value, "Give a list.")
    items = list(value)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(args[0], v, f"{where}[{i}]", info) for i, v in enumerate(items))
    if len(items) != len(args):
        raise ConfigError(where, value, f"Give a list of exactly {len(args)} values.")
    return tuple(_convert(a, v, f"{where}[{i}]", info) for i, (a, v) in enumerate(zip(args, items)))


def _convert_scalar(hint: Any, value: Any, where: str, info: ParamInfo) -> Any:
    if hint is bool:
        if not isinstance(value, bool):
            raise ConfigError(where, value, "Give true or false.")
        return value
    if hint is str:
        if not isinstance(value, str):
            raise ConfigError(where, value, "Give text (put it in quotes).")
    elif hint in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigError(where, value, f"Give a number{_unit(info)}.")
        if not math.isfinite(value):
            raise ConfigError(where, value, f"Give a finite number{_unit(info)}.")
        if hint is int and int(value) != value:
            raise ConfigError(where, value, "Give a whole number.")
        value = hint(value)
        low, high = info.minimum, info.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise ConfigError(where, value, f"Allowed is {_range(low, high)}{_unit(info)}.")
    else:
        raise TypeError(f"{where}: configuration cannot hold a {hint}")
    if info.choices and value not in info.choices:
        raise ConfigError(where, value, f"Choose one of: {', '.join(map(str, info.choices))}.")
    return value


def _unit(info: ParamInfo) -> str:
    return f" in {info.unit}" if info.unit else ""


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if low is not None else f"{high:g} or less"
