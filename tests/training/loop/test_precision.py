"""The fast precision is bfloat16 only where the processor multiplies it natively."""

import pytest
import torch

from vit_explorer.training.loop.precision import NATIVE_BFLOAT16, fast_precision


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": False, "avx512_f": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_it_follows_the_processor(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert fast_precision() == expected


def test_an_older_torch_cannot_tell(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert fast_precision() == "float32"


def test_here_it_is_what_the_processor_says():
    native = any(torch.cpu.get_capabilities().get(name) for name in NATIVE_BFLOAT16)
    assert fast_precision("cpu") == ("bfloat16" if native else "float32")
