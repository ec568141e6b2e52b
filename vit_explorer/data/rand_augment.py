"""RandAugment for whole batches, one torchvision call for each operation drawn.

Source: Cubuk et al. 2020, "RandAugment"; operations and their strengths as in torchvision's ``RandAugment``, whose
magnitude goes from 0 to 30.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vit_explorer.data.transfer import sent

MAX_MAGNITUDE = 30
N_OPERATIONS = 14  # to draw from
OPERATIONS_AN_IMAGE = 2  # one after the other
FILL = 0  # what is turned or shifted in from outside, as crop_and_flip has it


@dataclass(frozen=True)
class Operation:
    """One operation of RandAugment.

    ``strength``: (magnitude from 0 to 1, height, width) -> the argument of ``apply``; ``signed``: the sign of the
    argument flips half of the time. An operation without a strength has no magnitude.
    """

    name: str
    apply: Callable[[Tensor, float], Tensor]
    strength: Callable[[float, int, int], float] | None = None
    signed: bool = True


def operations() -> list[Operation]:
    """The paper's 14 operations, the identity first.

    Imports torchvision, which takes seconds the first time.
    """
    import torchvision.transforms.v2.functional as V

    def affine(images: Tensor, **change: object) -> Tensor:
        still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
        return V.affine(images, **{**still, **change}, fill=FILL)

    def shear(axis: int) -> Callable[[Tensor, float], Tensor]:
        return lambda images, degrees: affine(images, shear=[degrees, 0.0] if axis else [0.0, degrees], center=[0, 0])

    def shift(axis: int) -> Callable[[Tensor, float], Tensor]:
        return lambda images, pixels: affine(images, translate=[int(pixels), 0] if axis else [0, int(pixels)])

    def enhance(name: str) -> Operation:
        change = getattr(V, f"adjust_{name}")
        return Operation(name, lambda images, by: change(images, 1 + by), lambda m, *_: 0.9 * m)

    def slope(m: float, *_: int) -> float:
        return math.degrees(math.atan(0.3 * m))

    return [
        Operation("identity", lambda images, _: images),
        Operation("shear along", shear(1), slope),
        Operation("shear down", shear(0), slope),
        Operation("shift along", shift(1), lambda m, _h, w: 150 / 331 * w * m),
        Operation("shift down", shift(0), lambda m, h, _w: 150 / 331 * h * m),
        Operation("rotate", lambda images, by: V.rotate(images, by, fill=FILL), lambda m, *_: 30 * m),
        enhance("brightness"),
        Operation("colour", lambda images, by: V.adjust_saturation(images, 1 + by), lambda m, *_: 0.9 * m),
        enhance("contrast"),
        enhance("sharpness"),
        Operation("posterize", lambda images, n: V.posterize(images, int(n)), lambda m, *_: 8 - round(4 * m), False),
        Operation("solarize", lambda images, bound: V.solarize(images, bound), lambda m, *_: 255 * (1 - m), False),
        Operation("autocontrast", lambda images, _: V.autocontrast(images)),
        Operation("equalize", lambda images, _: V.equalize(images)),
    ]  # fmt: skip


class Drawn(NamedTuple):
    """Operations drawn for each image, (B, n_ops) int64.

    ``operation``: index in :func:`operations`; ``sign``: 1 or -1.
    """

    operation: Tensor
    sign: Tensor


def draw_operations(n: int, n_ops: int, generator: torch.Generator) -> Drawn:
    """Draw operations for n images, each uniform among all."""
    operation = torch.randint(0, N_OPERATIONS, (n, n_ops), generator=generator)
    return Drawn(operation, 1 - 2 * torch.randint(0, 2, (n, n_ops), generator=generator))


def apply_operations(images: Tensor, drawn: Drawn, magnitude: float) -> Tensor:
    """Apply drawn operations in order, uint8 (B, 3, H, W) -> same.

    Args:
        magnitude: 0 to MAX_MAGNITUDE, how strong.
    """
    if not 0 <= magnitude <= MAX_MAGNITUDE:
        raise ValueError(f"a magnitude must be 0 to {MAX_MAGNITUDE}, not {magnitude}")
    table, (height, width) = operations(), images.shape[-2:]
    for choice, signs in zip(drawn.operation.T, drawn.sign.T, strict=True):
        changed = images.clone()
        for number in choice.unique().tolist():
            operation = table[number]
            for sign in (1, -1) if operation.signed and operation.strength else (0,):
                here = (choice == number) & ((signs == sign) | (sign == 0))
                if operation.name == "identity" or not here.any():
                    continue
                strength = (
                    0.0 if operation.strength is None else operation.strength(magnitude / MAX_MAGNITUDE, height, width)
                )
                places = sent(here.nonzero().flatten(), images.device)  # a mask on the device would be waited for
                changed[places] = operation.apply(images[places], strength if sign == 0 else sign * strength)
        images = changed
    return images


def rand_augment(
    images: Tensor, magnitude: float, generator: torch.Generator, n_ops: int = OPERATIONS_AN_IMAGE
) -> Tensor:
    """RandAugment with operations drawn for each image, uint8 (B, 3, H, W) -> same."""
    return apply_operations(images, draw_operations(len(images), n_ops, generator), magnitude)
