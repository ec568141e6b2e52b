"""Swin by identities, and by parity with the code of others."""

import re
from itertools import product

import pytest
import timm
import torch
import torchvision

from vit_explorer.explain import unmasked
from vit_explorer.models import windows
from vit_explorer.models.attention import Tape
from vit_explorer.models.swin import (
    PatchMerging,
    SwinTransformer,
    WindowAttention,
    shift_mask,
    window_partition,
    window_reverse,
)
from vit_explorer.models.windows import into_windows, out_of_windows, relative_position_index, window_plan

SWIN_T = {"d_model": 96, "depths": (2, 2, 6, 2), "n_heads": (3, 6, 12, 24), "window": 7, "n_classes": 1000}
NARROW = {"d_model": 24, "depths": (2, 2, 2, 2), "n_heads": (1, 2, 4, 8)}


def random_weights(module: torch.nn.Module) -> torch.nn.Module:
    """Weights that leave nothing at zero, so that a lost bias or table shows."""
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        scale = 0.3 if parameter.ndim == 1 else parameter.shape[-1] ** -0.5
        parameter.data = torch.randn(parameter.shape, generator=generator) * scale
    return module.eval()


def recorded(attention: WindowAttention, x: torch.Tensor) -> torch.Tensor:
    """(B, n_windows, heads, window ** 2, window ** 2), as a tape gets it."""
    tape = Tape()
    attention(x, tape)
    return tape.windows[0].weights


# --- the pure functions ---


@pytest.mark.parametrize(("height", "width", "window"), [(8, 8, 4), (6, 9, 3), (7, 7, 7), (4, 4, 1)])
def test_partition_and_reverse_undo_each_other(height, width, window):
    x = torch.arange(2 * height * width * 3).reshape(2, height, width, 3)
    windows = window_partition(x, window)
    assert windows.shape == (2 * height * width // window**2, window, window, 3)
    assert torch.equal(windows[1], x[0, :window, window : 2 * window] if width > window else windows[1])
    assert torch.equal(window_reverse(windows, window, height, width), x)


def test_sizes_that_cannot_be_are_refused():
    x = torch.zeros(1, 6, 8, 2)
    with pytest.raises(ValueError, match="windows of 4 x 4 do not divide a map of 6 x 8"):
        window_partition(x, 4)
    for window in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match="a window must be a whole number from 1 up"):
            window_partition(x, window)
    with pytest.raises(ValueError, match="3 windows are no whole number of maps of 3 x 4 windows"):
        window_reverse(torch.zeros(3, 2, 2, 1), 2, 6, 8)
    with pytest.raises(ValueError, match="a shift must be 0 to 3"):
        shift_mask(8, 8, 4, 4)
    with pytest.raises(ValueError, match="a shift must be 0 to 3"):
        WindowAttention(8, 2, 4, shift=4)
    with pytest.raises(ValueError, match="3 heads cannot share 8 dimensions"):
        WindowAttention(8, 3, 4)
    with pytest.raises(ValueError, match="padding must be one of masked, torchvision, timm"):
        WindowAttention(8, 2, 4, padding="none")


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"), [(8, 8, 4, 2), (6, 5, 4, 2), (8, 6, 3, 1), (7, 7, 4, 0)]
)
def test_the_mask_is_what_a_loop_over_pairs_says(height, width, window, shift):
    """Two tokens of a window may meet if no edge of the map lies between them and both are real, or both are not."""
    tall, wide = (-(-side // window) * window for side in (height, width))
    mask = shift_mask(height, width, window, shift)
    assert mask.dtype == torch.bool and mask.shape == (tall * wide // window**2, window**2, window**2)
    for n, (top, left) in enumerate(product(range(0, tall, window), range(0, wide, window))):
        cells = [(top + i, left + j) for i, j in product(range(window), repeat=2)]
        # Where a token was before the roll: what was carried around the edge is a whole map away.
        where = [(row + shift, col + shift) for row, col in cells]
        real = [row % tall < height and col % wide < width for row, col in where]
        for a, b in product(range(window**2), repeat=2):
            same_side = all(
                (where[a][axis] >= side) == (where[b][axis] >= side) for axis, side in ((0, tall), (1, wide))
            )
            expected = same_side if real[a] and real[b] else real[a] == real[b]
            assert mask[n, a, b] == expected, (n, a, b)


def test_the_mask_without_a_shift_and_padding_lets_all_meet():
    assert shift_mask(8, 12, 4, 0).all()
    assert window_plan(8, 12, 4, 0).mask is None


def test_one_bias_for_each_relative_position():
    index = relative_position_index(3)
    assert index.unique().numel() == 25 and index[0, 0] == index[4, 4] == 12
    places = list(product(range(3), repeat=2))
    seen: dict[tuple[int, int], int] = {}
    for (a, (row, col)), (b, (other_row, other_col)) in product(enumerate(places), repeat=2):
        assert seen.setdefault((row - other_row, col - other_col), int(index[a, b])) == index[a, b]


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"), [(8, 8, 4, 2), (6, 5, 4, 2), (3, 3, 4, 2), (1, 1, 4, 2)]
)
def test_a_plan_takes_every_token_to_one_place_and_back(height, width, window, shift):
    plan = window_plan(height, width, window, shift)
    assert torch.equal(plan.order[plan.inverse], torch.arange(height * width))
    assert (plan.order == height * width).sum() == len(plan.order) - height * width
    assert plan.shift == tuple(0 if side <= window else shift for side in (height, width))


@pytest.mark.parametrize(("height", "width", "window", "shift"), [(5, 7, 4, 2), (6, 6, 3, 1), (1, 1, 4, 2)])
def test_the_gradient_of_a_move_is_the_move_back(height, width, window, shift):
    plan = window_plan(height, width, window, shift)
    tokens = torch.randn(2, height * width, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: into_windows(x, plan), tokens)
    places = torch.randn(2, len(plan.order), 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: out_of_windows(x, plan), places)
    assert torch.equal(out_of_windows(into_windows(tokens, plan), plan), tokens)


def test_a_stage_without_blocks_is_refused():
    with pytest.raises(ValueError, match="each stage needs at least one block, not 0"):
        SwinTransformer(depths=(2, 0))


# --- attention in windows ---


def test_a_window_as_large_as_the_map_is_full_attention():
    attention = random_weights(WindowAttention(12, 3, 5))
    x = torch.randn(2, 5, 5, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        query, key, value = attention.qkv(x.flatten(1, 2)).reshape(2, 25, 3, 3, 4).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-2, -1) / 2 + attention.relative_position_bias()
        expected = attention.projection((scores.softmax(-1) @ value).transpose(1, 2).reshape(2, 25, 12))
        assert torch.allclose(attention(x).flatten(1, 2), expected, atol=1e-5)
        assert torch.allclose(recorded(attention, x)[:, 0], scores.softmax(-1), atol=1e-6)


@pytest.mark.parametrize(
    ("side", "window", "shift"), [(8, 4, 2), (8, 4, 0), (7, 4, 2), (3, 4, 2), (1, 4, 2), (6, 1, 0)]
)
def test_changing_a_token_changes_those_that_the_mask_names_and_no_others(side, window, shift):
    attention = random_weights(WindowAttention(8, 2, window, shift))
    plan = attention.plan(side, side)
    x = torch.randn(1, side, side, 8, generator=torch.Generator().manual_seed(2))
    mask = plan.mask if plan.mask is not None else torch.ones(plan.n_windows, window**2, window**2, dtype=torch.bool)
    with torch.no_grad():
        before = attention(x)[0].flatten(0, 1)
        assert before.isfinite().all()
        for token in range(side * side):
            changed = x.clone()
            changed[0, token // side, token % side] += 1
            moved = (attention(changed)[0].flatten(0, 1) - before).abs().amax(1) > 1e-7
            n, place = divmod(int(plan.inverse[token]), window**2)
            reached = plan.order.reshape(-1, window**2)[n][mask[n, :, place]]
            expected = torch.zeros(side * side, dtype=torch.bool)
            expected[reached[reached < side * side]] = True
            assert torch.equal(moved, expected), token


@pytest.mark.parametrize(("side", "window", "shift"), [(8, 4, 2), (7, 4, 2), (3, 4, 0)])
def test_its_weights_are_those_of_its_output_and_padding_gets_none(side, window, shift):
    attention = random_weights(WindowAttention(8, 2, window, shift))
    plan = attention.plan(side, side)
    x = torch.randn(2, side, side, 8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        weights = recorded(attention, x)  # (B, n, heads, w * w, w * w)
        assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-6)
        empty = (plan.order == side * side).reshape(-1, window**2)
        to_padding = empty[:, None, :] & ~empty[:, :, None]
        assert (weights.amax(dim=(0, 2))[to_padding] == 0).all()
        tokens = torch.nn.functional.pad(x.flatten(1, 2), (0, 0, 0, 1))[:, plan.order]
        value = attention.qkv(tokens)[..., 16:].reshape(2, plan.n_windows, window**2, 2, 4).transpose(2, 3)
        mixed = (weights @ value).transpose(2, 3).reshape(2, -1, 8)[:, plan.inverse]
        assert torch.allclose(attention.projection(mixed), attention(x).flatten(1, 2), atol=1e-5)


@pytest.mark.parametrize(("side", "window", "shift"), [(8, 4, 2), (7, 4, 2), (8, 4, 0)])
def test_all_its_ways_to_compute_agree_and_so_do_their_gradients(side, window, shift):
    """Piece by piece, all at once where gradients are asked for, and by the kernel of a GPU."""
    attention = random_weights(WindowAttention(8, 2, window, shift))
    x = torch.randn(5, side, side, 8, generator=torch.Generator().manual_seed(6), requires_grad=True)
    wanted = torch.randn(x.shape, generator=torch.Generator().manual_seed(7))
    inputs = (x, *attention.parameters())

    def gradients(output):
        return torch.autograd.grad((output * wanted).sum(), inputs)

    plan = attention.plan(side, side)
    fused, weights = attention._fused(x.flatten(1, 2), plan, attention._added(plan), looking=True)
    expected = gradients(fused.reshape(x.shape))
    with torch.no_grad():
        assert torch.allclose(attention(x).flatten(1, 2), fused, atol=1e-5)
        assert torch.allclose(recorded(attention, x), weights, atol=1e-6)
    for tape in (Tape(), Tape(differentiable=True)):
        output = attention(x, tape)
        assert torch.allclose(output.flatten(1, 2), fused, atol=1e-5)
        assert torch.allclose(tape.windows[0].weights, weights, atol=1e-6)
        for ours, theirs in zip(gradients(output), expected, strict=True):
            assert torch.allclose(ours, theirs, atol=2e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("places", [128, 40])  # two maps of 64 at a time, then one; two windows of 16 at a time
def test_looking_changes_no_bit(training, precision, places, monkeypatch):
    monkeypatch.setattr("vit_explorer.models.window_attention.CACHED_PLACES", places)
    attention = random_weights(WindowAttention(8, 2, 4, 2)).train(training)
    x = torch.randn(3, 8, 8, 8, generator=torch.Generator().manual_seed(8))
    for grad in (False, True):
        with torch.set_grad_enabled(grad), torch.autocast("cpu", precision, enabled=precision != torch.float32):
            tape = Tape()
            assert torch.equal(attention(x), attention(x, tape))
            assert tape.windows[0].weights.shape == (3, 4, 2, 16, 16)
            one_by_one = torch.cat([recorded(attention, one[None]) for one in x])
            assert torch.allclose(tape.windows[0].weights, one_by_one, atol=1e-6)


def test_what_was_first_asked_for_without_gradients_serves_training():
    windows._window_plan.cache_clear()
    attention = random_weights(WindowAttention(8, 2, 4, 1))
    x = torch.randn(2, 9, 9, 8, generator=torch.Generator().manual_seed(9))
    with torch.inference_mode():
        first = attention(x).clone()
    output = attention.train()(x)
    assert torch.allclose(output, first, atol=1e-5)
    output.sum().backward()
    assert attention.qkv.weight.grad.abs().sum() > 0


def test_a_plan_is_brought_to_another_device_once():
    plan, there = window_plan(10, 12, 4, 2), torch.device("meta")
    assert plan.on(torch.device("cpu")) is plan and plan.on(there) is plan.on(there)
    moved = plan.on(there)
    assert {one.device for one in (moved.order, moved.inverse, moved.regions, moved.mask, moved.forbidden)} == {there}
    attention = WindowAttention(d_model=16, n_heads=2, window=4, shift=2).to(there)
    tape = Tape()
    assert attention(torch.zeros(1, 10, 12, 16, device=there), tape).shape == (1, 10, 12, 16)
    assert tape.windows[0].plan is plan  # who looks gets the numbers


def test_nothing_it_is_given_is_changed_and_eval_repeats_itself():
    model = random_weights(SwinTransformer())
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(4))
    given = images.clone()
    with torch.no_grad():
        first = model(images)
        assert torch.equal(model(images), first) and torch.equal(images, given)
        assert torch.allclose(model(images[1:]), first[1:], atol=1e-5)
    assert [tuple(found.shape) for found in model.features(images)] == [(2, 16, 16, 64), (2, 8, 8, 128)]
    assert [block.attention.shift for stage in model.stages for block in stage] == [0, 2, 0, 2, 0, 2]


def test_merging_pads_odd_maps_with_zeros():
    merging = random_weights(PatchMerging(4))
    x = torch.randn(1, 5, 3, 4, generator=torch.Generator().manual_seed(5))
    padded = torch.zeros(1, 6, 4, 4)
    padded[:, :5, :3] = x
    assert torch.equal(merging(x), merging(padded)) and merging(x).shape == (1, 3, 2, 8)


@pytest.mark.parametrize("side", [8, 7])
def test_without_its_mask_it_gives_the_logits_of_windows_rolled_by_hand(side):
    """Pad, roll, cut, plain attention with the bias, and back; padding is kept out, and the model itself stays."""
    sizes = {"patch_size": 1, "d_model": 8, "depths": (2,), "n_heads": (2,), "window": 4, "n_classes": 3}
    model = random_weights(SwinTransformer(side, **sizes))
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(3))
    whole = 8

    def attend(attention: WindowAttention, x: torch.Tensor, shift: int) -> torch.Tensor:
        real = torch.ones(1, side, side, 1)
        x, real = (torch.nn.functional.pad(part, (0, 0, 0, whole - side, 0, whole - side)) for part in (x, real))
        x, real = (window_partition(part.roll((-shift, -shift), (1, 2)), 4).flatten(1, 2) for part in (x, real))
        q, k, v = attention.qkv(x).reshape(len(x), 16, 3, 2, 4).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / 2 + attention.relative_position_bias()
        keys = real.bool().reshape(-1, 1, 1, 16).repeat(2, 1, 1, 1)
        scores = scores.masked_fill(~keys, -1e9)
        mixed = attention.projection((scores.softmax(-1) @ v).transpose(1, 2).reshape(len(x), 16, 8))
        back = window_reverse(mixed.reshape(-1, 4, 4, 8), 4, whole, whole).roll((shift, shift), (1, 2))
        return back[:, :side, :side]

    with torch.no_grad():
        before = model(images)
        x = model.patch_norm(model.patch_embedding(images).permute(0, 2, 3, 1))
        for block, shift in zip(model.residual_blocks, (0, 2), strict=True):
            x = x + attend(block.attention, block.norm1(x), shift)
            x = x + block.mlp(block.norm2(x))
        expected = model.head(model.norm(x).mean(dim=(1, 2)))
        bare = unmasked(model)
        assert torch.allclose(bare(images), expected, atol=1e-5)
        assert torch.equal(model(images), before) and not torch.allclose(before, expected, atol=1e-3)
    assert {id(one) for one in bare.parameters()} == {id(one) for one in model.parameters()}  # no second copy


# --- parity ---


def from_torchvision(name: str) -> str:
    name = name.replace("features.0.0", "patch_embedding").replace("features.0.2", "patch_norm")
    found = re.match(r"features\.(\d)\.(.*)", name)
    if found:
        place = int(found[1])
        name = f"stages.{place // 2}.{found[2]}" if place % 2 else f"mergings.{place // 2 - 1}.{found[2]}"
    return common(name).replace(".mlp.3.", ".mlp.2.")


def from_timm(name: str) -> str:
    name = name.replace("patch_embed.proj", "patch_embedding").replace("patch_embed.norm", "patch_norm")
    name = re.sub(r"layers\.(\d)\.downsample", lambda found: f"mergings.{int(found[1]) - 1}", name)
    name = re.sub(r"layers\.(\d)\.blocks", r"stages.\1", name)
    return common(name).replace("mlp.fc1", "mlp.0").replace("mlp.fc2", "mlp.2").replace("head.fc", "head")


def common(name: str) -> str:
    name = name.replace(".attn.relative_position_bias_table", ".attention.bias_table")
    return name.replace(".attn.proj", ".attention.projection").replace(".attn.", ".attention.")


@pytest.mark.parametrize(("side", "sizes"), [(224, SWIN_T), (200, SWIN_T | NARROW)])
@pytest.mark.parametrize(("theirs", "rename"), [("torchvision", from_torchvision), ("timm", from_timm)])
def test_the_same_weights_give_the_logits_of(theirs, rename, side, sizes):
    """A whole Swin-T at 224, and a narrow one at 200, where the maps need padding: each pads in a way of its own."""
    width, depths, heads = sizes["d_model"], sizes["depths"], sizes["n_heads"]
    if theirs == "torchvision":
        other = random_weights(torchvision.models.SwinTransformer([4, 4], width, [*depths], [*heads], [7, 7]))
    else:
        name = "swin_tiny_patch4_window7_224"
        other = timm.create_model(name, img_size=side, embed_dim=width, depths=depths, num_heads=heads)
        other = random_weights(other)
    weights = {rename(key): value for key, value in other.state_dict().items() if "relative_position_index" not in key}
    ours = SwinTransformer(side, 4, **sizes, padding=theirs).eval()
    ours.load_state_dict(weights)
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(side))
    with torch.no_grad():
        assert torch.allclose(ours(images), other(images), atol=1e-4)
