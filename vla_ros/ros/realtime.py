"""What a process does to be on time: its own core, real-time priority, no garbage collection and no page faults
in the middle of a message."""

from __future__ import annotations

import ctypes
import gc
import os

from vla_ros.core.errors import ConfigError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h


def claim_processor(core: int, fifo_priority: int) -> None:
    """Pins the process to ``core`` (-1 = any) and gives it SCHED_FIFO (0 = normal scheduling).

    Every thread of it: those of the middleware, which exist already, hold locks that publishing waits for.
    Raises ConfigError with the remedy when the system refuses.
    """
    if core >= 0:
        try:
            for thread in _threads():
                os.sched_setaffinity(thread, {core})
        except OSError as error:
            raise ConfigError("core", core, f"{error}; choose a core that exists, or -1.") from None
    if fifo_priority > 0:
        try:
            for thread in _threads():
                os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(fifo_priority))
        except OSError as error:
            remedy = f"{error}; allow rtprio in /etc/security/limits.conf, or use 0."
            raise ConfigError("fifo_priority", fifo_priority, remedy) from None


def _threads() -> list[int]:
    """Ids of this process's threads; 0, the calling one, where the system does not list them."""
    try:
        return [int(name) for name in os.listdir("/proc/self/task")]
    except OSError:
        return [0]


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


def keep_memory() -> None:
    """Tells the C library to keep freed memory for the next image instead of handing it back to the system:
    fresh pages cost about 1 ms for each 640x480 frame, a hundred times the copy itself. Without glibc nothing
    changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_M_MMAP_THRESHOLD, 32 << 20), (_M_TRIM_THRESHOLD, 256 << 20), (_M_TOP_PAD, 8 << 20)):
            mallopt(option, value)
