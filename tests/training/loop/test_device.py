"""What a run can be trained on: what is tried, what is said of a GPU that fails, and of too little memory."""

from dataclasses import replace

import pytest
import torch

from tests.training.small import RECIPE
from vit_explorer.training.loop.device import Devices, OutOfMemory, find_devices, memory_sentences, usable_device
from vit_explorer.training.loop.events import Failed
from vit_explorer.training.loop.trainer import Trainer

FULL = "CUDA out of memory. Tried to allocate 20.00 MiB.\nMore for developers."
BROKEN = "CUDA error: no kernel image is available\nCompile with `TORCH_USE_CUDA_DSA`."


def reported(monkeypatch, error: Exception | None) -> None:
    """A machine whose GPU is reported, and fails so at its first use; with None it works."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    ones = torch.ones

    def made(*size, device="cpu"):
        if device == "cuda" and error is not None:
            raise error
        return ones(*size)

    monkeypatch.setattr(torch, "ones", made)


def test_without_a_gpu_there_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_devices() == find_devices("cpu") == Devices(("cpu",))
    with pytest.raises(ValueError, match="'nonsense' cannot be used here") as caught:
        find_devices("nonsense")
    assert "\n" not in str(caught.value)


def test_a_gpu_that_computes_comes_first_and_the_cpu_can_be_chosen(monkeypatch):
    reported(monkeypatch, None)
    assert find_devices() == find_devices("cuda") == Devices(("cuda", "cpu"))
    assert find_devices("cpu") == Devices(("cpu",))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError(FULL), "other programs fill its memory"),
        (RuntimeError(BROKEN), "no kernel image is available"),
        (AssertionError("Torch not compiled with CUDA enabled"), "not compiled with CUDA"),
    ],
)
def test_a_gpu_that_fails_is_a_sentence_and_the_cpu_is_used(monkeypatch, error, words):
    reported(monkeypatch, error)
    found = find_devices()
    assert found.names == ("cpu",) and words in found.problem and found.problem.endswith("Training uses the CPU.")
    assert "\n" not in found.problem
    with pytest.raises(ValueError, match=words):
        find_devices("cuda")
    with pytest.raises(ValueError, match=words):
        usable_device("cuda")


def test_torchs_own_words_on_a_full_memory_are_known():
    with pytest.raises(OutOfMemory, match=r"batches of 7.*smaller"), memory_sentences(RECIPE):
        torch.empty(10**14)
    with pytest.raises(OutOfMemory, match="or train on the CPU"), memory_sentences(replace(RECIPE, device="cuda")):
        raise torch.OutOfMemoryError(FULL)
    with pytest.raises(RuntimeError, match="shapes"), memory_sentences(RECIPE):
        raise RuntimeError("shapes")


def test_a_run_that_needs_too_much_memory_fails_with_a_sentence(tiny, monkeypatch):
    trainer = Trainer(RECIPE, tiny)
    events = trainer.events()
    next(events)

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError(FULL)

    monkeypatch.setattr(trainer.model, "forward", full)
    failed = list(events)[-1]
    assert isinstance(failed, Failed) and "too little memory for batches of 7" in failed.reason
    with pytest.raises(ValueError, match="too little memory"), monkeypatch.context() as patched:
        patched.setattr("vit_explorer.training.loop.trainer.Learner", full)
        Trainer(RECIPE, tiny)
