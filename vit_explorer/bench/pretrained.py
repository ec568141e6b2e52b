"""Networks at 224 pixels in the page: another image on each tab, against one forward pass; and the server's memory."""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch

from vit_explorer.bench.browser import chromium, running_app
from vit_explorer.bench.catalogue_files import UNCHECKED, write_catalogue
from vit_explorer.bench.latency import forward_milliseconds, picture_budget
from vit_explorer.bench.page import VIEWPORT, change_picture, open_page, open_view
from vit_explorer.bench.views import views_of
from vit_explorer.models.pretrained.catalogue import pretrained_models
from vit_explorer.models.pretrained.source import open_network
from vit_explorer.models.zoo import create_model

SIDE = 224  # pixels
PICTURES = 3  # changes of image on each view
NETWORKS: dict[str, dict[str, Any]] = {  # of sizes in the catalogue, with fresh weights, which take the same time
    "deit-tiny-sized": {"d_model": 192, "n_heads": 3, "d_ff": 768},
    "vit-b-16-sized": {"d_model": 768, "n_heads": 12, "d_ff": 3072},
}
REAL = "VIT_EXPLORER_VIT_S14"  # names a folder with a ViT-S/14 of DINOv2, which is measured too where it is
OF_TWO = "Features / Two networks"
VIEWS = (
    "Patches", "Positions", "Attention / Heads", "Attention / Rollout", "Attention / Test it", "Attention / Layers",
    "Features / Maps", OF_TWO,
)  # fmt: skip
_SHOW = """(model) => new Promise((resolve) => {
  vx.set("wish", { model });
  const look = () => (vx.get("settled").model === model ? resolve() : setTimeout(look, 50));
  look();
})"""


def measure_pretrained(_: str | None = None) -> dict[str, Any]:
    """Milliseconds from another image's request to the open tab drawn, and memory with the networks opened in turn."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = [_saved(Path(folder), name, options) for name, options in NETWORKS.items()]
        files += sorted(Path(os.environ[REAL]).glob("*.pth")) if os.environ.get(REAL) else []
        _measure_pictures(files, folder, result)
    with tempfile.TemporaryDirectory() as folder:
        _measure_memory(folder, result)
    return result


def _saved(folder: Path, name: str, options: dict[str, Any]) -> Path:
    """The weights of a new network in a file."""
    torch.manual_seed(0)
    model = create_model("vit", img_size=SIDE, patch_size=16, n_layers=12, n_classes=1000, **options)
    file = folder / f"{name}.pth"
    torch.save(model.state_dict(), file)
    return file


def _measure_pictures(files: list[Path], folder: str, result: dict[str, Any]) -> None:
    """Time another image on each view with each network; *Two networks* shows the first of the others beside it."""
    networks = [open_network(file).model for file in files]
    passes = [forward_milliseconds(network) for network in networks]
    flags = [word for file in files for word in ("--model", str(file))]
    with running_app("--runs", folder, *flags) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        for file, network, forward in zip(files, networks, passes, strict=True):
            name, beside = file.stem, next(other for other in passes if other is not forward)
            result[f"{name}: one forward pass, ms (median, {torch.get_num_threads()} threads)"] = forward
            open_page(page, f"{address}#model={name}&picture=sample:cat")
            for number, view in enumerate(views_of(network, VIEWS)):
                open_view(page, view)
                drawn = range(number * (PICTURES + 1), (number + 1) * (PICTURES + 1))  # the server keeps its answers
                times = [change_picture(page, f"shapes:{each}") for each in drawn][1:]
                median = statistics.median(times)
                budget = picture_budget(network, forward + beside if view == OF_TWO else forward)
                result[f"{name}, {view}: everything drawn, ms (median), in forward passes, and budget"] = (
                    f"{median:.0f}, {median / forward:.1f} x, {budget:.0f}"
                )


def _measure_memory(folder: str, result: dict[str, Any]) -> None:
    """Open every network of the catalogue in turn, from files of random weights in the catalogue's formats."""
    hub = Path(folder) / "torch"
    result["catalogue: MB of its files"] = write_catalogue(hub / "hub" / "checkpoints")
    before = os.environ.get("TORCH_HOME")
    os.environ["TORCH_HOME"] = str(hub)
    try:
        with running_app("--runs", folder, program=UNCHECKED) as address, chromium() as browser:
            page = browser.new_page(viewport=VIEWPORT)
            open_page(page, f"{address}#model=vit-cifar10&picture=sample:cat")
            taken = [_memory_of_children()]
            for entry in pretrained_models():
                page.evaluate(_SHOW, entry.name)
                taken.append(_memory_of_children())
            result["catalogue: memory of the server and its worker before, MB"] = taken[0]
            for entry, memory in zip(pretrained_models(), taken[1:], strict=True):
                result[f"catalogue: with {entry.name} opened too, MB"] = memory
    finally:
        if before is None:
            del os.environ["TORCH_HOME"]
        else:
            os.environ["TORCH_HOME"] = before


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
