"""Recorded passes: made once for each network and image, read by all, let go of within a memory."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models import create_model
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.traces import Traces, nbytes

SIZES = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 3}


@pytest.fixture
def checkpoint(tmp_path) -> Checkpoint:
    torch.manual_seed(0)
    card = {"normalise": {"mean": [10.0, 20.0, 30.0], "std": [2.0, 4.0, 8.0]}, "dataset": {"classes": ["a", "b", "c"]}}
    return Checkpoint(name="small", folder=tmp_path, model=create_model("vit", **SIZES).eval(), card=card)


@pytest.fixture
def passes(monkeypatch) -> list[torch.Tensor]:
    """The inputs of all passes."""
    found: list[torch.Tensor] = []

    def counted(model, inputs) -> Trace:
        found.append(inputs)
        return trace(model, inputs)

    monkeypatch.setattr("vit_explorer.ui.core.traces.trace", counted)
    return found


def image(shade: int) -> torch.Tensor:
    return torch.full((1, 3, 8, 8), shade, dtype=torch.uint8)


def test_one_pass_serves_all_who_ask_for_the_image_and_is_the_networks_own(checkpoint, passes):
    traces = Traces()
    with torch.inference_mode():
        first = traces.of(checkpoint, image(5))
    assert traces.of(checkpoint, image(5)) is first
    assert traces.of(checkpoint, image(6)) is not first
    assert len(passes) == 2
    expected = trace(checkpoint.model, checkpoint.preprocess(image(5)))
    for recorded, own in zip(first.traced.hidden, expected.hidden, strict=True):
        assert torch.equal(recorded, own) and not recorded.is_inference()
    assert first.seconds > 0


def test_another_network_has_a_pass_of_its_own_that_goes_with_it(checkpoint, passes):
    traces = Traces()
    other = replace(checkpoint, model=create_model("vit", **SIZES).eval())
    first, second = traces.of(checkpoint, image(5)), traces.of(other, image(5))
    assert first is not second
    held, logits = weakref.ref(second), weakref.ref(second.traced.logits)
    del other, second
    gc.collect()
    assert held() is None and logits() is None  # at once, not when the next pass is kept
    assert traces.of(checkpoint, image(5)) is first


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_what_was_asked_for_longest_ago_goes(checkpoint, passes, kept):
    size = nbytes(trace(checkpoint.model, checkpoint.preprocess(image(0))))
    traces = Traces(memory=kept * size)
    for shade in (1, 2, 1, 3):
        traces.of(checkpoint, image(shade))
    n = len(passes)
    traces.of(checkpoint, image(3))  # the latest one stays whatever it takes
    assert len(passes) == n
    traces.of(checkpoint, image(1))
    assert len(passes) == n + (kept < 2)
    traces.of(checkpoint, image(2))
    assert len(passes) == n + (kept < 2) + 1


def in_threads(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


def test_two_who_ask_at_once_wait_for_one_pass(checkpoint, monkeypatch):
    traces, begun, go_on, made, found = Traces(), threading.Event(), threading.Event(), [], []

    def slow(model, inputs) -> Trace:
        made.append(inputs)
        begun.set()
        assert go_on.wait(timeout=30)
        return trace(model, inputs)

    def second() -> None:
        assert begun.wait(timeout=30)
        threading.Timer(0.05, go_on.set).start()
        found.append(traces.of(checkpoint, image(5)))

    monkeypatch.setattr("vit_explorer.ui.core.traces.trace", slow)
    in_threads(lambda: found.append(traces.of(checkpoint, image(5))), second)
    assert len(made) == 1 and found[0] is found[1]


def test_a_pass_that_failed_is_tried_again(checkpoint, monkeypatch):
    def fail(*_) -> Trace:
        raise RuntimeError("out of memory")

    traces = Traces()
    with monkeypatch.context() as patched:
        patched.setattr("vit_explorer.ui.core.traces.trace", fail)
        with pytest.raises(RuntimeError):
            traces.of(checkpoint, image(5))
    assert traces.of(checkpoint, image(5)).traced.logits.shape == (1, 3)
