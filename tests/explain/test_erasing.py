"""What an erased patch becomes, and that nothing else changes."""

import math

import pytest
import torch

from tests.explain.small import images
from vit_explorer.explain.erasing import baseline_images, erase_patches


def blurred_by_hand(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """A Gaussian of two standard deviations to each side, the picture mirrored at its edges, pixel by pixel."""
    reach, side = round(2 * sigma), picture.shape[-1]
    offsets = range(-reach, reach + 1)
    total = sum(math.exp(-(a * a + b * b) / (2 * sigma**2)) for a in offsets for b in offsets)

    def mirrored(place: int) -> int:
        place = abs(place)
        return place if place < side else 2 * (side - 1) - place

    result = torch.zeros_like(picture)
    for row in range(side):
        for col in range(side):
            for a in offsets:
                for b in offsets:
                    share = math.exp(-(a * a + b * b) / (2 * sigma**2)) / total
                    result[:, row, col] += share * picture[:, mirrored(row + a), mirrored(col + b)]
    return result


def test_blurred_is_a_gaussian_of_an_eighth_of_the_side():
    x = images(1)[:, :, :8, :8].contiguous()
    assert (baseline_images(x, "blurred")[0] - blurred_by_hand(x[0], 1.0)).abs().max() < 1e-5


def test_blurred_leaves_less_the_finer_the_detail():
    wave = torch.arange(32) * 2 * torch.pi / 32
    coarse, fine = (torch.cos(n * wave).expand(1, 3, 32, 32) for n in (1, 8))
    assert baseline_images(coarse).std() > 0.5 * coarse.std()
    assert baseline_images(fine).std() < 0.06 * fine.std()


def test_the_mean_keeps_each_pictures_colour_and_nothing_else():
    x = images(3)
    found = baseline_images(x, "mean")
    assert found.shape == x.shape
    for picture in range(3):
        for channel in range(3):
            assert torch.allclose(found[picture, channel], x[picture, channel].mean().expand(16, 16), atol=1e-6)


@pytest.mark.parametrize("baseline", ["mean", "blurred"])
def test_a_picture_of_one_colour_is_its_own_baseline(baseline):
    flat = torch.tensor([0.3, -1.2, 2.0])[:, None, None].expand(2, 3, 16, 16)
    assert (baseline_images(flat, baseline) - flat).abs().max() < 1e-5


@pytest.mark.parametrize("baseline", ["mean", "blurred"])
def test_pictures_of_a_batch_are_apart_and_stay_as_they_were(baseline):
    x = images(3)
    both = baseline_images(x, baseline)
    alone = torch.cat([baseline_images(picture[None], baseline) for picture in x])
    assert torch.allclose(both, alone, atol=1e-6)
    assert torch.equal(x, images(3))


def test_exactly_the_erased_patches_become_the_baseline():
    x, baseline = images(2), baseline_images(images(2), "mean")
    erased = torch.rand(2, 6, 4, 2, generator=torch.Generator().manual_seed(0)) < 0.4  # patches of 4 x 8 pixels
    found = erase_patches(x, erased, baseline)
    assert found.shape == (2, 6, 3, 16, 16)
    for picture, choice, row, col in torch.cartesian_prod(*map(torch.arange, erased.shape)).tolist():
        place = (slice(None), slice(4 * row, 4 * row + 4), slice(8 * col, 8 * col + 8))
        source = baseline if erased[picture, choice, row, col] else x
        assert torch.equal(found[picture, choice][place], source[picture][place])


def test_an_unknown_baseline_is_refused():
    with pytest.raises(ValueError, match="one of blurred, mean, not 'black'"):
        baseline_images(images(), "black")


def test_patches_that_do_not_divide_the_picture_are_refused():
    with pytest.raises(ValueError, match="3 x 4 patches do not divide a picture of 16 x 16 pixels"):
        erase_patches(images(), torch.zeros(2, 1, 3, 4, dtype=torch.bool), images())
