"""Several processes train one model: each takes a part of every batch, and their gradients are summed.

``torchrun --nproc_per_node=2 -m vit_explorer.train ...`` starts them; torch.distributed carries the sums, with gloo
between CPUs and nccl between GPUs. Sums are divided by the size of the whole batch, so parts of unequal size are exact:
what is left of a difference to one process is the order of additions.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

PATIENCE = timedelta(days=7)  # the others wait while the first one waits until the machine is free


@dataclass(frozen=True)
class Group:
    """This process and the others that train with it. With ``size`` 1 every method is free."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that evaluates, writes and prints."""
        return self.rank == 0

    def share(self, n: int) -> tuple[slice, float]:
        """Which of a batch's ``n`` pictures this process takes, and the weight of its sums in those of the batch.

        The parts differ by at most one picture and have weight 1. A batch of fewer pictures than processes is taken
        whole by each, with weight 1 / ``size``.
        """
        if n < self.size:
            return slice(0, n), 1 / self.size
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size), 1.0

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, the same bits in each."""
        if self.size == 1:
            return values
        values = values.clone()
        dist.all_reduce(values)
        return values

    def sum_gradients(self, model: nn.Module) -> None:
        """Replace each parameter's gradient by its sum over all processes, in one message."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        whole = self.sum(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        parts = whole.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view(gradient.shape))

    def any(self, here: bool) -> bool:
        """Whether the value is true in any process."""
        if self.size == 1:
            return here
        return bool(self.sum(torch.tensor(float(here), device=_carrier())) > 0)

    def told(self, value: str) -> str:
        """The value that the leading process has."""
        if self.size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]


@contextlib.contextmanager
def open_group(device: str) -> Iterator[Group]:
    """The group that torchrun's environment variables define, or a group of one without them.

    Raises:
        ValueError: for several processes on a device that they cannot share.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Group()
        return
    if device not in ("cpu", "cuda"):
        raise ValueError(
            f"several processes train on the device cpu, or each on its own GPU as cuda, not on {device!r}"
        )
    on_gpu = device == "cuda"
    if on_gpu:
        number, n_gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if number >= n_gpus:
            raise ValueError(f"each process needs a GPU of its own, and this machine has {n_gpus}: start as many")
        torch.cuda.set_device(number)
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield Group(dist.get_rank(), dist.get_world_size())
        dist.barrier()  # who is done first must not hang up on the others: gloo would abort them
    finally:
        dist.destroy_process_group()


def check_divisible(model: nn.Module, group: Group) -> None:
    """Refuse, with a ValueError, a model whose answer on a picture depends on the others in its part of the batch."""
    if group.size > 1 and any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules()):
        raise ValueError(
            f"a {type(model).__name__} with batch norms would see only a part of each batch: train it in one process"
        )


def _carrier() -> str:
    """The device on which a number must lie to be sent."""
    return "cuda" if dist.get_backend() == "nccl" else "cpu"
