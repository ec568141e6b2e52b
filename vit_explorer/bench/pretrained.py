"""Networks at 224 pixels in the page: another image on each tab, against one forward pass; and the server's memory."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from vit_explorer.bench.browser import chromium, running_app
from vit_explorer.bench.page import VIEWPORT, change_picture, open_page, open_view
from vit_explorer.models.network import Network
from vit_explorer.models.zoo import create_model

SIDE = 224  # pixels
PICTURES = 5  # changes of image on each view
PASSES = 5
NETWORKS: dict[str, dict[str, Any]] = {  # of sizes in the catalogue, with fresh weights, which take the same time
    "deit-tiny-sized": {"d_model": 192, "n_heads": 3, "d_ff": 768},
    "vit-b-16-sized": {"d_model": 768, "n_heads": 12, "d_ff": 3072},
}
BUDGETS = {"deit-tiny-sized": "600 ms", "vit-b-16-sized": "forward pass + 500 ms"}
VIEWS = (
    "Patches", "Positions", "Attention / Heads", "Attention / Rollout", "Attention / Test it", "Attention / Layers",
    "Features / Maps", "Features / Two networks",
)  # fmt: skip


def measure_pretrained(_: str | None = None) -> dict[str, Any]:
    """Milliseconds from another image's request to the open tab drawn, and memory with the networks opened in turn."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: _saved(Path(folder), name, options, result) for name, options in NETWORKS.items()}
        flags = [word for file in files.values() for word in ("--model", str(file))]
        with running_app("--runs", folder, *flags) as address, chromium() as browser:
            page = browser.new_page(viewport=VIEWPORT)
            for name in NETWORKS:
                open_page(page, f"{address}#model={name}&picture=sample:cat")
                for view in VIEWS:
                    open_view(page, view)
                    names = ["sample:cheetah", "sample:lion"] * PICTURES
                    times = [change_picture(page, each) for each in names[: PICTURES + 1]][1:]
                    result[f"{name}, {view}: everything drawn, ms (median)"] = statistics.median(times)
                result[f"{name}: budget"] = BUDGETS[name]
                memory = _memory_of_children()
                if memory is not None:
                    result[f"after {name}: memory of the server and its worker, MB"] = memory
    return result


def _saved(folder: Path, name: str, options: dict[str, Any], result: dict[str, Any]) -> Path:
    """The weights of a new network in a file; the time of its forward pass goes into the result."""
    torch.manual_seed(0)
    model = create_model("vit", img_size=SIDE, patch_size=16, n_layers=12, n_classes=1000, **options).eval()
    result[f"{name}: one forward pass, ms (median, {torch.get_num_threads()} threads)"] = 1000 * _forward(model)
    file = folder / f"{name}.pth"
    torch.save(model.state_dict(), file)
    return file


@torch.inference_mode()
def _forward(model: Network) -> float:
    """Seconds of a forward pass of one image."""
    image, times = torch.zeros(1, 3, SIDE, SIDE), []
    for _ in range(PASSES + 1):
        began = time.perf_counter()
        model(image)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def _memory_of_children() -> float | None:
    """Resident memory of the Python programs that this process has started, in MB; None where Linux does not say."""
    processes = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            command = status.with_name("cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        resident = int(lines.get("VmRSS", "0 kB").split()[0]) / 1024
        processes[int(lines["Pid"])] = int(lines["PPid"]), resident if b"python" in command else 0.0
    if not processes:
        return None
    own, grown = {os.getpid()}, True
    while grown:
        found = {pid for pid, (parent, _) in processes.items() if parent in own} - own
        own, grown = own | found, bool(found)
    return sum(processes[pid][1] for pid in own - {os.getpid()} if pid in processes)
