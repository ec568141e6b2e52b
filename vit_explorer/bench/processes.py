"""What a process takes of the machine, as Linux tells it; None elsewhere."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IDLE = (3, 4)  # columns of /proc/stat: idle, and waiting for a disk
GUESTS = 8  # from here on columns repeat what earlier ones count


def memory(pid: int) -> float | None:
    """Resident memory of a process in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@dataclass(frozen=True)
class Processor:
    """Processor time used so far, in seconds.

    Attributes:
        server: by one process.
        others: by all programs but that one and this.
    """

    at: float
    server: float
    others: float

    @classmethod
    def of(cls, pid: int) -> Processor | None:
        """The times until now."""
        try:
            tick = os.sysconf("SC_CLK_TCK")
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            columns = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
        except (OSError, AttributeError, ValueError):
            return None
        server = (int(fields[11]) + int(fields[12])) / tick
        busy = sum(int(value) for at, value in enumerate(columns[:GUESTS]) if at not in IDLE) / tick
        return cls(time.monotonic(), server, busy - server - time.process_time())

    def since(self, before: Processor, answers: int) -> dict[str, Any]:
        """What was used since then: by the server for each answer, and how many cores by other programs."""
        return {
            "server's processor, ms an answer": 1000 * (self.server - before.server) / max(1, answers),
            "cores that other programs used": max(0.0, self.others - before.others) / (self.at - before.at),
        }
