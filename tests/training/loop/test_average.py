"""The average of the weights: what is measured and kept, while training goes on from the weights themselves."""

import copy
from dataclasses import replace

import pytest
import torch

from tests.training.small import RECIPE, plain, through_a_file
from vit_explorer.training.loop.events import Snapshot, Step
from vit_explorer.training.loop.trainer import Trainer

DECAY = 0.9


def weights(trainer: Trainer, part: str) -> dict[str, torch.Tensor]:
    state = trainer.state()[part]
    return {name.removeprefix("module."): value for name, value in state.items() if name != "n_averaged"}


@pytest.mark.parametrize("model", [{}, {"model": "cnn", "overrides": {"widths": (4, 8), "norm": "batch"}}])
def test_it_is_what_a_hand_computes(tiny, model):
    """The first weights are the average, then decay * average + (1 - decay) * weights; running means too."""
    trainer = Trainer(replace(RECIPE, ema=DECAY, **model), tiny)
    expected = None
    for event in trainer.events():
        if not isinstance(event, Step):
            continue
        learned = weights(trainer, "model")
        if expected is None:
            expected = learned
        else:
            expected = {name: DECAY * expected[name] + (1 - DECAY) * learned[name] for name in learned}
        found = dict(trainer.model.state_dict())
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            if not name.endswith("num_batches_tracked"):  # a count of steps, which nothing is computed from
                assert torch.allclose(found[name], value, atol=1e-6), name
    assert any(not torch.allclose(found[name], learned[name], atol=1e-4) for name in found)


def test_training_does_not_know_of_it(tiny):
    def losses(ema: float) -> list[float]:
        return [event.loss for event in Trainer(replace(RECIPE, ema=ema), tiny).events() if isinstance(event, Step)]

    assert losses(DECAY) == losses(0.0)


def test_the_average_is_what_is_looked_at(tiny):
    trainer = Trainer(replace(RECIPE, ema=DECAY), tiny)
    for event in trainer.events():
        if isinstance(event, Snapshot):
            assert torch.equal(event.positions, trainer.model.pos_embedding.detach()[0])
            assert event.test_accuracy == trainer.accuracy(trainer.source.measured)
    assert not torch.equal(event_positions(trainer, "average"), event_positions(trainer, "model"))


def event_positions(trainer: Trainer, part: str) -> torch.Tensor:
    return weights(trainer, part)["pos_embedding"]


def test_before_the_first_step_it_is_the_untrained_model(tiny):
    averaged, alone = Trainer(replace(RECIPE, ema=DECAY), tiny), Trainer(RECIPE, tiny)
    for name, value in alone.model.state_dict().items():
        assert torch.equal(averaged.model.state_dict()[name], value), name


def test_a_resumed_run_goes_on_with_its_average(tiny):
    recipe = replace(RECIPE, ema=DECAY)
    whole = list(Trainer(recipe, tiny).events())
    cut = Trainer(recipe, tiny)
    events = cut.events()
    before = [next(events) for _ in range(6)]
    state = through_a_file(copy.deepcopy(cut.state()))
    after = list(Trainer(recipe, tiny, state).events())[1:]  # the first says that it started
    assert plain(before + after) == plain(whole)
