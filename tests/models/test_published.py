"""The published figures are those of their source, where the source is installed."""

import pytest
import torchvision

from vit_explorer.models.published import PUBLISHED


@pytest.mark.parametrize("one", [one for one in PUBLISHED if one.weights], ids=lambda one: one.weights)
def test_figures_of_torchvision_are_its_own(one):
    builder, _, name = one.weights.partition(".")
    weights = getattr(getattr(torchvision.models, builder), name)
    assert one.parameters == weights.meta["num_params"]
    assert one.multiply_adds == pytest.approx(1e9 * weights.meta["_ops"])
    assert 100 * one.top1 == pytest.approx(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"])
    assert one.resolution == weights.transforms().crop_size[0]
    assert name in one.source and torchvision.__version__.startswith("0.29")


def test_what_would_be_taken_for_one_is_told_apart():
    """A name that stands there twice has another resolution, pre-training or recipe each time."""
    told = [(one.name, one.resolution, one.pretraining, one.recipe) for one in PUBLISHED]
    assert len(told) == len(set(told)) and all(one.source for one in PUBLISHED)
    assert {"ResNet-50", "EfficientNet-B4", "ViT-B/16", "DeiT-B", "Swin-B"} <= {one.name for one in PUBLISHED}
    assert all(0.7 < one.top1 < 0.9 and one.multiply_adds > 1e9 for one in PUBLISHED)
