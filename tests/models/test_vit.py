"""The ViT: its counts, its parts in their order, its poolings, and the same numbers as in timm and torchvision."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from vit_explorer.models import ConvNet, Tape, ViT, patchify, unpatchify

SMALL = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 5}


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_count_at_the_defaults():
    d, ff, tokens, classes, layers = 128, 512, 65, 10, 4
    block = 4 * d + (3 * d * d + 3 * d) + (d * d + d) + (ff * d + ff) + (d * ff + d)
    by_hand = (48 * d + d) + d + tokens * d + layers * block + 2 * d + (classes * d + classes)
    assert count(ViT()) == by_hand == 809_354


def test_count_with_a_convolutional_stem():
    d, ff, tokens, classes, layers = 128, 256, 64, 10, 3
    stem = (27 * 64 + 64) + (9 * 64 * 128 + 128)
    block = 4 * d + (3 * d * d + 3 * d) + (d * d + d) + (ff * d + ff) + (d * ff + d)
    by_hand = stem + tokens * d + layers * block + 2 * d + (d + 1) + (classes * d + classes)
    assert count(ViT(embedding="conv", pooling="attention", n_layers=3, d_ff=256)) == by_hand == 482_955


def test_what_one_forward_pass_is_made_of():
    """Equations 1 to 4 of the paper, written out."""
    torch.manual_seed(0)
    model = ViT(**SMALL)
    images = torch.randn(2, 3, 8, 8)
    tape = Tape()
    logits = model(images, tape)

    tokens = torch.cat([model.cls_token.expand(2, -1, -1), model.patch_embedding(images)], dim=1) + model.pos_embedding
    assert torch.equal(tape.hidden[0], tokens)
    for block, after in zip(model.blocks, tape.hidden[1:], strict=True):
        tokens = tokens + block.attention(block.norm1(tokens))
        tokens = tokens + block.mlp[2](nn.functional.gelu(block.mlp[0](block.norm2(tokens))))
        assert torch.equal(after, tokens)
    assert torch.allclose(logits, model.head(model.norm(tokens)[:, 0]), atol=1e-6)


def test_positions_and_cls_token_start_small_and_random():
    model = ViT(img_size=64)
    assert 0.019 < model.pos_embedding.std() < 0.021
    assert model.cls_token.std() > 0
    assert model.head.weight.abs().max() > 0


@pytest.mark.parametrize("embedding", ["linear", "conv"])
@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_without_a_cls_token_the_head_reads_the_patches(pooling, embedding):
    torch.manual_seed(0)
    model = ViT(**SMALL, pooling=pooling, embedding=embedding).eval()
    tape = Tape()
    logits = model(torch.randn(2, 3, 8, 8), tape)
    assert model.n_prefix == 0
    assert model.cls_token is None
    assert model.pos_embedding.shape == (1, 4, 16)
    assert tape.attention[0].shape == (2, 2, 4, 4)

    tokens = model.norm(tape.hidden[-1])
    if pooling == "mean":
        pooled = tokens.sum(dim=1) / 4
    else:
        scores = torch.exp(tokens @ model.pool.score.weight[0] + model.pool.score.bias)
        pooled = torch.einsum("bn,bnd->bd", scores / scores.sum(dim=1, keepdim=True), tokens)
    assert torch.allclose(logits, model.head(pooled), atol=1e-6)


def test_unknown_pooling_and_embedding_are_refused():
    with pytest.raises(ValueError, match=r"pooling .*'max'"):
        ViT(pooling="max")
    with pytest.raises(ValueError, match=r"embedding .*'patchy'"):
        ViT(embedding="patchy")


# --- the same weights in the networks that others wrote ---

CASES = {
    "32/4": {"img_size": 32, "patch_size": 4, "d_model": 128, "n_heads": 4, "n_layers": 4, "d_ff": 512},
    "224/16": {"img_size": 224, "patch_size": 16, "d_model": 192, "n_heads": 3, "n_layers": 2, "d_ff": 768},
}
Twin = tuple[nn.Module, dict[str, str]]


def timm_twin(sizes: dict[str, int]) -> Twin:
    """timm's network, and its names for our parameters."""
    from timm.models.vision_transformer import VisionTransformer

    twin = VisionTransformer(
        img_size=sizes["img_size"],
        patch_size=sizes["patch_size"],
        embed_dim=sizes["d_model"],
        depth=sizes["n_layers"],
        num_heads=sizes["n_heads"],
        mlp_ratio=sizes["d_ff"] / sizes["d_model"],
        num_classes=10,
    )
    names = {
        "cls_token": "cls_token",
        "pos_embedding": "pos_embed",
        "patch_embedding.projection": "patch_embed.proj",
        "norm": "norm",
        "head": "head",
    }
    for i in range(sizes["n_layers"]):
        names |= {
            f"blocks.{i}.norm1": f"blocks.{i}.norm1",
            f"blocks.{i}.attention.qkv": f"blocks.{i}.attn.qkv",
            f"blocks.{i}.attention.projection": f"blocks.{i}.attn.proj",
            f"blocks.{i}.norm2": f"blocks.{i}.norm2",
            f"blocks.{i}.mlp.0": f"blocks.{i}.mlp.fc1",
            f"blocks.{i}.mlp.2": f"blocks.{i}.mlp.fc2",
        }
    return twin, names


def torchvision_twin(sizes: dict[str, int]) -> Twin:
    """torchvision's network, and its names for our parameters."""
    from torchvision.models import VisionTransformer

    twin = VisionTransformer(
        image_size=sizes["img_size"],
        patch_size=sizes["patch_size"],
        num_layers=sizes["n_layers"],
        num_heads=sizes["n_heads"],
        hidden_dim=sizes["d_model"],
        mlp_dim=sizes["d_ff"],
        num_classes=10,
    )
    names = {
        "cls_token": "class_token",
        "pos_embedding": "encoder.pos_embedding",
        "patch_embedding.projection": "conv_proj",
        "norm": "encoder.ln",
        "head": "heads.head",
    }
    for i in range(sizes["n_layers"]):
        theirs = f"encoder.layers.encoder_layer_{i}"
        names |= {
            f"blocks.{i}.norm1": f"{theirs}.ln_1",
            f"blocks.{i}.attention.qkv": f"{theirs}.self_attention.in_proj_",
            f"blocks.{i}.attention.projection": f"{theirs}.self_attention.out_proj",
            f"blocks.{i}.norm2": f"{theirs}.ln_2",
            f"blocks.{i}.mlp.0": f"{theirs}.mlp.0",
            f"blocks.{i}.mlp.2": f"{theirs}.mlp.3",
        }
    return twin, names


def their_name(name: str, names: dict[str, str]) -> str:
    if name in names:
        return names[name]
    module, kind = name.rsplit(".", 1)
    theirs = names[module]
    return theirs + kind if theirs.endswith("_") else f"{theirs}.{kind}"


@pytest.mark.parametrize("build_twin", [timm_twin, torchvision_twin])
@pytest.mark.parametrize("sizes", CASES.values(), ids=CASES)
def test_the_same_weights_give_the_same_logits_and_gradients(sizes: dict[str, int], build_twin: Callable[..., Twin]):
    torch.manual_seed(0)
    model = ViT(**sizes)
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases too, so that none could be swapped unseen
            parameter.add_(0.02 * torch.randn_like(parameter))
    twin, names = build_twin(sizes)
    renamed = {their_name(name, names): value for name, value in model.state_dict().items()}
    twin.load_state_dict(renamed, strict=True)
    images = torch.randn(2, 3, sizes["img_size"], sizes["img_size"])

    ours, theirs = model(images), twin(images)
    assert ours.std() > 0.1
    assert (ours - theirs).abs().max() < 1e-5

    ours.sum().backward()
    theirs.sum().backward()
    gradients = dict(twin.named_parameters())
    watched = ["patch_embedding.projection.weight"]
    watched += [f"blocks.{i}.attention.qkv.weight" for i in range(sizes["n_layers"])]
    for name in watched:
        expected = gradients[their_name(name, names)].grad
        found = model.get_parameter(name).grad
        assert ((found - expected).norm() / expected.norm()).item() < 1e-4, name


# --- the CNN beside it ---


def test_count_of_the_convnet():
    by_hand = (27 * 64 + 64) + (9 * 64 * 128 + 128) + (9 * 128 * 256 + 256) + (256 * 10 + 10)
    assert count(ConvNet()) == by_hand == 373_386


def test_what_one_forward_pass_of_the_convnet_is_made_of():
    torch.manual_seed(0)
    model = ConvNet(img_size=16, widths=(4, 6, 8), n_classes=3)
    images = torch.randn(2, 3, 16, 16)
    maps = images
    stages = []
    for i, stage in enumerate(model.stages):
        if i:
            maps = nn.functional.max_pool2d(maps, 2)
        maps = nn.functional.conv2d(maps, stage[0].weight, stage[0].bias, padding=1).clamp_min(0)
        stages.append(maps.flatten(2).transpose(1, 2))
    expected = maps.flatten(2).max(dim=2).values @ model.head.weight.T + model.head.bias

    tape = Tape()
    logits = model(images, tape)
    assert torch.allclose(logits, expected, atol=1e-6)
    assert torch.equal(logits, model(images))
    assert [tuple(kept.shape) for kept in tape.hidden] == [(2, 256, 4), (2, 64, 6), (2, 16, 8)]
    assert all(torch.allclose(kept, stage, atol=1e-6) for kept, stage in zip(tape.hidden, stages, strict=True))
    assert tape.attention == []
    assert (model.grid, model.n_prefix) == ((4, 4), 0)


def test_a_picture_too_small_for_the_stages_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match="at least 4 pixels, not 3"):
        ConvNet(img_size=3)


def test_without_positions_the_patches_are_a_set():
    torch.manual_seed(0)
    model = ViT(**SMALL, positions="none").eval()
    assert not hasattr(model, "pos_embedding")
    assert count(ViT(**SMALL)) - count(model) == 5 * SMALL["d_model"]
    images = torch.randn(2, 3, 8, 8)
    size = SMALL["patch_size"]
    shuffled = unpatchify(patchify(images, size)[:, [2, 0, 3, 1]], size, (2, 2))
    assert not torch.equal(shuffled, images)
    assert torch.allclose(model(shuffled), model(images), atol=1e-5)
    learned = ViT(**SMALL).eval()
    assert not torch.allclose(learned(shuffled), learned(images), atol=1e-5)


def test_training_computes_the_last_block_for_cls_alone_and_learns_the_same():
    torch.manual_seed(0)
    model = ViT(**SMALL).double()
    images, labels = torch.randn(4, 3, 8, 8).double(), torch.tensor([0, 1, 2, 3])

    def learned(tape: Tape | None) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        model.zero_grad()
        logits = model(images, tape)
        nn.functional.cross_entropy(logits, labels).backward()
        return logits.detach(), {name: parameter.grad.clone() for name, parameter in model.named_parameters()}

    short, short_gradients = learned(None)
    whole, gradients = learned(Tape(differentiable=True))  # a tape wants every token
    assert torch.allclose(short, whole, atol=1e-12)
    for name, gradient in gradients.items():
        assert torch.allclose(short_gradients[name], gradient, atol=1e-12), name
