"""Hybrids: shapes and counts, and that the tokens are the places of the CNN's map."""

import pytest
import torch
import torchvision

from vit_explorer.models.hybrid import HybridViT
from vit_explorer.models.vit import ViT


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_tokens_are_the_places_of_the_map_row_by_row():
    torch.manual_seed(0)
    model = HybridViT(widths=(4, 8, 16), d_model=12, n_heads=2).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        features = model.patch_embedding.backbone(images)
        assert features.shape == (2, 16, 8, 8) and model.grid == (8, 8)
        tokens = model.patch_embedding(images)
        by_hand = features[:, :, 3, 5] @ model.patch_embedding.projection.weight[..., 0, 0].T
        assert torch.allclose(tokens[:, 3 * 8 + 5], by_hand + model.patch_embedding.projection.bias, atol=1e-5)
        assert model.tokens(images).shape == (2, 65, 12) and model(images).shape == (2, 10)


def test_a_resnet_50_makes_49_tokens_and_cls_of_224_pixels():
    """A map of 7 x 7 places of 2048 channels."""
    model = HybridViT(224, backbone="resnet50", d_model=64, n_heads=4, n_layers=1, d_ff=64).eval()
    theirs = torchvision.models.resnet50(weights=None).eval()
    body = {key: value for key, value in theirs.state_dict().items() if not key.startswith("fc.")}
    assert count(model.patch_embedding.backbone) == count(theirs) - theirs.fc.weight.numel() - theirs.fc.bias.numel()
    names = [name for name, _ in theirs.named_children() if name not in ("avgpool", "fc")]
    renamed = {f"{names.index(key.split('.')[0])}.{key.split('.', 1)[1]}": value for key, value in body.items()}
    model.patch_embedding.backbone.load_state_dict(renamed)
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.patch_embedding.backbone(images)
        assert features.shape == (1, 2048, 7, 7)
        pooled = theirs.fc(features.mean(dim=(2, 3)))
        assert torch.allclose(pooled, theirs(images), atol=1e-4)
        assert model.tokens(images).shape == (1, 50, 64) and model.grid == (7, 7)
        assert model(images).shape == (1, 10)


def test_what_follows_the_backbone_is_a_plain_vit():
    options = {"d_model": 24, "n_heads": 2, "n_layers": 3, "d_ff": 32}
    hybrid, plain = HybridViT(widths=(4, 8, 16), **options), ViT(**options)
    assert count(hybrid) - count(hybrid.patch_embedding) == count(plain) - count(plain.patch_embedding)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"img_size": 30}, "halves the picture 2 times: 30 pixels cannot be"),
        ({"img_size": 16, "backbone": "resnet50"}, "halves the picture 5 times: 16 pixels"),
        ({"backbone": "vgg"}, "backbone must be one of small, resnet50"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        HybridViT(**options)
