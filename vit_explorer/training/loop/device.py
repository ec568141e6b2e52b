"""On what a run can be trained here, and its faults, which torch tells in lines for developers, as sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from vit_explorer.training.loop.recipe import Recipe

PROBE = 64  # side of the matrices that are multiplied to see whether a device computes
CPU_IS_FULL = "DefaultCPUAllocator"  # in torch's RuntimeError where the machine's memory does not suffice


class OutOfMemory(ValueError):
    """The device has too little memory for a run; the message is a sentence."""


@dataclass(frozen=True)
class Devices:
    """What this machine offers for training: the names of its devices, the best first, and ``problem``.

    Attributes:
        names: as a recipe calls them; the CPU is always among them.
        problem: a sentence on a GPU that is reported and does not compute; None where nothing is wrong.
    """

    names: tuple[str, ...]
    problem: str | None = None


def find_devices(wanted: str | None = None) -> Devices:
    """Try what this machine has. A GPU that is reported but does not compute is a problem, and the CPU is used.

    Args:
        wanted: the device to put first, or "cpu" for it alone; None for the GPU where there is one.
    Raises:
        ValueError: if ``wanted`` cannot be used; the message is a sentence.
    """
    if wanted == "cpu":
        return Devices(("cpu",))
    names, problem = ["cpu"], None
    if torch.cuda.is_available():
        try:
            usable_device("cuda")
            names.insert(0, "cuda")
        except ValueError as error:
            problem = f"{str(error)[0].upper()}{str(error)[1:]}. Training uses the CPU."
    if wanted is not None:
        usable_device(wanted)
        names = [wanted, *(name for name in names if name != wanted)]
    return Devices(tuple(names), problem)


def usable_device(name: str) -> torch.device:
    """The device of that name, after a small product on it. Raises ValueError, with a sentence, if it fails."""
    try:
        probe = torch.ones(PROBE, PROBE, device=name)
        if float((probe @ probe)[0, 0]) != PROBE:  # also waits for the device
            raise ValueError(f"device {name!r} cannot be used here: it computes wrong numbers")
        return probe.device
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch that was built without it
        if is_out_of_memory(error):
            raise ValueError(f"device {name!r} cannot be used here: other programs fill its memory") from error
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"device {name!r} cannot be used here: {reason}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch found too little memory, on a GPU or in the machine."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or CPU_IS_FULL in str(error)


@contextlib.contextmanager
def memory_sentences(recipe: Recipe) -> Iterator[None]:
    """Turn torch's errors about too little memory into an OutOfMemory."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        other = "" if torch.device(recipe.device).type == "cpu" else ", or train on the CPU"
        raise OutOfMemory(
            f"Device {recipe.device!r} has too little memory for batches of {recipe.batch_size:,} in this model: take "
            f"smaller batches or a smaller model{other}."
        ) from error
