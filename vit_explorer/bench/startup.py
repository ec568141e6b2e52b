"""Time to the first answer of the server, against bare imports."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

from vit_explorer.bench.browser import running_app

PAIRS = 5  # counted, after one warm-up of each
BUDGET = 1.25  # times the bare imports


def measure_startup(checkpoints: str | None = None) -> dict[str, Any]:
    """Seconds from process start to the first page, and of bare imports, in turns."""
    flags = ["--checkpoints", checkpoints] if checkpoints else []
    pairs = [(_until_answered(flags), _bare_imports()) for _ in range(PAIRS + 1)][1:]
    ratios = [app / bare for app, bare in pairs]
    return {
        "app.py answering, seconds (median)": statistics.median(app for app, _ in pairs),
        "python -c 'import torch, gradio', seconds (median)": statistics.median(bare for _, bare in pairs),
        "ratio (median)": statistics.median(ratios),
        "ratio (smallest, largest)": f"{min(ratios):.2f}, {max(ratios):.2f}",
        "budget": BUDGET,
        "pairs": PAIRS,
    }


def _until_answered(flags: list[str]) -> float:
    began = time.perf_counter()
    with running_app(*flags):
        return time.perf_counter() - began


def _bare_imports() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, gradio"], check=True)
    return time.perf_counter() - began
