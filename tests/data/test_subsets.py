"""Parts of a split are balanced over its classes, and drawn by their seed alone."""

import pytest
import torch

from vit_explorer.data import Split
from vit_explorer.data.subsets import balanced_subset, cut_validation


def numbered(counts: list[int]) -> Split:
    """A split in which each picture's first pixels are its number; labels in shuffled order."""
    y = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(9))]
    x = torch.zeros(len(y), 3, 4, 4, dtype=torch.uint8)
    x[:, 0, 0, 0], x[:, 0, 0, 1] = torch.arange(len(y)) // 256, torch.arange(len(y)) % 256
    return Split(x, y)


def numbers(split: Split) -> list[int]:
    return (split.x[:, 0, 0, 0].long() * 256 + split.x[:, 0, 0, 1]).tolist()


@pytest.mark.parametrize(("size", "counts"), [(100, [10] * 10), (37, [4] * 7 + [3] * 3), (3, [1] * 3 + [0] * 7)])
def test_a_subset_is_balanced(size, counts):
    chosen = balanced_subset(numbered([30] * 10), size, seed=1)
    assert sorted(torch.bincount(chosen.y, minlength=10).tolist(), reverse=True) == counts


def test_a_subset_keeps_pictures_with_their_labels_and_takes_none_twice():
    split = numbered([30] * 10)
    chosen = balanced_subset(split, 120, seed=1)
    assert len(set(numbers(chosen))) == 120
    assert [split.y[number].item() for number in numbers(chosen)] == chosen.y.tolist()


def test_a_subset_is_drawn_by_its_seed():
    split = numbered([30] * 10)
    first, again, other = (numbers(balanced_subset(split, 60, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != sorted(first)
    assert set(first) != set(other)


def test_a_subset_is_in_random_order():
    labels = balanced_subset(numbered([30] * 3), 60, seed=0).y
    in_turn = labels.reshape(-1, 3).sort(dim=1).values.eq(torch.arange(3)).all(dim=1)
    assert not in_turn.all()  # not dealt out one of each class at a time, as it was chosen
    assert (labels[1:] != labels[:-1]).sum() > 20  # and not class by class


def test_a_class_with_few_pictures_gives_all_and_the_others_fill_up():
    split = numbered([2, 30, 30])
    chosen = balanced_subset(split, 32, seed=0)
    assert torch.bincount(chosen.y).tolist() == [2, 15, 15]
    assert torch.bincount(balanced_subset(split, 61, seed=0).y).tolist()[0] == 2


def test_the_whole_is_handed_back_as_it_is():
    split = numbered([5, 5])
    assert numbers(balanced_subset(split, 10, seed=3)) == list(range(10))


@pytest.mark.parametrize("size", [0, -1, 11])
def test_a_subset_that_cannot_be_is_refused_with_both_numbers(size):
    with pytest.raises(ValueError, match=rf"{size} pictures .* 10"):
        balanced_subset(numbered([5, 5]), size, seed=0)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_validation_is_cut_off_train(share):
    split = numbered([40, 80, 20])
    rest, validation = cut_validation(split, share, seed=4)
    assert set(numbers(rest)) & set(numbers(validation)) == set()
    assert sorted(numbers(rest) + numbers(validation)) == list(range(140))
    assert torch.bincount(validation.y).tolist() == [40 * share, 80 * share, 20 * share]
    assert [split.y[number].item() for number in numbers(validation)] == validation.y.tolist()
    assert [split.y[number].item() for number in numbers(rest)] == rest.y.tolist()


def test_validation_is_drawn_by_its_seed():
    first, again, other = (numbers(cut_validation(numbered([50, 50]), 0.2, seed)[1]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_no_share_is_no_validation():
    rest, validation = cut_validation(numbered([5, 5]), 0, seed=0)
    assert numbers(rest) == list(range(10))
    assert len(validation.y) == 0


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, float("nan")])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        cut_validation(numbered([5, 5]), share, seed=0)
