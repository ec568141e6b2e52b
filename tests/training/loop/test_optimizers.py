"""Which optimiser moves which weights."""

from dataclasses import replace

import pytest
import torch

from tests.training.small import OVERRIDES, RECIPE
from vit_explorer.data.dataset import Dataset
from vit_explorer.training.loop.batches import with_sizes
from vit_explorer.training.loop.learner import Learner
from vit_explorer.training.loop.optimizers import BatchedMuon

SWIN = {"d_model": 8, "depths": (1, 1), "n_heads": (2, 2), "window": 2}


def fresh(tiny: Dataset, **changes: object) -> Learner:
    recipe = replace(RECIPE, **changes)
    return Learner(recipe, with_sizes(recipe, tiny), torch.device("cpu"))


def parameter_names(learner: Learner, optimizer: torch.optim.Optimizer, group: int) -> set[str]:
    names = {id(parameter): name for name, parameter in learner.model.named_parameters()}
    return {names[id(parameter)] for parameter in optimizer.param_groups[group]["params"]}


@pytest.mark.parametrize(
    ("model", "overrides"), [("vit", OVERRIDES), ("vit-conv", OVERRIDES), ("swin", SWIN), ("cnn", {})]
)
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon"])
def test_every_parameter_has_one_optimiser(tiny, optimizer, model, overrides):
    learner = fresh(tiny, model=model, overrides=overrides, optimizer=optimizer)
    held = [
        id(parameter)
        for optimizer in learner.optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert len(held) == len(set(held))
    assert set(held) == {id(parameter) for parameter in learner.model.parameters()}


def test_decay_is_for_matrices_alone(tiny):
    learner = fresh(tiny, model="vit-conv", optimizer="adamw")
    (adamw,) = learner.optimizers
    decayed, free = (parameter_names(learner, adamw, group) for group in range(2))
    assert [group["weight_decay"] for group in adamw.param_groups] == [0.1, 0.0]
    assert {"head.weight", "blocks.0.attention.qkv.weight", "patch_embedding.stem.0.weight"} <= decayed
    assert {"pos_embedding", "head.bias", "blocks.0.norm1.weight"} <= free
    assert all(learner.model.get_parameter(name).ndim > 1 for name in decayed)
    assert all(learner.model.get_parameter(name).ndim == 1 for name in free - {"pos_embedding"})


def test_muon_takes_the_matrices_of_the_blocks(tiny):
    learner = fresh(tiny, optimizer="muon")
    _, muon = learner.optimizers
    layers = ("attention.qkv", "attention.projection", "mlp.0", "mlp.2")
    assert parameter_names(learner, muon, 0) == {f"blocks.0.{layer}.weight" for layer in layers}
    assert {group["lr"] for optimizer in learner.optimizers for group in optimizer.param_groups} == {3e-3}


def test_muon_takes_the_matrices_of_swin_and_leaves_its_bias_tables(tiny):
    learner = fresh(tiny, model="swin", overrides=SWIN, optimizer="muon")
    adamw, muon = learner.optimizers
    layers = ("attention.qkv", "attention.projection", "mlp.0", "mlp.2")
    expected = {f"stages.{stage}.0.{layer}.weight" for stage in (0, 1) for layer in layers}
    assert parameter_names(learner, muon, 0) == expected | {"mergings.0.reduction.weight"}
    assert {"stages.0.0.attention.bias_table", "norm.weight"} <= parameter_names(learner, adamw, 1)


def test_muon_of_equal_shapes_at_once_is_that_of_torch():
    torch.manual_seed(0)
    start = [torch.randn(shape) for shape in ((6, 4), (4, 6), (6, 4), (5, 5))]
    moved = []
    for kind, lr in ((torch.optim.Muon, 0.02), (BatchedMuon, torch.tensor(0.02))):
        parameters = [torch.nn.Parameter(value.clone()) for value in start]
        optimizer = kind(parameters, lr, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
        for step in range(4):
            generator = torch.Generator().manual_seed(step)
            for parameter in parameters:
                parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimizer.step()
        moved.append((parameters, optimizer.state_dict()["state"]))
    for one, other in zip(*(parameters for parameters, _ in moved), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-3)  # bfloat16 products, in another order
    for key, state in moved[0][1].items():
        torch.testing.assert_close(moved[1][1][key]["momentum_buffer"], state["momentum_buffer"])
