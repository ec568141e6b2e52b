"""In which precision a machine trains fastest."""

from __future__ import annotations

from typing import Literal

import torch

NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16")  # what a CPU must have; without them bfloat16 is slower, not faster


def fast_precision(device: str = "cpu") -> Literal["float32", "bfloat16"]:
    """The word "bfloat16" where the device multiplies it natively, else "float32".

    On a CPU torch's own answer to "is bfloat16 supported" is yes even where it is emulated at a third of the speed, so
    the processor's capabilities are read instead. Where torch cannot tell them the answer is "float32".
    """
    if torch.device(device).type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if torch.device(device).type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return "float32"
    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if any(capabilities.get(name) for name in NATIVE_BFLOAT16) else "float32"
