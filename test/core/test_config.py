"""Every YAML is checked at load: the error names field, value and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from vla_ros.core.config import from_mapping, load_yaml, param
from vla_ros.core.errors import ConfigError, shorten
from vla_ros.core.resources import config_file


@dataclass(frozen=True)
class Wheel:
    radius: float = param(0.1, "of the tyre", unit="m", minimum=0.01, maximum=1.0)


@dataclass(frozen=True)
class Cart:
    name: str = param(description="of the cart")
    wheels: tuple[Wheel, ...] = param((), "all of them")
    size: tuple[float, float] = param((1.0, 2.0), "length, width", unit="m")
    count: int = param(4, "of wheels", minimum=1)
    mode: str = param("slow", "how it drives", choices=("slow", "fast"))
    brake: bool = param(True, "has one")
    spare: Wheel | None = param(None, "if any")


def test_a_full_mapping_becomes_the_dataclass() -> None:
    cart = from_mapping(Cart, {"name": "a", "wheels": [{"radius": 1}], "size": [1, 2], "count": 2.0, "spare": {}})
    assert cart == Cart("a", (Wheel(1.0),), (1.0, 2.0), 2, "slow", True, Wheel())
    assert isinstance(cart.wheels[0].radius, float)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, ["name", "required"]),
        ({"name": "a", "whels": []}, ["whels", "unknown", "Did you mean 'wheels'"]),
        ({"name": 3}, ["name", "3", "text"]),
        ({"name": "a", "wheels": [{"radius": 5}]}, ["wheels[0].radius", "5", "0.01 to 1"]),
        ({"name": "a", "wheels": [{"radius": float("nan")}]}, ["wheels[0].radius", "nan", "finite"]),
        ({"name": "a", "wheels": "round"}, ["wheels", "list"]),
        ({"name": "a", "wheels": {"radius": 1}}, ["wheels", "list"]),
        ({"name": "a", "size": [1, 2, 3]}, ["size", "exactly 2"]),
        ({"name": "a", "count": 1.5}, ["count", "whole"]),
        ({"name": "a", "count": True}, ["count", "number"]),
        ({"name": "a", "count": 0}, ["count", "1 or more"]),
        ({"name": "a", "mode": "warp"}, ["mode", "slow, fast"]),
        ({"name": "a", "brake": "yes"}, ["brake", "true or false"]),
        ({"name": "a", "spare": 3}, ["spare", "mapping"]),
        ([], ["mapping"]),
        (None, ["mapping"]),
    ],
)
def test_what_is_wrong_is_named(data: object, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping(Cart, data)
    for word in words:
        assert word in str(caught.value)


def test_yaml_syntax_errors_name_line_and_column(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [1, 2\nother: 3\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2:"):
        load_yaml(bad)
    with pytest.raises(ConfigError, match="does not exist"):
        load_yaml(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_yaml(tmp_path / "latin.yaml")


def test_an_unknown_config_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="apartment"):
        config_file("villa", "homes", "home")
    assert config_file("apartment", "homes").name == "apartment.yaml"


def test_huge_values_do_not_flood_the_log() -> None:
    assert len(shorten("x" * 10_000)) <= 80
