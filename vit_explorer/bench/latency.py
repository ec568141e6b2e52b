"""Latency of the page under the pointer and for another image: with the shipped networks, or with named ones."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import torch

from vit_explorer.bench.browser import chromium, running_app
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.page import (
    IMAGE,
    VIEWPORT,
    WARM_UP,
    Area,
    Pointing,
    app_flags,
    change_picture,
    open_page,
    open_view,
    point_on,
)
from vit_explorer.bench.views import PICTURED, POINTED, pointed_at, views_of
from vit_explorer.models.checkpoint import Checkpoint, CheckpointError
from vit_explorer.models.network import Network
from vit_explorer.models.pretrained.source import open_network

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = 40  # changes of image per tab,
PICTURES_OF_NAMED = 20  # and with each network that is named, whose passes take longer
POINT_BUDGET = 16.0  # ms, 95th percentile
PICTURE_BUDGET = 300.0  # ms, 95th percentile; of larger images the two that follow, whichever is more
LARGER_BUDGET = 600.0  # ms
BESIDE_PASS_BUDGET = 500.0  # ms besides one forward pass
SMALL = 32  # pixels a side
PASSES = 5
CROSS_ATTENTION = Area(  # a row for each output letter and for the end, a column for each input letter
    ".vx-text-sequence .marks", 11, 10,
    "[...document.querySelectorAll('.vx-text-sequence .outputs .tiles > *')].findIndex((tile) => tile.tabIndex === 0)",
)  # fmt: skip
BEAM_TREE = Area(  # a column for each step, rows of hypotheses; the bars are of the one that is pointed at
    ".vx-text-decoding .tree", 6, 11, "document.querySelector('.vx-text-decoding .whose').textContent"
)
ROOTS = "Roots / Cross-attention"

# Plays Home's film once: how long the scripts of each of its frames took, without what the browser paints after them.
_PLAY_HOME = """() => new Promise((resolve) => {
  const button = document.querySelector(".vx-home .play");
  const next = window.requestAnimationFrame.bind(window);
  const frames = new Map(); // by the time that the browser gives a frame
  window.requestAnimationFrame = (act) => next((time) => {
    const began = performance.now();
    act(time);
    frames.set(time, (frames.get(time) ?? 0) + performance.now() - began);
  });
  button.click();
  const look = () => {
    if (button.textContent === "Pause") return next(look);
    window.requestAnimationFrame = next;
    resolve([...frames.values()]);
  };
  next(() => next(look));
})"""

# Types a sequence and waits until its letters stand in the input row.
_CHANGE_SEQUENCE = """(text) => new Promise((resolve) => {
  const began = performance.now();
  const tiles = document.querySelector(".vx-text-sequence .inputs .tiles");
  const field = document.querySelector(".vx-text-bar .text");
  field.value = text;
  field.form.requestSubmit();
  const look = () => {
    if ([...tiles.children].map((tile) => tile.firstChild.data).join("") === text) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  look();
})"""


def measure_point(checkpoints: str | None = None, models: Sequence[str] = ()) -> dict[str, Any]:
    """Milliseconds from a pointer move to the last linked view, and its requests.

    Args:
        models: files, folders or names of the catalogue, measured in place of the shipped ones.
    Raises:
        NotMeasured: for a model that cannot be opened.
    """
    return _point_named(_opened(models)) if models else _point_shipped(checkpoints)


def measure_picture(checkpoints: str | None = None, models: Sequence[str] = ()) -> dict[str, Any]:
    """Milliseconds from another image's request to the open tab fully drawn. Arguments and errors as above."""
    return _picture_named(_opened(models)) if models else _picture_shipped(checkpoints)


def picture_budget(network: Network, forward: float) -> float:
    """Milliseconds that another image may take; ``forward`` are those of one pass."""
    return PICTURE_BUDGET if network.img_size <= SMALL else max(LARGER_BUDGET, forward + BESIDE_PASS_BUDGET)


@torch.inference_mode()
def forward_milliseconds(network: Network) -> float:
    """The median of a few forward passes of one image."""
    image, times = torch.zeros(1, 3, network.img_size, network.img_size), []
    for _ in range(PASSES + 1):
        began = time.perf_counter()
        network(image)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


def _opened(models: Sequence[str]) -> dict[str, Checkpoint]:
    """The networks by what names them on the command line."""
    try:
        return {model: open_network(model) for model in models}
    except CheckpointError as error:
        raise NotMeasured(str(error)) from error


def _flags(models: dict[str, Checkpoint]) -> list[str]:
    return [word for model in models for word in ("--model", model)]


def _link(address: str, checkpoint: Checkpoint) -> str:
    return f"{address}#model={quote(checkpoint.name)}&picture=sample:cat"


def _point_named(models: dict[str, Checkpoint]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    with running_app(*_flags(models)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        for checkpoint in models.values():
            open_page(page, _link(address, checkpoint))
            for view, area in pointed_at(checkpoint.model):
                result |= _pointed(f"{checkpoint.name}, {view}", point_on(page, view, area))
    return result | {"budget, ms (95th percentile, marks drawn)": POINT_BUDGET}


def _pointed(what: str, pointing: Pointing) -> dict[str, Any]:
    return {
        f"{what}: marks of the last view drawn, ms (median)": pointing.percentile(50),
        f"{what}: marks of the last view drawn, ms (95th percentile)": pointing.percentile(95),
        f"{what}: all of it on screen, ms (95th percentile)": float(np.percentile(pointing.shown, 95)),
        f"{what}: moves counted": len(pointing.drawn),
        f"{what}: requests made": len(pointing.requests),
    }


def _point_shipped(checkpoints: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {}
    with running_app(*app_flags(checkpoints)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, address)
        roots = ((ROOTS, CROSS_ATTENTION), ("Roots / Decoding", BEAM_TREE))
        for view, area in (*((view, IMAGE) for view in POINTED), *roots):
            result |= _pointed(view, point_on(page, view, area))
        page.goto("about:blank")  # the pass that plays by itself was ended by pointing
        open_page(page, f"{address}#tab=home")
        page.wait_for_function("document.querySelector('.vx-home .play').textContent === 'Play again'")
        frames = page.evaluate(_PLAY_HOME)
        result["Home playing: scripts of a frame, ms (median)"] = float(np.median(frames))
        result["Home playing: scripts of a frame, ms (95th percentile)"] = float(np.percentile(frames, 95))
        result["Home playing: frames counted"] = len(frames)
    return result | {"budget, ms (95th percentile, marks drawn; scripts of a frame)": POINT_BUDGET}


def _picture_named(models: dict[str, Checkpoint]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    passes = {model: forward_milliseconds(checkpoint.model) for model, checkpoint in models.items()}
    with running_app(*_flags(models)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        for model, checkpoint in models.items():
            name, network = checkpoint.name, checkpoint.model
            open_page(page, _link(address, checkpoint))
            for number, view in enumerate(views_of(network, PICTURED)):
                open_view(page, view)
                count = WARM_UP // 2 + PICTURES_OF_NAMED
                drawn = range(number * count, (number + 1) * count)  # the server keeps its answers
                result |= _changed(f"{name}, {view}", page, [f"shapes:{each}" for each in drawn], WARM_UP // 2)
            result[f"{name}: one forward pass, ms (median, {torch.get_num_threads()} threads)"] = passes[model]
            result[f"{name}: budget, ms (95th percentile)"] = picture_budget(network, passes[model])
    return result | {"pictures per view": PICTURES_OF_NAMED}


def _changed(what: str, page: Page, pictures: Sequence[str], uncounted: int) -> dict[str, Any]:
    """The times of these images one after the other, without the first ones."""
    times = [change_picture(page, picture) for picture in pictures][uncounted:]
    return {
        f"{what}: everything drawn, ms (median)": float(np.median(times)),
        f"{what}: everything drawn, ms (95th percentile)": float(np.percentile(times, 95)),
    }


def _picture_shipped(checkpoints: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {}
    with running_app(*app_flags(checkpoints)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, address)
        for view in PICTURED:
            open_view(page, view)
            names = [f"shapes:{index}" for index in range(10, 10 + WARM_UP + PICTURES)]
            result |= _changed(view, page, names, WARM_UP)
        open_view(page, ROOTS)
        letters = [chr(ord("A") + index) for index in range(18)]
        texts = ["".join(letters[(start + 5 * k) % 18] for k in range(10)) for start in range(WARM_UP + 8)]
        times = [page.evaluate(_CHANGE_SEQUENCE, text) for text in texts][WARM_UP:]
        result[f"{ROOTS}: another sequence drawn, ms (median)"] = float(np.median(times))
        result[f"{ROOTS}: another sequence drawn, ms (95th percentile)"] = float(np.percentile(times, 95))
    return result | {"pictures per view": PICTURES, "budget, ms (95th percentile)": PICTURE_BUDGET}
