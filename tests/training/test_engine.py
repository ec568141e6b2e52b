"""The loop: its schedule, its events, and that a run which was interrupted is the run that was not."""

import copy
import io
import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from vit_explorer.data.augment import channel_statistics, crop_and_flip
from vit_explorer.data.sources import Dataset, Split
from vit_explorer.training import Recipe, Trainer, engine, train
from vit_explorer.training.engine import _AUGMENT, _ORDER, _generator, lr_factor, snapshot_steps
from vit_explorer.training.events import Epoch, Event, Failed, Snapshot, Started, Step

OVERRIDES = {"patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24}
RECIPE = Recipe(
    overrides=OVERRIDES,
    epochs=3,
    batch_size=7,
    lr=3e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    warmup=0.2,
    augment="crop-flip",
    validation=0.25,
    label_smoothing=0.1,
    seed=3,
)
TIMINGS = {"images_per_second", "seconds_left", "seconds"}


def plain(events: Iterable[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Events to compare: without what the clock says, and with positions as numbers."""
    found = []
    for event in events:
        values = {name: value for name, value in asdict(event).items() if name not in TIMINGS}
        if isinstance(event, Snapshot):
            values["positions"] = event.positions.tolist()
        found.append((type(event).__name__, values))
    return found


def kinds(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


# --- the schedule ---


def factors(total: int = 100, **recipe: Any) -> list[float]:
    return [lr_factor(Recipe(**recipe), step, total) for step in range(total)]


def test_warm_up_rises_evenly_to_the_peak():
    found = factors(warmup=0.2)
    assert found[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert found[20:] == [1.0] * 80


def test_without_warm_up_the_first_step_is_the_peak():
    for schedule in ("constant", "linear", "cosine"):
        assert factors(schedule=schedule)[0] == 1.0


def test_linear_falls_evenly_to_zero():
    found = factors(schedule="linear", warmup=0.2)
    assert found[20:] == pytest.approx([1 - step / 80 for step in range(80)])
    assert lr_factor(Recipe(schedule="linear", warmup=0.2), 100, 100) == 0


def test_cosine_is_halfway_in_the_middle():
    found = factors(schedule="cosine", warmup=0.2)
    assert found[60] == pytest.approx(0.5)
    assert found[40] == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))
    assert found[20:] == sorted(found[20:], reverse=True)
    assert lr_factor(Recipe(schedule="cosine", warmup=0.2), 100, 100) == pytest.approx(0)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
@pytest.mark.parametrize("warmup", [0, 0.4, 0.9])
@pytest.mark.parametrize("total", [1, 2, 3, 10])
def test_no_step_of_a_short_run_stands_still_or_overshoots(total, warmup, schedule):
    assert all(0 < factor <= 1 for factor in factors(total, warmup=warmup, schedule=schedule))


@pytest.mark.parametrize("total", [1, 2, 5, 15, 100, 11_730, 1_000_000])
def test_snapshots_are_early_and_few(total):
    steps = sorted(snapshot_steps(total))
    assert (steps[0], steps[-1]) == (0, total)
    assert len(steps) <= 16
    if total > 1000:
        assert len(steps) >= 10
        assert sum(step < total / 10 for step in steps) > len(steps) / 2


# --- a run ---


@pytest.fixture(scope="module")
def undisturbed(tiny) -> tuple[list[Event], Trainer]:
    trainer = Trainer(RECIPE, tiny)
    return list(trainer.events()), trainer


def test_the_order_of_events(undisturbed):
    events, _ = undisturbed
    # 18 pictures in batches of 7, 7 and 4; snapshots at 0, 1, 2, 3, 4, 5, 6, 7, 8 and 9 of 9 steps.
    epoch = ["Step", "Snapshot", "Step", "Snapshot", "Step", "Snapshot", "Epoch"]
    assert kinds(events) == ["Started", "Snapshot", *epoch, *epoch, *epoch, "Finished"]


def test_what_the_events_say(undisturbed, tiny):
    events, trainer = undisturbed
    started, finished = events[0], events[-1]
    n_parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
    assert started == Started(0, 9, 18, 6, 9, n_parameters)
    steps = [event for event in events if isinstance(event, Step)]
    assert [(step.step, step.total_steps, step.epoch) for step in steps] == [(i + 1, 9, 1 + i // 3) for i in range(9)]
    assert [step.lr for step in steps] == [3e-3 * lr_factor(RECIPE, i, 9) for i in range(9)]
    assert all(step.images_per_second > 0 and step.seconds_left >= 0 for step in steps)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert [(epoch.epoch, epoch.step, epoch.images) for epoch in epochs] == [(1, 3, 18), (2, 6, 36), (3, 9, 54)]
    for epoch, own in zip(epochs, (steps[:3], steps[3:6], steps[6:]), strict=True):
        assert epoch.train_loss == pytest.approx((own[0].loss * 7 + own[1].loss * 7 + own[2].loss * 4) / 18)
        assert (epoch.train_accuracy * 18) == pytest.approx(round(epoch.train_accuracy * 18))
    assert finished.test_accuracy == epochs[-1].test_accuracy == trainer.accuracy(tiny.test)
    assert finished.validation_accuracy == epochs[-1].validation_accuracy == trainer.accuracy(trainer.validation)


def test_snapshots_are_the_positions_of_their_moment(tiny):
    trainer = Trainer(replace(RECIPE, epochs=1), tiny)
    taken = 0
    kept = []
    for event in trainer.events():
        if isinstance(event, Snapshot):
            assert torch.equal(event.positions, trainer.model.pos_embedding.detach()[0])
            assert event.epoch == event.step / 3
            assert event.step == trainer.step
            kept.append((event, event.positions.clone()))
            taken += 1
    assert taken == 4
    assert all(torch.equal(event.positions, then) for event, then in kept)  # training on did not write into them
    assert not torch.equal(kept[0][1], kept[-1][1])


def test_a_model_without_positions_has_no_snapshots(tiny):
    found = kinds(train(Recipe(model="cnn", overrides={"widths": (4, 8)}, epochs=1, batch_size=12), tiny))
    assert found == ["Started", "Step", "Step", "Epoch", "Finished"]


def test_it_learns(tiny):
    *_, finished = train(Recipe(overrides=OVERRIDES, epochs=15, batch_size=6, lr=1e-2), tiny)
    assert finished.test_accuracy >= 8 / 9


def test_accuracy_is_counted_right(tiny):
    trainer = Trainer(RECIPE, tiny)
    with torch.no_grad():
        trainer.model.head.weight.zero_()
        trainer.model.head.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))  # always says class 1
    trainer.model.train()
    counted = Split(tiny.train.x[:10], torch.tensor([1, 1, 1, 0, 2, 0, 2, 0, 2, 1]))
    assert trainer.accuracy(counted) == 0.4
    large = Split(tiny.train.x[:1].expand(1201, -1, -1, -1), torch.arange(1201) % 3)  # more than one batch
    assert trainer.accuracy(large) == 400 / 1201


def test_one_step_by_hand(tiny):
    """Plain Adam on the first batch, written out."""
    recipe = Recipe(overrides=OVERRIDES, epochs=1, batch_size=10, augment="crop-flip", label_smoothing=0.2, seed=5)
    trainer = Trainer(recipe, tiny)
    model = copy.deepcopy(trainer.model)
    step = next(event for event in trainer.events() if isinstance(event, Step))

    batch = torch.randperm(24, generator=_generator(5, _ORDER, 0))[:10]
    images = crop_and_flip(tiny.train.x[batch], _generator(5, _AUGMENT, 0)).float()
    mean, std = (value[:, None, None] for value in channel_statistics(tiny.train.x))
    logits = model((images - mean) / std)
    loss = F.cross_entropy(logits, tiny.train.y[batch], label_smoothing=0.2)
    assert step.loss == pytest.approx(loss.item(), abs=1e-6)
    loss.backward()
    torch.optim.Adam(model.parameters(), lr=1e-3).step()
    for name, parameter in trainer.model.named_parameters():
        moved = (parameter - model.get_parameter(name)).abs().max().item()
        assert moved < 2e-4, name  # of a step of 1e-3


def test_every_picture_is_seen_once_an_epoch_in_another_order_each_time(tiny, monkeypatch):
    seen = []
    trainer = Trainer(replace(RECIPE, augment="none", epochs=2), tiny)
    monkeypatch.setattr(trainer.model, "forward", lambda images: _watch(images, seen))
    list(trainer.events())
    everything = trainer._input(trainer.train_split.x)
    orders = [
        [int((everything == picture).flatten(1).all(dim=1).nonzero().item()) for picture in torch.cat(epoch)]
        for epoch in (seen[:3], seen[3:])
    ]
    for order in orders:
        assert sorted(order) == list(range(18))
        assert order != sorted(order)
    assert orders[0] != orders[1]


def test_every_step_draws_its_own_augmentation(tiny, monkeypatch):
    seeds = []

    def watched(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        seeds.append(generator.initial_seed())
        return crop_and_flip(images, generator)

    monkeypatch.setattr(engine, "crop_and_flip", watched)
    list(train(RECIPE, tiny))
    assert len(seeds) == len(set(seeds)) == 9


def _watch(images: torch.Tensor, seen: list[torch.Tensor]) -> torch.Tensor:
    if torch.is_grad_enabled():  # training, not evaluation
        seen.append(images)
    return images.flatten(1)[:, :3].requires_grad_()


def test_the_test_split_is_looked_at_once_if_so_asked(tiny):
    events = list(train(replace(RECIPE, test_each_epoch=False, validation=0.0), tiny))
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert [(epoch.validation_accuracy, epoch.test_accuracy) for epoch in epochs] == [(None, None)] * 3
    assert events[-1].validation_accuracy is None
    assert 0 <= events[-1].test_accuracy <= 1


def test_a_subset_is_trained_on_and_normalised_by(tiny):
    trainer = Trainer(replace(RECIPE, subset=6, validation=0.0), tiny)
    assert torch.bincount(trainer.train_split.y).tolist() == [2, 2, 2]
    mean, std = channel_statistics(trainer.train_split.x)
    assert (trainer.mean.tolist(), trainer.std.tolist()) == (mean.tolist(), std.tolist())


def test_a_subset_larger_than_what_validation_leaves_is_refused(tiny):
    with pytest.raises(ValueError, match=r"24 pictures .* 18"):
        Trainer(replace(RECIPE, subset=24), tiny)


def test_sizes_come_from_the_data_unless_said(tiny):
    assert Trainer(RECIPE, tiny).overrides == {"img_size": 8, "n_classes": 3, **OVERRIDES}
    assert Trainer(replace(RECIPE, overrides=OVERRIDES | {"n_classes": 5}), tiny).model.head.out_features == 5


@pytest.mark.parametrize("device", ["nonsense", "cuda:63"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(tiny, device):
    with pytest.raises(ValueError, match=rf"device '{device}' cannot be used here: ") as caught:
        Trainer(replace(RECIPE, device=device), tiny)
    assert "\n" not in str(caught.value)


def test_bfloat16_trains_and_keeps_float32_weights(tiny):
    trainer = Trainer(replace(RECIPE, precision="bfloat16"), tiny)
    assert kinds(trainer.events())[-1] == "Finished"
    assert {parameter.dtype for parameter in trainer.model.parameters()} == {torch.float32}


# --- the optimisers ---


def parameter_names(trainer: Trainer, optimizer: torch.optim.Optimizer, group: int) -> set[str]:
    names = {id(parameter): name for name, parameter in trainer.model.named_parameters()}
    return {names[id(parameter)] for parameter in optimizer.param_groups[group]["params"]}


@pytest.mark.parametrize(("model", "overrides"), [("vit", OVERRIDES), ("vit-conv", OVERRIDES), ("cnn", {})])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "muon"])
def test_every_parameter_has_one_optimiser(tiny, optimizer, model, overrides):
    trainer = Trainer(replace(RECIPE, model=model, overrides=overrides, optimizer=optimizer), tiny)
    held = [
        id(parameter)
        for optimizer in trainer.optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert len(held) == len(set(held))
    assert set(held) == {id(parameter) for parameter in trainer.model.parameters()}


def test_decay_is_for_matrices_alone(tiny):
    trainer = Trainer(replace(RECIPE, model="vit-conv", optimizer="adamw"), tiny)
    (adamw,) = trainer.optimizers
    decayed, free = (parameter_names(trainer, adamw, group) for group in range(2))
    assert [group["weight_decay"] for group in adamw.param_groups] == [0.1, 0.0]
    assert {"head.weight", "blocks.0.attention.qkv.weight", "patch_embedding.stem.0.weight"} <= decayed
    assert {"pos_embedding", "head.bias", "blocks.0.norm1.weight", "patch_embedding.stem.1.weight"} <= free
    assert all(trainer.model.get_parameter(name).ndim > 1 for name in decayed)


def test_muon_takes_the_matrices_of_the_blocks(tiny):
    trainer = Trainer(replace(RECIPE, optimizer="muon"), tiny)
    _, muon = trainer.optimizers
    layers = ("attention.qkv", "attention.projection", "mlp.0", "mlp.2")
    assert parameter_names(trainer, muon, 0) == {f"blocks.0.{layer}.weight" for layer in layers}
    assert {group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups} == {3e-3}


# --- the same again ---


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


def received(trainer: Trainer, count: int) -> list[Event]:
    return list(islice(trainer.events(), count))


@pytest.mark.parametrize("stop", range(1, 24))
def test_a_run_stopped_after_any_event_goes_on_as_if_nothing_had_happened(undisturbed, tiny, stop):
    events, trainer = undisturbed
    assert len(events) == 24  # so that each of them but the last is stopped after once
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
    received(over, 24)
    assert plain(Trainer(RECIPE, tiny, over.state()).events())[1:] == plain(events[-1:])


@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, optimizer="adam"),
        replace(RECIPE, optimizer="muon"),
        replace(RECIPE, model="vit-conv"),  # whose batch norm has a state
        replace(RECIPE, model="cnn", overrides={"widths": (4, 8)}),
    ],
    ids=["adam", "muon", "vit-conv", "cnn"],
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


# --- when it cannot go on ---


def test_a_loss_that_is_no_number_ends_the_run_with_a_reason(tiny):
    trainer = Trainer(RECIPE, tiny)
    found = []
    for event in trainer.events():
        found.append(event)
        if isinstance(event, Step) and event.step == 2:
            with torch.no_grad():
                trainer.model.head.weight[0, 0] = torch.inf
    assert kinds(found) == ["Started", "Snapshot", "Step", "Snapshot", "Step", "Snapshot", "Failed"]
    failed = found[-1]
    assert isinstance(failed, Failed)
    assert failed.step == 2
    assert failed.reason.endswith("at step 3: try a lower learning rate.")
    assert all(torch.isfinite(value).all() for value in trainer.model.blocks.state_dict().values())


def test_a_rate_far_too_high_fails_or_ends_but_never_hangs(tiny):
    found = kinds(train(Recipe(overrides=OVERRIDES, lr=10.0, epochs=2, batch_size=4), tiny))
    assert found[-1] in ("Failed", "Finished")
    assert found.count("Failed") + found.count("Finished") == 1


def test_a_dataset_of_its_own_is_opened_by_name(tiny_npz):
    found = list(train(Recipe(overrides=OVERRIDES, data=str(tiny_npz), epochs=1)))
    assert (found[0].n_train, found[0].n_test) == (24, 9)


def test_data_of_two_runs_is_not_shared(tiny: Dataset):
    before = tiny.train.x.clone()
    list(train(RECIPE, tiny))
    assert torch.equal(tiny.train.x, before)
