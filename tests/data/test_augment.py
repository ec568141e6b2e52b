"""Augmentations of whole batches are what they would be picture by picture."""

import pytest
import torch

from vit_explorer.data.augment import (
    apply_crop_and_flip,
    channel_statistics,
    crop_and_flip,
    draw_crop_and_flip,
    normalise,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(n: int, padding: int, seed: int) -> list[tuple[int, int, bool]]:
    """Top, left and flip of each picture, as crop_and_flip draws them."""
    source = generator(seed)
    top, left = (torch.randint(0, 2 * padding + 1, (n, 1), generator=source) for _ in range(2))
    flip = torch.rand((n, 1), generator=source) < 0.5
    return list(zip(top.flatten().tolist(), left.flatten().tolist(), flip.flatten().tolist(), strict=True))


@pytest.mark.parametrize(("shape", "padding"), [((40, 3, 32, 32), 4), ((40, 1, 6, 10), 2), ((5, 3, 8, 8), 0)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_it_is_the_loop_over_pictures(shape, padding, dtype):
    images = torch.randint(1, 256, shape).to(dtype)
    found = crop_and_flip(images, generator(3), padding)
    _, channels, height, width = shape
    for picture, result, (top, left, flip) in zip(images, found, draws(len(images), padding, 3), strict=True):
        padded = torch.zeros(channels, height + 2 * padding, width + 2 * padding, dtype=dtype)
        padded[:, padding : padding + height, padding : padding + width] = picture
        crop = padded[:, top : top + height, left : left + width]
        assert torch.equal(result, crop.flip(2) if flip else crop)
    assert found.dtype == dtype


def test_the_same_generator_gives_the_same_batch():
    images = torch.randint(0, 256, (16, 3, 8, 8), dtype=torch.uint8)
    assert torch.equal(crop_and_flip(images, generator(1)), crop_and_flip(images, generator(1)))
    assert not torch.equal(crop_and_flip(images, generator(1)), crop_and_flip(images, generator(2)))


def test_what_was_given_is_left_alone():
    images = torch.randint(0, 256, (16, 3, 8, 8), dtype=torch.uint8)
    before = images.clone()
    crop_and_flip(images, generator())
    assert torch.equal(images, before)


def test_half_of_the_pictures_are_mirrored():
    images = torch.zeros(4000, 1, 3, 3, dtype=torch.uint8)
    images[..., 0] = 9  # a bright left column
    mirrored = (crop_and_flip(images, generator(), padding=0)[..., 2] == 9).all(dim=(1, 2))
    assert 0.47 < mirrored.float().mean() < 0.53


def test_every_shift_is_as_likely_and_brings_in_black():
    images = torch.ones(9000, 1, 4, 4, dtype=torch.uint8)
    found = crop_and_flip(images, generator(), padding=2)
    black_rows = (found.sum(dim=3) == 0).squeeze(1)  # (n, 4)
    top, bottom = black_rows[:, :2].sum(dim=1), black_rows[:, 2:].sum(dim=1)
    shifts = torch.bincount(top - bottom + 2, minlength=5)  # of -2 to 2 rows
    assert shifts.min() > 1650
    assert shifts.max() < 1950
    kept = (4 - top - bottom) * (4 - (found.sum(dim=2) == 0).sum(dim=(1, 2)))
    assert torch.equal(found.sum(dim=(1, 2, 3)), kept)  # what is not black is as it was


def test_statistics_are_those_of_torch():
    images = torch.randint(0, 200, (50, 3, 16, 16), dtype=torch.uint8, generator=generator())
    images[:, 1] //= 3
    mean, std = channel_statistics(images)
    planes = images.double().transpose(0, 1).flatten(1)  # (3, n)
    assert (mean.dtype, std.dtype) == (torch.float32, torch.float32)
    assert (mean - planes.mean(dim=1)).abs().max() < 1e-4
    assert (std - planes.std(dim=1, correction=0)).abs().max() < 1e-4


def test_statistics_by_hand():
    images = torch.tensor([[[[0, 10]]], [[[20, 30]]]], dtype=torch.uint8)
    mean, std = channel_statistics(images)
    assert (mean.item(), std.item()) == (15.0, pytest.approx(125**0.5))


def test_statistics_do_not_depend_on_the_order():
    images = torch.randint(0, 256, (500, 3, 8, 8), dtype=torch.uint8, generator=generator())
    first, second = channel_statistics(images), channel_statistics(images[torch.randperm(500)])
    assert torch.equal(torch.stack(first), torch.stack(second))


def test_a_blank_dataset_has_a_spread_to_divide_by():
    mean, std = channel_statistics(torch.full((4, 3, 8, 8), 7, dtype=torch.uint8))
    assert mean.tolist() == [7, 7, 7]
    assert std.tolist() == [1, 1, 1]


def test_normalise_by_hand_and_back_to_zero_and_one():
    picture = torch.tensor([0, 50, 255], dtype=torch.uint8)[None, :, None, None].expand(2, 3, 4, 4)
    found = normalise(picture, torch.tensor([10.0, 20.0, 55.0]), torch.tensor([5.0, 10.0, 100.0]))
    assert found.dtype == torch.float32
    assert found[1, :, 2, 3].tolist() == [-2.0, 3.0, 2.0]

    images = torch.randint(0, 256, (50, 3, 8, 8), dtype=torch.uint8, generator=generator())
    whole = normalise(images, *channel_statistics(images)).transpose(0, 1).flatten(1)
    assert whole.mean(dim=1).abs().max() < 1e-5
    assert (whole.std(dim=1, correction=0) - 1).abs().max() < 1e-5


def test_crops_without_flips_are_the_same_crops_and_mirror_nothing():
    with_flips, without = (draw_crop_and_flip(200, generator(5), flips=flips) for flips in (True, False))
    assert torch.equal(with_flips[:, :2], without[:, :2]) and with_flips[:, 2].any() and not without[:, 2].any()
    arrows = torch.zeros(200, 1, 9, 9, dtype=torch.uint8)
    arrows[:, :, 4, 3:6] = torch.tensor([1, 2, 3], dtype=torch.uint8)  # brighter to the right
    seen = apply_crop_and_flip(arrows, without)
    lit = [row[row > 0].tolist() for row in seen.flatten(2)[:, 0]]
    assert all(values == sorted(values) for values in lit) and [1, 2, 3] in lit
