"""Mixup, CutMix, random erasing and RandAugment: what their formulas say, and what torchvision does."""

import pytest
import torch
from torchvision.transforms import InterpolationMode, v2

from vit_explorer.data.mixing import Mix, draw_cutmix, draw_mixup, mix_images, mix_targets, soft_targets
from vit_explorer.data.rand_augment import (
    MAX_MAGNITUDE,
    N_OPERATIONS,
    Drawn,
    apply_operations,
    draw_operations,
    operations,
    rand_augment,
)
from vit_explorer.data.random_erasing import draw_boxes, random_erasing

THEIR_NAMES = [
    "Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast",
    "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize",
]  # fmt: skip


def pictures(n: int = 8, side: int = 32) -> torch.Tensor:
    return torch.randint(0, 256, (n, 3, side, side), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def smooth(n: int = 4) -> torch.Tensor:
    """Pictures with areas, on which a histogram can be levelled."""
    coarse = torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    return (40 + 150 * torch.nn.functional.interpolate(coarse, size=32, mode="bilinear")).to(torch.uint8)


# --- mixing ---


def test_a_mixed_picture_is_what_the_formula_says():
    images, mix = pictures(4).float(), Mix(torch.tensor([1, 0, 3, 2]), 0.3)
    assert torch.allclose(mix_images(images, mix)[2], 0.3 * images[2] + 0.7 * images[3])
    assert torch.equal(mix_images(images.byte(), mix)[2], (0.3 * images[2] + 0.7 * images[3]).round().byte())
    cut = Mix(torch.tensor([1, 0, 3, 2]), 0.5, (4, 8, 20, 32))
    mixed = mix_images(images, cut)
    assert torch.equal(mixed[0][:, 4:20, 8:32], images[1][:, 4:20, 8:32])
    outside = torch.ones(32, 32, dtype=torch.bool)
    outside[4:20, 8:32] = False
    assert torch.equal(mixed[0][:, outside], images[0][:, outside])


@pytest.mark.parametrize("seed", range(50))
def test_label_mass_sums_to_one_and_the_share_is_that_of_the_pixels(seed):
    labels = torch.arange(10)
    targets = soft_targets(labels, 10, 0.1)
    for mix in (draw_mixup(10, 0.8, seed), draw_cutmix(10, 32, 24, 1.0, seed)):
        assert sorted(mix.partner.tolist()) == list(range(10)) and 0 <= mix.share <= 1
        assert torch.allclose(mix_targets(targets, mix).sum(1), torch.ones(10), atol=1e-6)
    pixels = torch.zeros(10, 1, 32, 24)
    pixels[:] = labels[:, None, None, None] + 1.0  # every picture of one number: what is another's can be counted
    left = mix_images(pixels, mix) == pixels
    moved = mix.partner != labels
    assert torch.allclose(left[moved].float().mean(dim=(1, 2, 3)), torch.tensor(mix.share), atol=1e-6)


def test_shares_follow_beta():
    shares = torch.tensor([draw_mixup(2, 0.8, seed).share for seed in range(2000)])
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(0.25 / (2 * 0.8 + 1), abs=0.01)  # of Beta(a, a)
    areas = torch.tensor([draw_cutmix(2, 64, 64, 1.0, seed).share for seed in range(500)])
    assert 0.5 < areas.mean() < 0.75  # boxes are cut off at the edges, so that more than half is left
    assert draw_mixup(5, 0.8, 3).share == draw_mixup(5, 0.8, 3).share
    with pytest.raises(ValueError, match="alpha must be above 0"):
        draw_mixup(2, 0, 0)


def test_smoothing_shares_out_what_it_takes():
    targets = soft_targets(torch.tensor([2]), 5, 0.1)
    assert targets[0].tolist() == pytest.approx([0.02, 0.02, 0.92, 0.02, 0.02])
    logits = torch.randn(4, 5)
    labels = torch.tensor([0, 1, 2, 3])
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    assert torch.allclose(torch.nn.functional.cross_entropy(logits, soft_targets(labels, 5, 0.1)), theirs)


# --- random erasing ---


def test_boxes_lie_within_and_are_of_the_paper_s_sizes():
    boxes = draw_boxes(4000, 32, 48, torch.Generator().manual_seed(0))
    top, left, tall, wide = boxes.T
    assert (top >= 0).all() and (left >= 0).all() and (top + tall <= 32).all() and (left + wide <= 48).all()
    share = (tall * wide).float() / (32 * 48)
    assert share.min() > 0.01 and share.max() < 0.36 and share.mean() == pytest.approx(0.17, abs=0.02)
    assert (top == 0).any() and (top + tall == 32).any() and (left == 0).any() and (left + wide == 48).any()


def test_erasing_changes_one_rectangle_of_as_many_pictures_as_said():
    images = pictures(400)
    found = random_erasing(images, 0.25, torch.Generator().manual_seed(1))
    changed = (found != images).any(dim=1)  # (B, H, W)
    hit = changed.flatten(1).any(dim=1)
    assert hit.float().mean() == pytest.approx(0.25, abs=0.09)
    for one in changed[hit][:20]:
        rows, cols = one.any(dim=1).nonzero()[:, 0], one.any(dim=0).nonzero()[:, 0]
        inside = one[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        assert inside.float().mean() > 0.95  # noise may be the colour that was there
    assert torch.equal(random_erasing(images, 0.0, torch.Generator()), images)


# --- RandAugment ---


@pytest.mark.parametrize("number", range(N_OPERATIONS))
@pytest.mark.parametrize("magnitude", [0, 9, 30])
def test_each_operation_is_torchvision_s_of_that_magnitude(number, magnitude):
    images = smooth()
    space = v2.RandAugment._AUGMENTATION_SPACE[THEIR_NAMES[number]]
    strengths, signed = space[0](MAX_MAGNITUDE + 1, 32, 32), space[1]
    for sign in (1, -1):
        strength = 0.0 if strengths is None else float(strengths[magnitude]) * (sign if signed else 1)
        expected = v2.RandAugment()._apply_image_or_video_transform(
            images, THEIR_NAMES[number], strength, InterpolationMode.NEAREST, {torch.Tensor: 0}
        )
        drawn = Drawn(torch.full((4, 1), number), torch.full((4, 1), sign))
        found = apply_operations(images, drawn, magnitude)
        assert (found.int() - expected.int()).abs().max() <= 1, (operations()[number].name, sign)


def test_a_batch_is_each_picture_by_itself():
    images, drawn = smooth(4), draw_operations(4, 2, torch.Generator().manual_seed(5))
    together = apply_operations(images, drawn, 9)
    for k in range(4):
        alone = apply_operations(images[k : k + 1], Drawn(drawn.operation[k : k + 1], drawn.sign[k : k + 1]), 9)
        assert torch.equal(together[k : k + 1], alone)


def test_the_same_seed_gives_the_same_and_nothing_it_is_given_is_changed():
    images = pictures()
    given = images.clone()
    first = rand_augment(images, 9, torch.Generator().manual_seed(2))
    assert torch.equal(first, rand_augment(images, 9, torch.Generator().manual_seed(2)))
    assert not torch.equal(first, rand_augment(images, 9, torch.Generator().manual_seed(3)))
    assert torch.equal(images, given) and first.dtype == torch.uint8
    with pytest.raises(ValueError, match="a magnitude must be 0 to 30"):
        rand_augment(images, 31, torch.Generator())
