"""The loop: what it says, that it is right, and when it refuses or gives up."""

import copy
from collections.abc import Iterable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from tests.training.small import OVERRIDES, RECIPE, kinds
from vit_explorer.data.augment import channel_statistics, crop_and_flip
from vit_explorer.data.dataset import Split
from vit_explorer.explain.probe import probe_map
from vit_explorer.training import Recipe, Trainer, train
from vit_explorer.training.loop.batches import _AUGMENT, _ORDER, _generator
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.schedule import lr_factor
from vit_explorer.training.loop.trainer import NotFiniteError


def only(kind: type, events: Iterable[Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def undisturbed(tiny) -> tuple[list[Event], Trainer]:
    trainer = Trainer(RECIPE, tiny)
    return list(trainer.events()), trainer


def test_the_order_of_events(undisturbed):
    events, _ = undisturbed
    # 18 pictures in batches of 7, 7 and 4; of 9 steps 5 snapshots, at 0, 1, 2, 4 and 9.
    assert kinds(events) == [
        *("Started", "Snapshot"),
        *("Step", "Snapshot", "Step", "Snapshot", "Step", "Epoch"),
        *("Step", "Snapshot", "Step", "Step", "Epoch"),
        *("Step", "Step", "Step", "Snapshot", "Epoch", "Finished"),
    ]


def test_what_the_events_say(undisturbed, tiny):
    events, trainer = undisturbed
    n_parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
    assert events[0] == Started(0, 9, 3, 18, 6, 9, 6, n_parameters)
    steps, epochs, finished = only(Step, events), only(Epoch, events), events[-1]
    images = [7, 14, 18, 25, 32, 36, 43, 50, 54]
    assert [(step.step, step.total_steps, step.epoch) for step in steps] == [(i + 1, 9, 1 + i // 3) for i in range(9)]
    assert [step.images for step in steps] == images
    assert [step.lr for step in steps] == [3e-3 * lr_factor(RECIPE, i, 9) for i in range(9)]
    assert all(step.images_per_second > 0 for step in steps)
    assert [step.seconds for step in steps] == sorted(step.seconds for step in steps)
    assert all(step.seconds_left > 0 for step in steps)  # behind the last one the whole test split is evaluated
    assert [(epoch.epoch, epoch.step, epoch.images) for epoch in epochs] == [(1, 3, 18), (2, 6, 36), (3, 9, 54)]
    for epoch, own in zip(epochs, (steps[:3], steps[3:6], steps[6:]), strict=True):
        assert epoch.train_loss == pytest.approx((own[0].loss * 7 + own[1].loss * 7 + own[2].loss * 4) / 18)
        assert (epoch.train_accuracy * 18) == pytest.approx(round(epoch.train_accuracy * 18))
    assert (finished.step, finished.images, finished.seconds) == (9, 54, steps[-1].seconds)
    assert finished.test_accuracy == trainer.accuracy(tiny.test)
    assert finished.validation_accuracy == epochs[-1].validation_accuracy == trainer.accuracy(trainer.source.validation)
    assert epochs[-1].test_accuracy == trainer.accuracy(trainer.source.measured)


def test_running_values_are_means_over_the_last_fifty_batches(tiny):
    steps = only(Step, train(Recipe(overrides=OVERRIDES, epochs=10, batch_size=3), tiny))
    losses = torch.tensor([step.loss for step in steps], dtype=torch.float64)
    assert len(losses) == 80
    for number in (1, 2, 49, 50, 51, 80):
        expected = float(losses[max(0, number - 50) : number].mean())
        assert steps[number - 1].running_loss == pytest.approx(expected, rel=1e-5)
    right = [step.running_accuracy * 3 * min(50, step.step) for step in steps]
    assert right == pytest.approx([round(count) for count in right])
    assert right[0] <= 3 and right[-1] > 75  # it learns, and the beginning is forgotten


def test_running_values_weigh_pictures_not_batches(undisturbed):
    events, _ = undisturbed
    steps = only(Step, events)
    weighed = sum(step.loss * size for step, size in zip(steps[:3], (7, 7, 4), strict=True)) / 18
    assert steps[2].running_loss == pytest.approx(weighed, rel=1e-6)


def test_snapshots_show_the_model_of_their_moment(tiny):
    trainer = Trainer(RECIPE, tiny)
    kept = []
    for event in trainer.events():
        if isinstance(event, Snapshot):
            assert torch.equal(event.positions, trainer.model.pos_embedding.detach()[0])
            assert (event.step, event.epoch, event.images) == (trainer.step, event.step / 3, trainer.images)
            picture = trainer.source.normalised(tiny.test.x[:1])
            probabilities = trainer.model.eval()(picture)[0].softmax(dim=0).detach()
            assert event.probe_answer == int(probabilities.argmax())
            assert event.probe_probability == pytest.approx(float(probabilities.max()), abs=1e-6)
            assert torch.allclose(event.probe_map, probe_map(trainer.model, picture)[0])
            assert event.test_accuracy == trainer.accuracy(trainer.source.measured)
            kept.append((event, event.positions.clone(), event.probe_map.clone()))
    assert [event.step for event, *_ in kept] == [0, 1, 2, 4, 9]
    for event, positions, shown in kept:  # training on did not write into them
        assert torch.equal(event.positions, positions) and torch.equal(event.probe_map, shown)
    assert not torch.equal(kept[0][1], kept[-1][1])


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(model="cnn", overrides={"widths": (4, 8)}),
        Recipe(model="vit", overrides={**OVERRIDES, "positions": "none"}),
    ],
    ids=["cnn", "no positions"],
)
def test_a_model_without_positions_has_snapshots_without_them(tiny, recipe):
    events = list(train(replace(recipe, epochs=1, batch_size=12, snapshots=2), tiny))
    assert kinds(events) == ["Started", "Snapshot", "Step", "Step", "Snapshot", "Epoch", "Finished"]
    for snapshot in only(Snapshot, events):
        assert snapshot.positions is None
        assert float(snapshot.probe_map.sum()) == pytest.approx(1, abs=1e-5)
        assert snapshot.probe_map.min() >= 0


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
    assert step.running_accuracy == (logits.argmax(dim=1) == tiny.train.y[batch]).float().mean().item()
    loss.backward()
    torch.optim.Adam(model.parameters(), lr=1e-3).step()
    for name, parameter in trainer.model.named_parameters():
        moved = (parameter - model.get_parameter(name)).abs().max().item()
        assert moved < 2e-4, name  # of a step of 1e-3


def test_the_test_split_is_looked_at_once_if_so_asked(tiny, monkeypatch):
    looked = []
    accuracy = Trainer.accuracy
    monkeypatch.setattr(
        Trainer, "accuracy", lambda self, split, *more: looked.append(len(split.y)) or accuracy(self, split, *more)
    )
    events = list(train(replace(RECIPE, test_each_epoch=False, validation=0.0), tiny))
    assert [(event.validation_accuracy, event.test_accuracy) for event in only(Epoch, events)] == [(None, None)] * 3
    assert [event.test_accuracy for event in only(Snapshot, events)] == [None] * 5
    assert events[-1].validation_accuracy is None
    assert 0 <= events[-1].test_accuracy <= 1
    assert looked == [9, 9]  # the test split, and as many training pictures


def test_at_the_end_training_pictures_are_measured_as_they_are(tiny):
    trainer = Trainer(replace(RECIPE, augment="crop-flip", validation=0.0), tiny)
    *_, finished = trainer.events()
    learned, train = trainer.source.learned, tiny.train
    rows = {tuple(picture.flatten().tolist()): int(label) for picture, label in zip(train.x, train.y, strict=True)}
    assert len(learned.y) == len(tiny.test.y) < len(train.y)
    assert all(rows[tuple(x.flatten().tolist())] == int(y) for x, y in zip(learned.x, learned.y, strict=True))
    with torch.no_grad():
        answers = trainer.model.eval()(trainer.source.normalised(learned.x)).argmax(dim=1)
    assert finished.train_accuracy == (answers == learned.y).double().mean().item()


def test_the_test_pictures_are_measured_once_for_a_step_and_all_of_them_at_the_end(tiny, monkeypatch):
    looked = []
    accuracy = Trainer.accuracy

    def watched(self: Trainer, split: Split, precision: str = "float32") -> float:
        looked.append((self.step, len(split.y), precision))
        return accuracy(self, split, precision)

    monkeypatch.setattr(Trainer, "accuracy", watched)
    list(train(replace(RECIPE, precision="bfloat16", validation=0.0, subset=18), tiny))
    # Snapshots at 0, 1, 2, 4 and 9, epochs' ends at 3, 6 and 9.
    assert looked == [(step, 6, "bfloat16") for step in (0, 1, 2, 3, 4, 6, 9)] + 2 * [(9, 9, "float32")]


def test_sizes_come_from_the_data(tiny):
    assert Trainer(RECIPE, tiny).overrides == {"img_size": 8, "n_classes": 3, **OVERRIDES}
    assert Trainer(replace(RECIPE, overrides=OVERRIDES | {"n_classes": 3}), tiny).model.head.out_features == 3
    for name, value in (("n_classes", 5), ("img_size", 32)):
        with pytest.raises(ValueError, match=rf"{name} is \d in these data and cannot be set to {value}"):
            Trainer(replace(RECIPE, overrides=OVERRIDES | {name: value}), tiny)


@pytest.mark.parametrize("device", ["nonsense", "cuda:63"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(tiny, device):
    with pytest.raises(ValueError, match=rf"device '{device}' cannot be used here: ") as caught:
        Trainer(replace(RECIPE, device=device), tiny)
    assert "\n" not in str(caught.value)


def test_bfloat16_trains_and_keeps_float32_weights(tiny):
    trainer = Trainer(replace(RECIPE, precision="bfloat16"), tiny)
    assert kinds(trainer.events())[-1] == "Finished"
    assert {parameter.dtype for parameter in trainer.model.parameters()} == {torch.float32}


def test_whether_a_look_comes_next_is_known_before(tiny):
    trainer = Trainer(RECIPE, tiny)
    events = trainer.events()
    assert isinstance(next(events), Started)
    told = []
    while not (told and isinstance(told[-1][-1], Finished)):
        told.append((trainer.looks_next, trainer.coming, next(events)))
    assert all(looked != isinstance(event, Step) == (coming is None) for looked, coming, event in told)
    assert told[-1][1] == f"testing on all {len(tiny.test.y):,} test pictures"


def test_where_the_next_epoch_ends_that_was_not_told(tiny):
    trainer = Trainer(RECIPE, tiny)
    ends = [trainer.next_epoch_end for event in trainer.events() if isinstance(event, Step)]
    assert ends == [3, 3, 3, 6, 6, 6, 9, 9, 9]


def test_a_dataset_of_its_own_is_opened_by_name(tiny_npz):
    found = list(train(Recipe(overrides=OVERRIDES, data=str(tiny_npz), epochs=1)))
    assert (found[0].n_train, found[0].n_test) == (24, 9)


# --- the learning rate is turned ---


def test_the_rate_can_be_turned_on_the_way_and_the_recipe_repeats_it(tiny):
    recipe = replace(RECIPE, lr_changes=())
    trainer = Trainer(recipe, tiny)
    turned = []
    for event in trainer.events():
        turned.append(event)
        if isinstance(event, Step) and event.step in (2, 5):
            trainer.change_lr(0.1 * event.step)
    assert trainer.recipe == replace(recipe, lr_changes=((2, 0.2), (5, 0.5)))
    rates = [event.lr for event in only(Step, turned)]
    plain = [3e-3 * lr_factor(recipe, step, 9) for step in range(9)]
    assert rates == pytest.approx(
        [rate * factor for rate, factor in zip(plain, [1, 1, *[0.2] * 3, *[0.5] * 4], strict=True)]
    )
    repeated = list(train(trainer.recipe, tiny))
    assert [event.loss for event in only(Step, repeated)] == [event.loss for event in only(Step, turned)]


def test_turning_twice_at_the_same_step_keeps_the_last_and_nonsense_is_refused(tiny):
    trainer = Trainer(RECIPE, tiny)
    trainer.change_lr(3.0)
    trainer.change_lr(2.0)
    assert trainer.recipe.lr_changes == ((0, 2.0),)  # the change at step 4 gives way to who turns it by hand
    for factor in (0.0, -1.0, 101.0, float("nan")):
        with pytest.raises(ValueError, match=r"between 0\.01 and 100"):
            trainer.change_lr(factor)
    assert trainer.recipe.lr_changes == ((0, 2.0),)


# --- when it cannot go on ---


def spoil(trainer: Trainer, step: int, value: float, name: str = "head.weight") -> list[Event]:
    """All events, if after that step one weight becomes another value."""
    found = []
    for event in trainer.events():
        found.append(event)
        if isinstance(event, Step) and event.step == step:
            with torch.no_grad():
                trainer.model.get_parameter(name).view(-1)[0] = value
    return found


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_loss_that_is_no_number_ends_the_run_with_a_reason(tiny, value):
    trainer = Trainer(replace(RECIPE, snapshots=2, test_each_epoch=False), tiny)
    *before, failed = spoil(trainer, 4, value)
    assert kinds(before) == ["Started", "Snapshot", "Step", "Step", "Step", "Epoch", "Step"]
    assert failed == Failed(4, "The loss became nan at step 5: try a lower learning rate.")
    assert all(torch.isfinite(weights).all() for weights in trainer.model.blocks.state_dict().values())


def test_weights_that_are_no_numbers_are_not_measured_but_end_the_run(tiny):
    sentence = "became something else than numbers: try a lower learning rate."
    for recipe in (RECIPE, replace(RECIPE, snapshots=2), replace(RECIPE, test_each_epoch=False, validation=0.0)):
        for step in (1, 4, 6, 9):
            *before, failed = spoil(Trainer(recipe, tiny), step, torch.nan)
            assert isinstance(failed, Failed)
            assert failed.step == step
            assert failed.reason.endswith(
                (sentence, f"The loss became nan at step {step + 1}: try a lower learning rate.")
            )
            assert only(Finished, before) == []


def test_accuracy_of_a_model_that_knows_no_numbers_is_refused(tiny):
    trainer = Trainer(RECIPE, tiny)
    with torch.no_grad():
        trainer.model.head.bias[1] = torch.nan
    with pytest.raises(NotFiniteError, match="something else than numbers: try a lower learning rate"):
        trainer.accuracy(tiny.test)


def test_a_gradient_that_is_no_number_ends_the_run_before_it_spoils_the_weights(tiny):
    trainer = Trainer(RECIPE, tiny)
    trainer.model.head.weight.register_hook(lambda gradient: gradient * (torch.nan if trainer.step == 4 else 1))
    *before, failed = trainer.events()
    assert failed == Failed(4, "The gradient became nan at step 5: try a lower learning rate.")
    assert len(only(Step, before)) == 4
    assert all(torch.isfinite(weights).all() for weights in trainer.model.state_dict().values())


def test_a_rate_far_too_high_fails_or_ends_but_never_hangs(tiny):
    found = kinds(train(Recipe(overrides=OVERRIDES, lr=10.0, epochs=2, batch_size=4), tiny))
    assert found[-1] in ("Failed", "Finished")
    assert found.count("Failed") + found.count("Finished") == 1


def test_batch_normalization_is_not_left_with_one_value(tiny):
    """Three halvings of 8 pixels leave one place, so one image would give one value a channel: 18 are 17 and 1."""
    normed = {"model": "cnn", "overrides": {"widths": (4, 4, 4, 4), "norm": "batch"}}
    with pytest.raises(ValueError, match=r"batches of 17 leave one of the 18 .* 2 or more"):
        Trainer(replace(RECIPE, **normed, batch_size=17), tiny)
    for fields in (
        {**normed, "batch_size": 7},
        {"batch_size": 17},
        {**normed, "overrides": {"widths": (4, 8), "norm": "batch"}, "batch_size": 17},
    ):
        assert isinstance(list(Trainer(replace(RECIPE, epochs=1, **fields), tiny).events())[-1], Finished)
