"""The network that learns, what moves its weights, and the average of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vit_explorer.models.network import Network
from vit_explorer.models.zoo import create_model
from vit_explorer.training.loop.optimizers import make_optimizers
from vit_explorer.training.loop.recipe import Recipe


def check_last_batch(network: Network, n_train: int, batch_size: int) -> None:
    """Refuse a last batch of one image that batch normalization reduces to one value a channel.

    Raises:
        ValueError: with the sizes that are left; such a step has no variance to divide by.
    """
    if n_train % batch_size != 1 and batch_size > 1:
        return
    if not any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules()):
        return
    image = torch.zeros(1, 3, network.img_size, network.img_size)
    try:
        copy.deepcopy(network).cpu().train()(image)
    except ValueError as error:
        raise ValueError(
            f"batches of {batch_size} leave one of the {n_train:,} training pictures for the last batch, from which "
            f"batch normalization cannot learn at {network.img_size} pixels: take another batch size, 2 or more"
        ) from error


class Learner:
    """The network of a recipe, its optimisers and, where the recipe asks for it, the average of its weights.

    Attributes:
        network: what is trained.
        optimizers: that together hold each of its parameters once.

    Args:
        overrides: options of the network, with those that the data decide.
        graphed: whether :meth:`optimizer_step` is to be recorded by a CUDA graph.
        weights: to begin with, in place of fresh ones.
    """

    def __init__(
        self,
        recipe: Recipe,
        overrides: dict[str, Any],
        device: torch.device,
        graphed: bool = False,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            network = create_model(recipe.model, **overrides)
        if weights is not None:
            network.load_state_dict(weights)
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self._lr = torch.tensor(recipe.lr, device=device) if graphed else None
        self.optimizers = make_optimizers(self.network, recipe, self._lr)
        self._average = None
        self._ema = recipe.ema
        if recipe.ema:
            average = get_ema_multi_avg_fn(recipe.ema)
            self._average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)

    @property
    def model(self) -> Network:
        """The network that is evaluated and exported: the average if there is one, else the network itself."""
        return self.network if self._average is None else cast(Network, self._average.module)

    def set_lr(self, lr: float) -> None:
        """Learning rate of the steps that follow."""
        if self._lr is not None:
            self._lr.fill_(lr)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr if self._lr is None else self._lr

    def optimizer_step(self) -> None:
        """One optimizer step along the gradients that the parameters hold."""
        for optimizer in self.optimizers:
            optimizer.step()
        if self._average is None:
            return
        if self._lr is None:
            self._average.update_parameters(self.network)
        else:
            self._update_average(self._average)

    def _update_average(self, average: AveragedModel) -> None:
        """As ``update_parameters``, without its question to the device whether this is the first time."""
        theirs, ours = average.module.state_dict(), self.network.state_dict()
        moved = [name for name, value in ours.items() if value.is_floating_point()]
        torch._foreach_lerp_([theirs[name] for name in moved], [ours[name] for name in moved], 1 - self._ema)
        for name in ours.keys() - set(moved):  # counters of batch norms
            theirs[name].copy_(ours[name])
        average.n_averaged += 1

    def state(self) -> dict[str, Any]:
        """Tensors and plain values, not copied."""
        return {
            "model": self.network.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave; what does not fit raises as torch does."""
        self.network.load_state_dict(state["model"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(copy.deepcopy(saved))  # torch would go on writing into what it is given
