"""Several steps between two looks at the clock are the same steps."""

from dataclasses import replace

import pytest
import torch

from tests.training.small import RECIPE
from vit_explorer.training.loop.batches import BatchSource
from vit_explorer.training.loop.events import Epoch, Finished, Step
from vit_explorer.training.loop.trainer import Trainer

EVERYTHING = replace(RECIPE, rand_augment=9, erasing=0.5, mixup=0.2, cutmix=1.0, ema=0.9)


@pytest.mark.parametrize("stride", [2, 3, 100])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_stride_changes_no_weight_and_no_accuracy(tiny, stride, optimizer):
    recipe = replace(EVERYTHING, optimizer=optimizer)
    single, several = Trainer(recipe, tiny), Trainer(recipe, tiny, stride=stride)
    alone, together = list(single.events()), list(several.events())
    assert several.step == single.step == 9
    for name, value in single.model.state_dict().items():
        torch.testing.assert_close(several.model.state_dict()[name], value, rtol=0, atol=0)
    kept = (Epoch, Finished)
    for one, other in zip(*([e for e in events if isinstance(e, kept)] for events in (alone, together)), strict=True):
        assert one.step == other.step
        assert one.validation_accuracy == other.validation_accuracy
    losses = [[event.train_loss for event in events if isinstance(event, Epoch)] for events in (alone, together)]
    assert losses[0] == pytest.approx(losses[1])


def test_a_stride_ends_where_something_else_is_due(tiny):
    trainer = Trainer(replace(RECIPE, snapshots=2), tiny, stride=100)
    steps = [event.step for event in trainer.events() if isinstance(event, Step)]
    assert steps == [3, 6, 9]  # the ends of the epochs


def test_a_state_between_strides_goes_on_as_without(tiny):
    whole = Trainer(EVERYTHING, tiny)
    list(whole.events())
    first = Trainer(EVERYTHING, tiny, stride=2)
    events = first.events()
    while first.step < 4:
        next(events)
    second = Trainer(EVERYTHING, tiny, first.state(), stride=5)
    list(second.events())
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(second.model.state_dict()[name], value, rtol=0, atol=0)


def test_batches_made_together_are_those_made_one_by_one(tiny):
    source = BatchSource(tiny, EVERYTHING)
    for step, batch in enumerate(source.batches(0, 3)):
        for found, expected in zip(vars(batch).values(), vars(source.batch(step)).values(), strict=True):
            assert torch.equal(found, expected)
