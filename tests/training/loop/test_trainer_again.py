"""The same again: a recipe repeats its run to the last bit, and a run that was interrupted is the run that was not."""

import copy
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch

from tests.training.small import RECIPE, plain, same, through_a_file
from vit_explorer.data.dataset import Split
from vit_explorer.training import Trainer, train
from vit_explorer.training.loop.events import Event, Started, Step

N_EVENTS = 19  # of RECIPE; test_engine.py lists them


@pytest.fixture(scope="module")
def undisturbed(tiny) -> tuple[list[Event], Trainer]:
    trainer = Trainer(RECIPE, tiny)
    return list(trainer.events()), trainer


def received(trainer: Trainer, count: int) -> list[Event]:
    return list(islice(trainer.events(), count))


def test_the_same_recipe_gives_the_same_run_to_the_last_bit(undisturbed, tiny):
    events, trainer = undisturbed
    torch.manual_seed(99)  # what others draw does not matter
    again = Trainer(RECIPE, tiny)
    repeated = []
    for event in again.events():
        torch.rand(3)
        repeated.append(event)
    assert plain(repeated) == plain(events)
    assert same(again.model.state_dict(), trainer.model.state_dict())


def test_a_run_leaves_the_global_generator_alone(tiny):
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    list(train(replace(RECIPE, epochs=1), tiny))
    assert torch.equal(torch.rand(2), expected)


def test_another_seed_is_another_run(undisturbed, tiny):
    events, _ = undisturbed
    assert plain(train(replace(RECIPE, seed=4), tiny)) != plain(events)


def test_other_snapshots_and_another_probe_do_not_change_how_it_learns(undisturbed, tiny):
    events, trainer = undisturbed
    other = Trainer(replace(RECIPE, snapshots=2, probe=5, test_subset=None, test_each_epoch=False), tiny)
    losses = [event.loss for event in other.events() if isinstance(event, Step)]
    assert losses == [event.loss for event in events if isinstance(event, Step)]
    assert same(other.model.state_dict(), trainer.model.state_dict())


@pytest.mark.parametrize("stop", range(1, N_EVENTS))
def test_a_run_stopped_after_any_event_goes_on_as_if_nothing_had_happened(undisturbed, tiny, stop):
    events, trainer = undisturbed
    assert len(events) == N_EVENTS  # so that each of them but the last is stopped after once
    stopped = Trainer(RECIPE, tiny)
    before = received(stopped, stop)
    resumed = Trainer(RECIPE, tiny, through_a_file(stopped.state()))
    started, *after = resumed.events()
    assert isinstance(started, Started)
    assert started.step == stopped.step
    assert plain(before + after) == plain(events)
    assert same(resumed.model.state_dict(), trainer.model.state_dict())
    assert (resumed.seconds > stopped.seconds) == (stopped.step < 9)  # the clock goes on, too


def test_a_run_that_was_over_says_so_again(undisturbed, tiny):
    events, _ = undisturbed
    over = Trainer(RECIPE, tiny)
    received(over, N_EVENTS)
    assert plain(Trainer(RECIPE, tiny, over.state()).events())[1:] == plain(events[-1:])


@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, optimizer="adam"),
        replace(RECIPE, optimizer="muon"),
        replace(RECIPE, precision="bfloat16"),
        replace(RECIPE, model="vit-conv"),
        replace(RECIPE, model="cnn", overrides={"widths": (4, 8)}),
    ],
    ids=["adam", "muon", "bfloat16", "vit-conv", "cnn"],
)
def test_every_kind_of_run_can_be_stopped(tiny, recipe):
    whole = Trainer(recipe, tiny)
    events = list(whole.events())
    for stop in (4, len(events) // 2):
        stopped = Trainer(recipe, tiny)
        before = received(stopped, stop)
        resumed = Trainer(recipe, tiny, through_a_file(stopped.state()))
        assert plain(before + list(resumed.events())[1:]) == plain(events)
        assert same(resumed.model.state_dict(), whole.model.state_dict())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon"])
def test_a_state_stays_what_it_was(tiny, optimizer):
    """Neither training on nor a run that was resumed from it writes into it."""
    trainer = Trainer(replace(RECIPE, optimizer=optimizer), tiny)
    events = trainer.events()
    list(islice(events, 6))
    state = trainer.state()
    then = copy.deepcopy(state)
    rest = plain(events)
    assert same(state, then)
    for _ in range(2):
        resumed = Trainer(replace(RECIPE, optimizer=optimizer), tiny, state)
        assert plain(resumed.events())[1:] == rest
        assert same(state, then)


# --- a state of something else ---


def changed(split: Split, **changes: Any) -> Split:
    return split._replace(**changes)


def test_a_state_is_refused_on_other_pictures_with_what_differs(tiny):
    trainer = Trainer(RECIPE, tiny)
    received(trainer, 5)
    state = trainer.state()
    inverted, turned = 255 - tiny.train.x, tiny.test.y.flip(0)
    for other, differs in (
        (replace(tiny, train=changed(tiny.train, x=inverted)), "other pictures or labels"),
        (replace(tiny, test=changed(tiny.test, y=turned)), "other pictures or labels"),
        (replace(tiny, names=("a", "b", "c")), "other class names"),
        (replace(tiny, test=Split(tiny.test.x[:8], tiny.test.y[:8])), "other sizes, pictures or labels"),
    ):
        with pytest.raises(ValueError, match=rf"the pictures of made here are not those .* \({differs}\)"):
            Trainer(RECIPE, other, state)
    moved = replace(tiny, name="another", origin="elsewhere")  # the same pictures in another place
    assert Trainer(RECIPE, moved, state).step == trainer.step


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("model"),
        lambda state: state.pop("data"),
        lambda state: state.pop("recent"),
        lambda state: state.update(data=3),
        lambda state: state.update(recent=[(1.0, 2.0)]),
        lambda state: state["model"].pop("head.weight"),
        lambda state: state["optimizers"].pop(),
        lambda state: state["model"].update({"head.weight": torch.zeros(2, 2)}),
    ],
)
def test_a_state_that_lacks_something_is_refused_in_a_sentence(tiny, spoil):
    trainer = Trainer(RECIPE, tiny)
    received(trainer, 5)
    state = trainer.state()
    spoil(state)
    with pytest.raises(ValueError, match=r"^the saved state of this run does not fit its recipe: start the run anew$"):
        Trainer(RECIPE, tiny, state)


def test_a_state_of_another_recipe_is_refused(tiny):
    state = Trainer(RECIPE, tiny).state()
    for other in (replace(RECIPE, optimizer="muon"), replace(RECIPE, overrides=RECIPE.overrides | {"d_ff": 32})):
        with pytest.raises(ValueError, match="does not fit its recipe"):
            Trainer(other, tiny, state)
