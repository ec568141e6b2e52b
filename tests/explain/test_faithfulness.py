"""Deletion and insertion: their ends, their order, their area, and that they know the right map when there is one."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from tests.explain.small import NAMES, images, make
from vit_explorer.explain import Curve, deletion_curve, insertion_curve
from vit_explorer.explain.erasing import baseline_images
from vit_explorer.explain.explanations import random_maps
from vit_explorer.explain.faithfulness import Erasing, both_curves, importance_order

CURVES = [deletion_curve, insertion_curve]
BASELINES = ["blurred", "mean"]
every_curve = pytest.mark.parametrize("curve", CURVES)


class ReadsOnePatch(nn.Module):
    """Its logit for class 1 is how much the patch at (1, 2) of a 4 x 4 grid varies; all else is nothing to it."""

    def forward(self, images: Tensor) -> Tensor:
        evidence = 20 * images[:, :, 4:8, 8:12].var(dim=(1, 2, 3)) - 6
        return torch.stack([torch.zeros_like(evidence), evidence], dim=1)


class Counts(nn.Module):
    """Its probability of class 0 is one half of the share of pixels that are 1: every patch counts the same."""

    def forward(self, images: Tensor) -> Tensor:
        half = (images == 1).float().mean(dim=(1, 2, 3)) / 2
        return torch.stack([half, 1 - half], dim=1).log()


def quadrants() -> Tensor:
    """(1, 3, 16, 16) of which the left half is 1 and the right half 0: no pixel of either baseline is 1 there."""
    picture = torch.zeros(1, 3, 16, 16)
    picture[..., :8] = 1
    return picture


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_map_planted_on_a_model_that_reads_one_patch_is_the_best(baseline):
    model, x = ReadsOnePatch(), images(1)
    planted = torch.zeros(1, 4, 4)
    planted[0, 1, 2] = 1
    assert model(x).softmax(1)[0, 1] > 0.99
    others = [-planted, torch.ones(1, 4, 4), *random_maps((4, 4), 8).split(1)]
    others = [one for one in others if one.flatten().argmax() != planted.flatten().argmax()]
    assert len(others) >= 8
    best = deletion_curve(model, x, planted, 1, baseline).area
    assert all(deletion_curve(model, x, other, 1, baseline).area > best + 0.02 for other in others)
    best = insertion_curve(model, x, planted, 1, baseline).area
    assert all(insertion_curve(model, x, other, 1, baseline).area < best - 0.02 for other in others)
    assert deletion_curve(model, x, -planted, 1, baseline).probabilities[0, -2] > 0.5  # until the very last patch


@every_curve
@pytest.mark.parametrize(("case", "baseline"), [*itertools.product(NAMES, BASELINES)])
def test_the_ends_are_the_whole_and_the_erased_picture(case, baseline, curve):
    model, x = make(case), images(3)
    found = curve(model, x, random_maps(model.grid, 3), 2, baseline, n_steps=3)
    with torch.no_grad():
        whole = model(x).softmax(1)[:, 2]
        erased = model(baseline_images(x, baseline)).softmax(1)[:, 2]
    first, last = (whole, erased) if curve is deletion_curve else (erased, whole)
    assert torch.allclose(found.probabilities[:, 0], first, atol=1e-5)
    assert torch.allclose(found.probabilities[:, -1], last, atol=1e-5)
    assert (whole - erased).abs().max() > 1e-3
    assert found.fractions[0] == 0 and found.fractions[-1] == 1


@pytest.mark.parametrize("case", ["cls", "pool", "cnn"])
def test_insertion_is_deletion_of_the_reversed_map_read_backwards(case):
    model, x, maps = make(case), images(2), random_maps((4, 4) if case != "cnn" else (8, 8), 2)
    forward = deletion_curve(model, x, maps, 1)
    backward = insertion_curve(model, x, -maps, 1)
    assert torch.allclose(forward.probabilities, backward.probabilities.flip(1), atol=1e-5)


@every_curve
def test_two_pictures_at_once_are_two_pictures_one_by_one(curve, monkeypatch):
    monkeypatch.setattr("vit_explorer.explain.faithfulness.PIXELS_AT_ONCE", 1)
    monkeypatch.setattr("vit_explorer.explain.faithfulness.PICTURES_AT_ONCE", 7)  # cuts through both of them
    model, x, maps = make("cls"), images(2), random_maps((4, 4), 2)
    both = curve(model, x, maps, torch.tensor([3, 1]))
    for i, target in enumerate((3, 1)):
        alone = curve(model, x[i : i + 1], maps[i : i + 1], target)
        assert torch.allclose(both.probabilities[i : i + 1], alone.probabilities, atol=1e-5)
        assert torch.allclose(both.area[i : i + 1], alone.area, atol=1e-5)


@every_curve
def test_without_a_class_it_is_the_one_predicted_for_the_whole_picture(curve):
    model, x, maps = make("cls"), images(4), random_maps((4, 4), 4)
    with torch.no_grad():
        predicted, of_nothing = model(x).argmax(1), model(baseline_images(x)).argmax(1)
    assert (predicted != of_nothing).any()
    assert torch.equal(curve(model, x, maps).probabilities, curve(model, x, maps, predicted).probabilities)


@every_curve
@pytest.mark.parametrize("n_steps", [1, 2, 5, 7, 15])
def test_fewer_steps_are_points_of_the_whole_curve(curve, n_steps):
    model, x, maps = make("cls"), images(2), random_maps((4, 4), 2)
    whole, coarse = curve(model, x, maps, 0), curve(model, x, maps, 0, n_steps=n_steps)
    assert torch.equal(whole.fractions, torch.arange(17) / 16)
    assert whole.probabilities.shape == (2, 17)
    places = (coarse.fractions * 16).long()
    assert len(places.unique()) == n_steps + 1 == coarse.probabilities.shape[1]
    assert torch.equal(coarse.fractions * 16, places.float())
    assert torch.allclose(coarse.probabilities, whole.probabilities[:, places], atol=1e-5)


@every_curve
def test_equal_patches_go_in_the_drawn_order(curve):
    model, x = make("cls"), images(1)
    all_equal = torch.ones(1, 4, 4)
    spelled_out = torch.zeros(16)
    spelled_out[importance_order(all_equal)[0]] = torch.arange(16, 0, -1.0)
    expected = curve(model, x, spelled_out.reshape(1, 4, 4), 0).probabilities
    assert torch.equal(curve(model, x, all_equal, 0).probabilities, expected)
    in_reading_order = torch.arange(16, 0, -1.0).reshape(1, 4, 4)
    assert not torch.equal(curve(model, x, in_reading_order, 0).probabilities, expected)


@every_curve
def test_only_the_order_of_a_map_counts(curve):
    model, x, maps = make("cls"), images(2), random_maps((4, 4), 2)
    assert torch.equal(curve(model, x, maps, 0).probabilities, curve(model, x, 100 * maps**3 - 7, 0).probabilities)


@every_curve
@pytest.mark.parametrize("baseline", BASELINES)
def test_on_a_picture_of_one_colour_every_order_is_the_same(curve, baseline):
    model = make("cls")
    flat = torch.tensor([0.3, -1.2, 2.0])[:, None, None].expand(3, 3, 16, 16)
    found = curve(model, flat, random_maps((4, 4), 3), 1, baseline)
    assert (found.probabilities - found.probabilities[:, :1]).abs().max() < 1e-4
    assert torch.allclose(found.area, found.probabilities[:, 0], atol=1e-4)


def test_each_step_changes_one_more_patch_and_no_other():
    left_first = torch.tensor([1.0, 1, 0, 0]).expand(1, 4, 4)
    found = deletion_curve(Counts(), quadrants(), left_first, 0, "mean")
    expected = torch.cat([torch.arange(8, 0, -1) / 32, torch.zeros(9)])
    assert torch.allclose(found.probabilities[0], expected, atol=1e-6)
    assert found.area.item() == pytest.approx(sum(k / 32 for k in range(1, 8)) / 16 + 8 / 32 / 32, abs=1e-6)
    found = insertion_curve(Counts(), quadrants(), left_first, 0, "mean")
    expected = torch.cat([torch.arange(9) / 32, torch.full((8,), 8 / 32)])
    assert torch.allclose(found.probabilities[0], expected, atol=1e-6)


@pytest.mark.parametrize("n_steps", [None, 5])
def test_both_curves_are_the_two_curves_with_each_altered_picture_seen_once(n_steps, monkeypatch):
    monkeypatch.setattr("vit_explorer.explain.faithfulness.PIXELS_AT_ONCE", 1)
    model, x, drawn = make("cls"), images(1), random_maps((4, 4), 2)
    maps = torch.cat([drawn, 1 - drawn])
    seen, told, forward = [], [], model.forward
    monkeypatch.setattr(model, "forward", lambda images: seen.append(len(images)) or forward(images))
    found = both_curves(model, x, maps, 3, "mean", n_steps, told.append)
    # Two maps and their reverses, deleted and inserted: the steps between the ends of two maps and of their reverses
    # (insertion is the other's deletion), and the two ends.
    steps = n_steps or 16
    assert sum(seen) == 4 * (steps - 1) + 2 if steps == 16 else sum(seen) <= 8 * (steps - 1) + 2
    assert max(seen) == 4
    assert [one.patches for one in told] == sorted(one.patches for one in told)
    assert told[0] == Erasing(0.0, 0) and 0.5 < told[-1].share < 1 and len(told) == len(seen)
    monkeypatch.undo()
    for curve, one in zip(CURVES, found, strict=True):
        expected = curve(model, x.expand(4, -1, -1, -1), maps, 3, "mean", n_steps)
        assert torch.equal(one.fractions, expected.fractions)
        assert torch.allclose(one.probabilities, expected.probabilities, atol=1e-5)


def test_what_progress_raises_ends_the_work():
    seen = []

    def stop(progress: Erasing) -> None:
        seen.append(progress)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        both_curves(make("cls"), images(1), random_maps((4, 4), 2), 0, progress=stop)
    assert len(seen) == 1
    with pytest.raises(ValueError, match="one picture, not of 2"):
        both_curves(make("cls"), images(2), random_maps((4, 4), 2), 0)
    with pytest.raises(ValueError, match="0 to 4, not 5"):
        both_curves(make("cls"), images(1), random_maps((4, 4), 2), 5)


def test_areas_that_are_known():
    unevenly = torch.tensor([0, 0.1, 0.5, 1])
    for height in (0.0, 0.37, 1.0):
        assert Curve(unevenly, torch.full((2, 4), height)).area.tolist() == pytest.approx([height] * 2)
    assert Curve(unevenly, unevenly[None]).area.item() == pytest.approx(0.5)
    assert Curve(unevenly, torch.tensor([[1.0, 0, 0, 0]])).area.item() == pytest.approx(0.05)


@every_curve
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_steps": 0}, "n_steps must be 1 to 16, one for each patch, not 0"),
        ({"n_steps": 17}, "n_steps must be 1 to 16, one for each patch, not 17"),
        ({"target": 5}, "a class must be 0 to 4, not 5"),
        ({"target": -1}, "a class must be 0 to 4, not -1"),
        ({"baseline": "grey"}, "one of blurred, mean, not 'grey'"),
        ({"importance": torch.full((2, 4, 4), torch.nan)}, "finite numbers only"),
        ({"importance": torch.ones(1, 4, 4)}, r"2 pictures need as many maps .* \(1, 4, 4\)"),
        ({"importance": torch.ones(4, 4)}, r"2 pictures need as many maps .* \(4, 4\)"),
        ({"importance": torch.ones(2, 3, 4)}, "3 x 4 patches do not divide"),
    ],
)
def test_what_cannot_be_is_refused_with_its_range(curve, options, words):
    arguments = {"importance": random_maps((4, 4), 2)} | options
    with pytest.raises(ValueError, match=words):
        curve(make("cls"), images(2), **arguments)


def test_equal_patches_go_in_a_drawn_order_that_is_always_the_same():
    nothing, one = torch.zeros(2, 8, 8), torch.zeros(1, 8, 8)
    one[0, 3, 4] = 1
    order = importance_order(nothing)
    assert torch.equal(order, importance_order(nothing)) and torch.equal(order[0], order[1])
    assert sorted(order[0].tolist()) == list(range(64))
    rows = order[0] // 8
    assert rows[:16].float().mean() > 2 and rows[-16:].float().mean() < 5  # no sweep from top to bottom
    assert importance_order(one)[0, 0] == 28
    assert torch.equal(importance_order(one)[0, 1:], order[0][order[0] != 28])
    distinct = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(importance_order(distinct), distinct.flatten(1).argsort(dim=1, descending=True))
