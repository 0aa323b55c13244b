"""Who may say what: the table of config/access.yaml for one robot, checked, as an SROS2 policy."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vla_ros.cli.processes import GATED, topic_remappings
from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.core.robot_description import Topics

GATE, WATCHDOG, OPERATOR = "safety_node", "watchdog_node", "operator"
OPERATORS_ONLY = {
    "request": ("arm", "disarm", "reset_safety", "hand_back"),
    "publish": ("cmd_vel_teleop", "joy", "operator_heartbeat"),
}
"""What no node may do, because a language model might talk it into it."""
_ELEMENTS = (
    ("topics", "topic", ("publish", "subscribe")),
    ("services", "service", ("reply", "request")),
    ("actions", "action", ("call", "execute")),
)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Of one enclave. Names are relative to the robot's namespace, or begin with / or ~/."""

    publish: tuple[str, ...] = param((), "topics")
    subscribe: tuple[str, ...] = param((), "topics")
    reply: tuple[str, ...] = param((), "services it offers")
    request: tuple[str, ...] = param((), "services it calls")
    call: tuple[str, ...] = param((), "actions it calls")
    execute: tuple[str, ...] = param((), "actions it offers")

    def joined(self, other: Access) -> Access:
        """What either may."""
        names = (f.name for f in dataclasses.fields(Access))
        return Access(**{n: tuple(dict.fromkeys((*getattr(self, n), *getattr(other, n)))) for n in names})

    def renamed(self, names: Mapping[str, str]) -> Access:
        """With topics called as a robot's drivers call them."""
        topics = {n: tuple(names.get(t, t) for t in getattr(self, n)) for n in ("publish", "subscribe")}
        return dataclasses.replace(self, **topics)


@dataclass(frozen=True, kw_only=True)
class AccessTable:
    """config/access.yaml."""

    everyone: Access = param(Access(), "of every enclave")
    enclaves: dict[str, Access] = param(description="by name of the node")


def read_table(path: Path, topics: Topics, watchdog: bool) -> AccessTable:
    """The table for one robot: its own topic names, and the watchdog where there is one. Raises ConfigError."""
    table = load_dataclass(AccessTable, path)
    check_table(table, str(path))
    enclaves = dict(table.enclaves)
    if watchdog:
        gated = {topic: f"{topic}_gated" for topic in GATED}
        gate = enclaves[GATE]
        enclaves[GATE] = dataclasses.replace(gate, publish=tuple(gated.get(t, t) for t in gate.publish))
        enclaves[WATCHDOG] = Access(publish=GATED, subscribe=(*gated.values(), "joint_states"))
    names = dict(topic_remappings(topics))
    return dataclasses.replace(table, enclaves={name: access.renamed(names) for name, access in enclaves.items()})


def check_table(table: AccessTable, where: str) -> None:
    """Refuses a table that would let somebody speak past the gate or arm it (promises 41 and 44)."""
    if GATE not in table.enclaves:
        raise ConfigError(f"{where}.enclaves", sorted(table.enclaves), f"List {GATE}: it alone moves the robot.")
    for name, access in {"everyone": table.everyone, **table.enclaves}.items():
        past = sorted(set(access.publish) & set(GATED)) if name != GATE else []
        if past:
            raise ConfigError(f"{where}.{name}.publish", past, f"Only {GATE} may speak to the drivers.")
        for right, guarded in OPERATORS_ONLY.items():
            taken = sorted(set(getattr(access, right)) & set(guarded)) if name != OPERATOR else []
            if taken:
                raise ConfigError(f"{where}.{name}.{right}", taken, f"Only {OPERATOR} may do that.")


def enclave_path(name: str, namespace: str) -> str:
    """Where a process finds its keys; cli/processes.py gives the same path to each process."""
    return "/".join(["", *filter(None, namespace.split("/")), name])


def policy(table: AccessTable, namespace: str = "") -> str:
    """The policy in SROS2's format (version 0.2.0), one enclave for each process."""
    root = ElementTree.Element("policy", version="0.2.0")
    enclaves = ElementTree.SubElement(root, "enclaves")
    for name, access in table.enclaves.items():
        enclave = ElementTree.SubElement(enclaves, "enclave", path=enclave_path(name, namespace))
        profiles = ElementTree.SubElement(enclave, "profiles")
        ns = "/" + namespace.strip("/")
        profile = ElementTree.SubElement(profiles, "profile", ns=ns, node=name)
        for element in _rules(access.joined(table.everyone)):
            profile.append(element)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _rules(access: Access) -> Iterator[ElementTree.Element]:
    for plural, single, rights in _ELEMENTS:
        for right in rights:
            names = getattr(access, right)
            if names:
                rule = ElementTree.Element(plural, {right: "ALLOW"})
                for name in names:
                    ElementTree.SubElement(rule, single).text = name
                yield rule
