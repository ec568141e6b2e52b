"""Freed memory goes back to the system."""

import subprocess
import sys

import pytest

from vit_explorer.ui.core.memory import return_freed_memory

PIECES = """
import runpy, sys
import numpy as np

def resident():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(lines["VmRSS"].split()[0]) / 1024

del (large := [np.ones(30 * 2**17)])[0]  # from now on glibc takes pieces of less than 30 MB from its heap
pieces = [np.ones(2**17) for _ in range(200)]  # of 1 MB
kept = pieces[::20]
del pieces
before = resident()
runpy.run_path(sys.argv[1])["return_freed_memory"]()
print(before - resident(), len(kept))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone keeps freed memory in this way")
def test_memory_between_pieces_in_use_is_given_back():
    where = sys.modules[return_freed_memory.__module__].__file__
    done = subprocess.run([sys.executable, "-c", PIECES, where], capture_output=True, text=True, check=True)
    megabytes, kept = done.stdout.split()
    assert float(megabytes) > 100 and int(kept) == 10
