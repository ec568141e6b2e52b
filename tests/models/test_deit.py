"""DeiT by parity with timm's, by what each head reads, and by where gradients reach."""

import timm
import torch

from vit_explorer.explain import trace
from vit_explorer.models.deit import DeiT
from vit_explorer.models.vit import ViT

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 24, "n_heads": 3, "n_layers": 3, "d_ff": 96, "n_classes": 5}


def images(n: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def make(**changes: object) -> DeiT:
    torch.manual_seed(0)
    model = DeiT(**SIZES, **changes)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


def test_the_same_weights_give_the_logits_of_timm():
    theirs = timm.create_model(
        "deit_tiny_distilled_patch16_224", img_size=16, patch_size=4, embed_dim=24, depth=3, num_heads=3, num_classes=5,
        pretrained=False,
    ).eval()  # fmt: skip
    torch.manual_seed(1)
    for parameter in theirs.parameters():
        parameter.data = 0.2 * torch.randn_like(parameter)
    renames = {
        "dist_token": "distillation_token", "head_dist.": "distillation_head.", "pos_embed": "pos_embedding",
        "patch_embed.proj": "patch_embedding.projection", "attn.proj": "attention.projection", "attn.": "attention.",
        "mlp.fc1": "mlp.0", "mlp.fc2": "mlp.2",
    }  # fmt: skip
    weights = {}
    for key, value in theirs.state_dict().items():
        for old, new in renames.items():
            key = key.replace(old, new)
        weights[key] = value
    ours = make()
    ours.load_state_dict(weights)
    with torch.no_grad():
        assert torch.allclose(ours(images()), theirs(images()), atol=1e-5)


def test_it_counts_as_a_vit_of_its_size_and_one_token_and_one_head_more():
    count = lambda model: sum(parameter.numel() for parameter in model.parameters())  # noqa: E731
    assert count(DeiT(**SIZES)) == count(ViT(**SIZES)) + 24 + 24 + (24 * 5 + 5)
    assert DeiT(**SIZES).n_prefix == 2 and DeiT(**SIZES).pos_embedding.shape == (1, 18, 24)


def test_each_head_reads_its_own_token_and_the_answer_is_their_mean():
    model = make()
    with torch.no_grad():
        cls, distilled = model.heads(images())
        tokens = model.norm(trace(model, images()).hidden[-1])
        assert torch.allclose(cls, model.head(tokens[:, 0]), atol=1e-6)
        assert torch.allclose(distilled, model.distillation_head(tokens[:, 1]), atol=1e-6)
        assert torch.allclose(model(images()), (cls + distilled) / 2, atol=1e-6)
        assert (cls - distilled).abs().max() > 1e-3


def test_a_loss_of_one_head_leaves_the_other_alone():
    model = make().train()
    for index, name in enumerate(("head", "distillation_head")):
        model.zero_grad()
        model.heads(images())[index].square().sum().backward()
        other = model.distillation_head if name == "head" else model.head
        assert all(parameter.grad is None for parameter in other.parameters())
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in getattr(model, name).parameters())
        assert model.distillation_token.grad.abs().sum() > 0 and model.cls_token.grad.abs().sum() > 0  # they attend


def test_what_training_leaves_out_changes_nothing():
    """While training, the last block makes the two tokens alone that the heads read."""
    model = make()
    with torch.no_grad():
        expected = model.heads(images())
    for found, exact in zip(model.train().heads(images()), expected, strict=True):
        assert torch.allclose(found, exact, atol=1e-5)


def test_looking_changes_no_bit():
    model = make()
    with torch.no_grad():
        assert torch.equal(trace(model, images()).logits, model(images()))
    assert trace(model, images()).attention[0].shape == (2, 3, 18, 18)
