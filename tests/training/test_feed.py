"""What a model is fed: each picture once an epoch, and nothing that cannot be learned from."""

from dataclasses import replace

import pytest
import torch

from tests.training.small import RECIPE
from vit_explorer.data.augment import channel_statistics, crop_and_flip
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.training import feed as feed_module
from vit_explorer.training.feed import Feed


def numbers(images: torch.Tensor, among: torch.Tensor) -> list[int]:
    """Which pictures of ``among`` these are."""
    return [int((among == picture).flatten(1).all(dim=1).nonzero().item()) for picture in images]


def test_every_picture_is_seen_once_an_epoch_in_another_order_each_time(tiny):
    feed = Feed(tiny, replace(RECIPE, augment="none"))
    assert feed.steps_per_epoch == 3
    orders = []
    for epoch in range(2):
        batches = [feed.batch(step) for step in range(3 * epoch, 3 * epoch + 3)]
        assert [len(labels) for _, labels in batches] == [7, 7, 4]
        order = [number for images, _ in batches for number in numbers(images, feed.train.x)]
        assert feed.train.y[order].tolist() == torch.cat([labels for _, labels in batches]).tolist()
        assert sorted(order) == list(range(18))
        assert order != sorted(order)
        orders.append(order)
    assert orders[0] != orders[1]


def test_a_batch_depends_on_its_step_alone(tiny):
    one, other = Feed(tiny, RECIPE), Feed(tiny, RECIPE)
    forwards = [one.batch(step) for step in range(9)]
    for step in (8, 0, 5, 5, 2):
        for found, expected in zip(other.batch(step), forwards[step], strict=True):
            assert torch.equal(found, expected)


def test_every_step_draws_its_own_augmentation(tiny, monkeypatch):
    seeds = []

    def watched(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        seeds.append(generator.initial_seed())
        return crop_and_flip(images, generator)

    monkeypatch.setattr(feed_module, "crop_and_flip", watched)
    feed = Feed(tiny, RECIPE)
    plain = Feed(tiny, replace(RECIPE, augment="none"))
    moved = [not torch.equal(feed.batch(step)[0], plain.batch(step)[0]) for step in range(9)]
    assert len(seeds) == len(set(seeds)) == 9
    assert all(moved)


def test_images_are_counted_with_the_smaller_last_batch(tiny):
    feed = Feed(tiny, RECIPE)
    assert [feed.images_until(step) for step in range(7)] == [0, 7, 14, 18, 25, 32, 36]


def test_a_subset_is_trained_on_and_normalised_by(tiny):
    feed = Feed(tiny, replace(RECIPE, subset=6, validation=0.0))
    assert torch.bincount(feed.train.y).tolist() == [2, 2, 2]
    mean, std = channel_statistics(feed.train.x)
    assert (feed.mean.tolist(), feed.std.tolist()) == (mean.tolist(), std.tolist())
    whole = feed.normalised(feed.train.x)
    assert whole.is_contiguous(memory_format=torch.channels_last)
    assert whole.mean(dim=(0, 2, 3)).abs().max() < 1e-5


def test_the_curves_are_measured_on_a_balanced_part_of_the_test_split(tiny):
    feed = Feed(tiny, RECIPE)
    assert torch.bincount(feed.measured.y).tolist() == [2, 2, 2]
    assert len(set(numbers(feed.measured.x, tiny.test.x))) == 6
    assert len(Feed(tiny, replace(RECIPE, test_subset=None)).measured.y) == 9
    other = Feed(tiny, replace(RECIPE, seed=4))
    assert sorted(numbers(other.measured.x, tiny.test.x)) != sorted(numbers(feed.measured.x, tiny.test.x))


def test_the_probe_is_the_test_picture_of_that_number(tiny):
    for number in (0, 8):
        assert torch.equal(Feed(tiny, replace(RECIPE, probe=number)).probe, tiny.test.x[number : number + 1])


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
        Feed(tiny, replace(RECIPE, **changes))


def with_labels(tiny: Dataset, keep: list[int], names: tuple[str, ...]) -> Dataset:
    chosen = torch.isin(tiny.train.y, torch.tensor(keep))
    return replace(tiny, train=Split(tiny.train.x[chosen], tiny.train.y[chosen]), names=names)


def test_one_class_cannot_be_learned(tiny):
    for names in (("dark",), ("dark", "grey", "light")):
        with pytest.raises(ValueError, match="all 6 training pictures are of one class, 'dark'"):
            Feed(with_labels(tiny, [0], names), RECIPE)


def test_a_class_without_a_training_picture_is_named(tiny):
    with pytest.raises(ValueError, match="class 'grey' has no picture among the 12 for training"):
        Feed(with_labels(tiny, [0, 2], tiny.names), RECIPE)
    with pytest.raises(ValueError, match="class 'grey' and 2 more has no picture"):
        Feed(with_labels(tiny, [0, 2], (*tiny.names, "a", "b")), RECIPE)


def test_the_data_are_left_alone(tiny: Dataset):
    before = tiny.train.x.clone()
    feed = Feed(tiny, RECIPE)
    for step in range(6):
        feed.batch(step)
    assert torch.equal(tiny.train.x, before)
