"""Parameters of the memory, the same for each node that uses it."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class MemoryParams:
    """Where the memory lies and how much it holds; of each kind the oldest go first."""

    memory_file: str = param(
        "auto",
        "SQLite file; auto = $VLA_ROS_MEMORY_FILE, else memory/<namespace>.sqlite in $VLA_ROS_HOME or ~/.ros/vla_ros; "
        "empty = nothing outlives the node. Nodes of one robot share what they know only through one file",
    )
    memory_turns: int = param(200, "turns of conversation", minimum=0, maximum=100_000)
    memory_objects: int = param(500, "things and where each was last seen", minimum=0, maximum=100_000)
    memory_places: int = param(100, "places taught by voice", minimum=0, maximum=10_000)
    memory_people: int = param(50, "people met by name", minimum=0, maximum=10_000)
    memory_tasks: int = param(500, "commands and how they went", minimum=0, maximum=100_000)
    memory_period_s: float = param(5.0, "what is seen is written down so often", unit="s", minimum=0.5, maximum=3600.0)
