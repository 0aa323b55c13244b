"""SROS2 at start: the production profile wants it enforced, and a middleware without it is told apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vla_ros.core.config import param
from vla_ros.core.errors import ConfigError

T = TypeVar("T")
_PAGE = "docs/security.md says how."
_WANTED = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}


@dataclass(frozen=True)
class SecurityParams:
    """Of every node."""

    profile: str = param(
        "development",
        "production refuses to start unless SROS2 is enforced",
        choices=("development", "production"),
    )


def check_profile(profile: str, environ: Mapping[str, str] | None = None) -> None:
    """Raises ConfigError when ``profile`` is production and the environment does not enforce SROS2.

    The two values are compared letter by letter, as rcl does: with "True" it would run without any security.
    """
    if profile != "production":
        return
    environ = os.environ if environ is None else environ
    for name, wanted in _WANTED.items():
        if environ.get(name) != wanted:
            raise ConfigError(name, environ.get(name), f"The production profile needs {name}={wanted}. {_PAGE}")
    keystore = environ.get("ROS_SECURITY_KEYSTORE", "")
    if not keystore or not (Path(keystore) / "enclaves").is_dir():
        raise ConfigError("ROS_SECURITY_KEYSTORE", keystore, f"Name a keystore (a folder with enclaves/). {_PAGE}")


def explained(make: Callable[[], T]) -> T:
    """``make()``; what the middleware says of security while a node is made becomes a ConfigError with a remedy."""
    try:
        return make()
    except RuntimeError as error:
        text = " ".join(str(error).split())
        if "security libraries" in text:
            remedy = (
                "This Fast DDS was built without security (the PyPI wheels are): run a ROS install from apt, "
                "or unset ROS_SECURITY_ENABLE and keep the profile development."
            )
            raise ConfigError("ROS_SECURITY_ENABLE", os.environ.get("ROS_SECURITY_ENABLE"), remedy) from None
        nothing_said = "failed to initialize rcl" in text and os.environ.get("ROS_SECURITY_ENABLE") == "true"
        if "SECURITY ERROR" in text.upper() or nothing_said:  # rcl does not always say why it ends here
            remedy = f"{text[:300]}. Make keys for this process with `vla safety sros2`. {_PAGE}"
            raise ConfigError("ROS_SECURITY_KEYSTORE", os.environ.get("ROS_SECURITY_KEYSTORE"), remedy) from None
        raise
