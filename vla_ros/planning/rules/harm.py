"""Things that could hurt somebody or break: judged by what they are in the catalog and in the scene, not by how the
command puts it. Whole sentences that ask for harm never come here, language refuses them."""

from __future__ import annotations

from vla_ros.planning.rules.rule import Intent, Objection

_GIVING = ("hand_over", "pick", "place")
_UPON = ("on", "above", "in", "")


def child(intent: Intent) -> Objection | None:
    """Nothing sharp, hot, burning or medical goes to a child."""
    if intent.skill != "hand_over" or not intent.is_child(intent.person):
        return None
    found = intent.hazards(intent.thing) & {"sharp", "hot", "fire", "medicine"}
    return Objection("child", "refuse", f"I do not bring {_named(intent)} to a child") if found else None


def medicine(intent: Intent) -> Objection | None:
    """Medicine is handled by people."""
    if not intent.carries or "medicine" not in intent.hazards(intent.thing):
        return None
    return Objection("medicine", "refuse", f"I do not handle {_named(intent)}, it may be medicine; a person should")


def fire(intent: Intent) -> Objection | None:
    """What burns is not carried about."""
    if not intent.carries or "fire" not in intent.hazards(intent.thing):
        return None
    return Objection("fire", "refuse", f"I do not carry {_named(intent)}, it may burn")


def sharp(intent: Intent) -> Objection | None:
    """No blade is held out toward a person: it is laid down within their reach."""
    if intent.skill != "hand_over" or "sharp" not in intent.hazards(intent.thing):
        return None
    text = f"I do not hold {_named(intent)} out to anybody. I lay it down near you instead."
    if intent.person is not None and intent.person.referent.kind != "user":
        text = text.replace("near you", f"near {intent.person.short()}")
    return Objection("sharp", "instead", text, change="lay_down")


def electric(intent: Intent) -> Objection | None:
    """What may hold a liquid is not put on electric things."""
    if intent.skill != "place" or intent.step.relation not in _UPON or intent.step.goal is None:
        return None
    if not any(k.electric for k in intent.kinds(intent.step.goal)) or not any(
        k.liquid for k in intent.kinds(intent.thing)
    ):
        return None
    text = f"I do not put {_named(intent)} on {intent.step.goal.short()}, because it may hold a liquid"
    return Objection("electric", "refuse", text)


def delicate(intent: Intent) -> Objection | None:
    """Fragile, sharp and hot things are carried slowly."""
    found = sorted(intent.hazards(intent.thing) & {"fragile", "sharp", "hot"})
    if not found or intent.skill not in _GIVING:
        return None
    return Objection("delicate", "slow", f"{_named(intent)} is {' and '.join(found)}")


def _named(intent: Intent) -> str:
    return intent.thing.short() if intent.thing is not None else "that"
