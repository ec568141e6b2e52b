"""Memory that the process has freed and the system does not get back by itself."""

from __future__ import annotations

import ctypes
import sys


def return_freed_memory() -> None:
    """Give free memory back to the system, where the C library is glibc; elsewhere nothing is done.

    glibc keeps what was freed between pieces in use, in an arena for each thread: after some networks were read and
    let go, a server would hold several times the weights that it has.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
