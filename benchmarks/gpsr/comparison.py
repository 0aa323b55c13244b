"""When two logical forms say the same: literally, or up to what carries no meaning in them."""

from __future__ import annotations

from vla_ros.language.forms import canonical, read


def same(a: str, b: str) -> bool:
    """True when both forms are equal after :func:`canonical`."""
    return canonical(read(a)) == canonical(read(b))


def same_place_kinds_aside(a: str, b: str) -> bool:
    """As :func:`same`, and a room is as good as another location."""
    return canonical(read(a), rooms_are_locations=True) == canonical(read(b), rooms_are_locations=True)
