"""What a process does to be on time: its own core, real-time priority, garbage collection when idle."""

from __future__ import annotations

import gc
import os

from vla_ros.core.errors import ConfigError


def claim_processor(core: int, fifo_priority: int) -> None:
    """Pins the process to ``core`` (-1 = any) and gives it SCHED_FIFO (0 = normal scheduling).

    Raises ConfigError with the remedy when the system refuses.
    """
    if core >= 0:
        try:
            os.sched_setaffinity(0, {core})
        except OSError as error:
            raise ConfigError("core", core, f"{error}; choose a core that exists, or -1.") from None
    if fifo_priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(fifo_priority))
        except OSError as error:
            remedy = f"{error}; allow rtprio in /etc/security/limits.conf, or use 0."
            raise ConfigError("fifo_priority", fifo_priority, remedy) from None


def quiet_collector() -> None:
    """Ends automatic garbage collection: a full run in the middle of a command would delay it. What exists now
    is never looked at again. Call :func:`collect` from time to time."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collect(idle: bool) -> None:
    """Collects everything when nothing is going on, else the youngest objects only."""
    if not gc.isenabled():
        gc.collect(2 if idle else 0)
