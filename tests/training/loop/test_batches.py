"""The batches of a run: each picture once an epoch, and nothing that cannot be learned from."""

from dataclasses import replace

import pytest
import torch

from tests.training.small import RECIPE
from vit_explorer.data.augment import channel_statistics, draw_crop_and_flip
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.training.loop import batches as batches_module
from vit_explorer.training.loop.batches import BatchSource


def numbers(images: torch.Tensor, among: torch.Tensor) -> list[int]:
    """Which pictures of ``among`` these are."""
    return [int((among == picture).flatten(1).all(dim=1).nonzero().item()) for picture in images]


def test_every_picture_is_seen_once_an_epoch_in_another_order_each_time(tiny):
    source = BatchSource(tiny, replace(RECIPE, augment="none"))
    assert source.steps_per_epoch == 3
    orders = []
    for epoch in range(2):
        batches = [source.batch(step) for step in range(3 * epoch, 3 * epoch + 3)]
        assert [len(batch.labels) for batch in batches] == [7, 7, 4]
        order = [number for batch in batches for number in numbers(batch.images, source.train.x)]
        assert source.train.y[order].tolist() == torch.cat([batch.labels for batch in batches]).tolist()
        assert order == torch.cat([batch.places for batch in batches]).tolist()
        assert all(torch.equal(batch.targets, batch.labels) for batch in batches)
        assert sorted(order) == list(range(18))
        assert order != sorted(order)
        orders.append(order)
    assert orders[0] != orders[1]


def test_a_batch_depends_on_its_step_alone(tiny):
    one, other = BatchSource(tiny, RECIPE), BatchSource(tiny, RECIPE)
    forwards = [one.batch(step) for step in range(9)]
    for step in (8, 0, 5, 5, 2):
        for found, expected in zip(vars(other.batch(step)).values(), vars(forwards[step]).values(), strict=True):
            assert torch.equal(found, expected)


def test_every_step_draws_its_own_augmentation(tiny, monkeypatch):
    seeds = []

    def watched(n: int, generator: torch.Generator, flips: bool) -> torch.Tensor:
        seeds.append(generator.initial_seed())
        return draw_crop_and_flip(n, generator, flips=flips)

    monkeypatch.setattr(batches_module, "draw_crop_and_flip", watched)
    source = BatchSource(tiny, RECIPE)
    plain = BatchSource(tiny, replace(RECIPE, augment="none"))
    moved = [not torch.equal(source.batch(step).images, plain.batch(step).images) for step in range(9)]
    assert len(seeds) == len(set(seeds)) == 9
    assert all(moved)


def test_images_are_counted_with_the_smaller_last_batch(tiny):
    source = BatchSource(tiny, RECIPE)
    assert [source.images_until(step) for step in range(7)] == [0, 7, 14, 18, 25, 32, 36]


def test_a_subset_is_trained_on_and_normalised_by(tiny):
    source = BatchSource(tiny, replace(RECIPE, subset=6, validation=0.0))
    assert torch.bincount(source.train.y).tolist() == [2, 2, 2]
    mean, std = channel_statistics(source.train.x)
    assert (source.mean.tolist(), source.std.tolist()) == (mean.tolist(), std.tolist())
    whole = source.normalised(source.train.x)
    assert whole.is_contiguous(memory_format=torch.channels_last)
    assert whole.mean(dim=(0, 2, 3)).abs().max() < 1e-5


def test_the_curves_are_measured_on_a_balanced_part_of_the_test_split(tiny):
    source = BatchSource(tiny, RECIPE)
    assert torch.bincount(source.measured.y).tolist() == [2, 2, 2]
    assert len(set(numbers(source.measured.x, tiny.test.x))) == 6
    assert len(BatchSource(tiny, replace(RECIPE, test_subset=None)).measured.y) == 9
    other = BatchSource(tiny, replace(RECIPE, seed=4))
    assert sorted(numbers(other.measured.x, tiny.test.x)) != sorted(numbers(source.measured.x, tiny.test.x))


def test_the_probe_is_the_test_picture_of_that_number(tiny):
    for number in (0, 8):
        assert torch.equal(BatchSource(tiny, replace(RECIPE, probe=number)).probe, tiny.test.x[number : number + 1])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"probe": 9}, "probe must lie between 0 and 8, the last test picture, not 9"),
        ({"test_subset": 10}, "test_subset must lie between 1 and 9, all test pictures, not 10"),
        ({"subset": 24}, "a subset of 24 pictures cannot be taken from 18"),
        ({"subset": 1}, "all 1 training pictures are of one class, '.*': there must be two at least"),
        ({"subset": 2}, "class '.*' has no picture among the 2 for training: .*"),
    ],
)
def test_what_these_data_do_not_give_is_refused(tiny, changes, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        BatchSource(tiny, replace(RECIPE, **changes))


def with_labels(tiny: Dataset, keep: list[int], names: tuple[str, ...]) -> Dataset:
    chosen = torch.isin(tiny.train.y, torch.tensor(keep))
    return replace(tiny, train=Split(tiny.train.x[chosen], tiny.train.y[chosen]), names=names)


def test_one_class_cannot_be_learned(tiny):
    for names in (("dark",), ("dark", "grey", "light")):
        with pytest.raises(ValueError, match="all 6 training pictures are of one class, 'dark'"):
            BatchSource(with_labels(tiny, [0], names), RECIPE)


def test_a_class_without_a_training_picture_is_named(tiny):
    with pytest.raises(ValueError, match="class 'grey' has no picture among the 12 for training"):
        BatchSource(with_labels(tiny, [0, 2], tiny.names), RECIPE)
    with pytest.raises(ValueError, match="class 'grey' and 2 more has no picture"):
        BatchSource(with_labels(tiny, [0, 2], (*tiny.names, "a", "b")), RECIPE)


def test_the_data_are_left_alone(tiny: Dataset):
    before = tiny.train.x.clone()
    source = BatchSource(tiny, RECIPE)
    for step in range(6):
        source.batch(step)
    assert torch.equal(tiny.train.x, before)


def test_a_batch_of_every_ingredient_depends_on_its_step_alone(tiny):
    recipe = replace(RECIPE, rand_augment=9, erasing=0.5, mixup=0.8, cutmix=1.0)
    one, other = BatchSource(tiny, recipe), BatchSource(tiny, recipe)
    forwards = [one.batch(step) for step in range(9)]
    for step in (8, 0, 5, 5, 2):
        for found, expected in zip(vars(other.batch(step)).values(), vars(forwards[step]).values(), strict=True):
            assert torch.equal(found, expected)
    for batch in forwards:
        assert torch.allclose(batch.targets.sum(1), torch.ones(len(batch.labels)), atol=1e-6)
        assert ((batch.targets > 0).sum(1) <= 2).all()


def test_mixed_targets_say_of_what_a_picture_is_made(tiny):
    """Without any other change a mixed picture is its own share of itself and the rest of a partner with that label."""
    source = BatchSource(tiny, replace(RECIPE, augment="none", mixup=1.0))
    plain = BatchSource(tiny, replace(RECIPE, augment="none"))
    for step in range(3):
        mixed, own = source.batch(step), plain.batch(step)
        assert torch.equal(mixed.places, own.places) and torch.equal(mixed.labels, own.labels)
        x = own.images.double().flatten(1)
        for k, picture in enumerate(mixed.images.double().flatten(1)):
            share = float(mixed.targets[k, own.labels[k]])
            errors = [(share * x[k] + (1 - share) * x[j] - picture).abs().max() for j in range(len(x))]
            fits = [j for j, error in enumerate(errors) if error <= 0.51]
            if share < 1 - 1e-6:
                assert any(abs(float(mixed.targets[k, own.labels[j]]) - (1 - share)) < 1e-5 for j in fits)


def test_with_repeats_a_picture_stands_so_often_in_its_batch_each_time_another_way(tiny):
    source = BatchSource(tiny, replace(RECIPE, batch_size=6, repeats=3))
    assert source.steps_per_epoch == BatchSource(tiny, replace(RECIPE, batch_size=6)).steps_per_epoch == 3
    epochs = []
    for epoch in range(2):
        batches = [source.batch(step) for step in range(3 * epoch, 3 * epoch + 3)]
        places = torch.cat([batch.places for batch in batches])
        assert [batch.places.unique().numel() for batch in batches] == [2, 2, 2]
        assert torch.bincount(places).unique().tolist() in ([0, 3], [3])
        assert any(not torch.equal(*batch.images[:2]) for batch in batches)
        epochs.append(set(places.tolist()))
    assert epochs[0] != epochs[1]


def test_crops_alone_mirror_nothing(tiny):
    """Each batch is that of "crop-flip" with its flipped images flipped back."""
    both, alone = (BatchSource(tiny, replace(RECIPE, augment=augment)) for augment in ("crop-flip", "crop"))
    for step in range(3):
        images, seen = both.batch(step).images, alone.batch(step).images
        flipped = draw_crop_and_flip(len(seen), batches_module._generator(RECIPE.seed, batches_module._AUGMENT, step))[
            :, 2
        ].bool()
        assert flipped.any() and torch.equal(torch.where(flipped[:, None, None, None], images.flip(3), images), seen)
