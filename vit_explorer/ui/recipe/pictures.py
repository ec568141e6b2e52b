"""Ingredients that change one picture: crop and flip, RandAugment, random erasing; and a batch of repeats of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.data.augment import crop_and_flip
from vit_explorer.data.rand_augment import (
    MAX_MAGNITUDE,
    Drawn,
    apply_operations,
    draw_operations,
    operations,
    rand_augment,
)
from vit_explorer.data.random_erasing import draw_boxes, random_erasing

IN_REPEATS = (9, 0.25)  # magnitude of RandAugment and probability of erasing in a batch of repeats
UNITS = {  # of an operation's strength: what is printed for the number that torchvision's function gets
    "shear along": "{:+.1f}°",
    "shear down": "{:+.1f}°",
    "shift along": "{:+d} px",
    "shift down": "{:+d} px",
    "rotate": "{:+.1f}°",
    "brightness": "× {:.2f}",
    "colour": "× {:.2f}",
    "contrast": "× {:.2f}",
    "sharpness": "× {:.2f}",
    "posterize": "to {:d} bits",
    "solarize": "from {:.0f} up",
}
FACTORS = ("brightness", "colour", "contrast", "sharpness")  # whose strength is added to 1
WHOLE = ("shift along", "shift down", "posterize")  # whose strength is cut to a whole number


@dataclass(frozen=True)
class Step:
    """A picture on its way: uint8 (1, 3, H, W), what was done to it last, and (top, left, height, width) of that."""

    images: Tensor
    done: str
    box: tuple[int, int, int, int] | None = None


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def changed(name: str, images: Tensor, strength: float, seed: int) -> list[Step]:
    """The steps from a picture, uint8 (1, 3, H, W), to what this ingredient makes of it; the last is the outcome."""
    return {"crop-flip": _cropped, "rand-augment": _rand_augmented, "erasing": _erased}[name](images, strength, seed)


def repeated(images: Tensor, seed: int) -> Tensor:
    """Pictures, uint8 (B, 3, H, W) -> same, each augmented on its own: crop and flip, RandAugment, random erasing."""
    generator = seeded(seed)
    images = rand_augment(crop_and_flip(images, generator), IN_REPEATS[0], generator)
    return random_erasing(images, IN_REPEATS[1], generator)


def _cropped(images: Tensor, padding: float, seed: int) -> list[Step]:
    outcome = crop_and_flip(images, seeded(seed), int(padding))
    again = seeded(seed)  # in the order in which crop_and_flip draws
    down, right = (int(padding) - int(torch.randint(0, 2 * int(padding) + 1, (1, 1), generator=again)) for _ in "yx")
    mirrored = bool(torch.rand((1, 1), generator=again) < 0.5)
    moves = [
        f"{abs(n)} px {less if n < 0 else more}"
        for n, less, more in ((down, "up", "down"), (right, "left", "right"))
        if n
    ]
    done = "moved " + ", ".join(moves) if moves else "not moved"
    return [Step(outcome, done + (", then mirrored" if mirrored else ", not mirrored"))]


def _rand_augmented(images: Tensor, magnitude: float, seed: int) -> list[Step]:
    drawn = draw_operations(1, 2, seeded(seed))
    return [
        Step(
            apply_operations(images, Drawn(drawn.operation[:, :n], drawn.sign[:, :n]), magnitude),
            operation_words(int(drawn.operation[0, n - 1]), int(drawn.sign[0, n - 1]), magnitude, images.shape[-1]),
        )
        for n in (1, 2)
    ]


def operation_words(number: int, sign: int, magnitude: float, size: int) -> str:
    """An operation with the strength that a picture of this size gets, such as "rotate +9.0°"."""
    operation = operations()[number]
    if operation.strength is None:
        return operation.name
    strength = operation.strength(magnitude / MAX_MAGNITUDE, size, size) * (sign if operation.signed else 1)
    value = int(strength) if operation.name in WHOLE else strength + (operation.name in FACTORS)
    return f"{operation.name} {UNITS[operation.name].format(value)}".replace("-", "−")


def _erased(images: Tensor, probability: float, seed: int) -> list[Step]:
    outcome = random_erasing(images, probability, seeded(seed))
    again = seeded(seed)  # in the order in which random_erasing draws
    drawn = float(torch.rand(1, generator=again))
    top, left, tall, wide = draw_boxes(1, *images.shape[-2:], again)[0].tolist()
    if not drawn < probability:
        return [Step(outcome, f"drew {drawn:.2f}, not below {probability:.2f}: nothing erased")]
    share = tall * wide / (images.shape[-2] * images.shape[-1])
    return [
        Step(
            outcome,
            f"drew {drawn:.2f}: {tall} × {wide} px, {share:.0%} erased".replace("%", " %"),
            (top, left, tall, wide),
        )
    ]
