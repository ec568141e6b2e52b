"""Receptive fields of a CNN."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from vit_explorer.models.cnn import ConvNet


@dataclass(frozen=True)
class ReceptiveField:
    """Receptive field of a stage's map.

    ``pixels``: side of the square of the image that one number can depend on; ``step``: distance between the squares of
    neighbouring numbers, in pixels.
    """

    pixels: int
    step: int


def receptive_fields(model: ConvNet) -> list[ReceptiveField]:
    """Receptive field of each stage's map before pooling.

    Each layer of kernel k and stride s adds (k - 1) steps to the field and multiplies the step by s. Araujo et al.
    2019, "Computing Receptive Fields of Convolutional Neural Networks", equation 2.
    """
    field, step, found = 1, 1, []
    for index, stage in enumerate(model.stages):
        layers = [*([model.pool] if index else []), *stage.children()]
        for layer in layers:
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
                kernel, stride = (
                    value[0] if isinstance(value, tuple) else value for value in (layer.kernel_size, layer.stride)
                )
                field, step = field + (kernel - 1) * step, step * stride
        found.append(ReceptiveField(field, step))
    return found
