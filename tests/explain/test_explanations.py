"""The maps side by side: what each one reads, which model has which, and that pictures do not mix."""

from itertools import pairwise

import pytest
import torch

from tests.explain.small import NAMES, VITS, images, make
from vit_explorer.explain import explanation_maps, gradient_rollout, methods_for, rollout, trace
from vit_explorer.explain.explanations import METHODS, random_maps, yardstick_maps
from vit_explorer.explain.gradients import trace_gradients
from vit_explorer.explain.readout import patch_readout, readout_weights

ATTENTION = ["last_attention", "rollout", "attention_gradient", "gradient_rollout"]
APPLY = {
    "cls": ATTENTION,
    "mean": ATTENTION,
    "set": ATTENTION,
    "pool": [*ATTENTION, "grad_cam"],
    "conv-cls": [*ATTENTION, "grad_cam"],
    "hybrid": [*ATTENTION, "grad_cam"],
    "swin": [*ATTENTION, "grad_cam"],
    "cnn": ["grad_cam"],
}


@pytest.mark.parametrize("case", NAMES)
def test_a_model_has_the_methods_for_which_it_has_what_they_read(case):
    assert [*methods_for(make(case))] == APPLY[case]
    found = explanation_maps(make(case), images(), 3)
    assert [*found] == APPLY[case]
    for name, maps in found.items():
        assert maps.shape == (2, *make(case).grid), name
        assert maps.isfinite().all() and (maps >= 0).all(), name


@pytest.mark.parametrize("case", NAMES)
def test_two_pictures_at_once_are_two_pictures_one_by_one(case):
    model, x = make(case), images()
    both = explanation_maps(model, x, 2)
    for i in range(2):
        alone = explanation_maps(model, x[i : i + 1], 2)
        for name in both:
            scale = float(both[name].max()) + 1e-6
            assert (both[name][i] - alone[name][0]).abs().max() < 1e-4 * scale, name


@pytest.mark.parametrize("case", NAMES)
def test_those_that_are_for_a_class_change_with_it_and_the_others_do_not(case):
    model, x = make(case), images(4)
    each = [explanation_maps(model, x, target) for target in range(5)]
    for name in APPLY[case]:
        differences = [(each[0][name] - other[name]).abs().max().item() for other in each[1:]]
        assert max(differences) == 0 if not METHODS[name].for_class else min(differences) > 0, name


def test_with_cls_a_map_is_the_first_row_without_the_first_column():
    model, x = make("cls"), images()
    found, traced, passed = explanation_maps(model, x, 1), trace(model, x), trace_gradients(model, x, 1)
    last = passed.traced.attention[-1]
    expected = {
        "last_attention": traced.attention[-1].mean(1),
        "rollout": rollout(traced.attention),
        "attention_gradient": (last * passed.gradients[-1]).clamp(min=0).mean(1),
        "gradient_rollout": gradient_rollout(model, x, 1),
    }
    for name, matrix in expected.items():
        assert torch.allclose(found[name], matrix[:, 0, 1:].reshape(2, 4, 4), atol=1e-6), name


def test_with_mean_pooling_a_map_is_the_mean_row():
    model, x = make("mean"), images()
    found = explanation_maps(model, x, 1)
    flow = rollout(trace(model, x).attention, n_prefix=0)
    assert torch.allclose(found["rollout"], flow.mean(1).reshape(2, 4, 4), atol=1e-6)
    assert torch.allclose(found["rollout"].sum((1, 2)), torch.ones(2), atol=1e-5)
    moved = (gradient_rollout(model, x, 1) - torch.eye(16)).mean(1).reshape(2, 4, 4)
    assert torch.allclose(found["gradient_rollout"], moved, atol=1e-6)


@pytest.mark.parametrize("case", VITS)
def test_gradient_rollout_shows_what_attention_moved_and_not_what_the_head_reads_anyway(case):
    model, x = make(case), images(8)
    traced = trace(model, x)
    reading = readout_weights(model, traced)
    maps = []
    for target in range(5):
        found = explanation_maps(model, x, target, ["gradient_rollout"])["gradient_rollout"]
        moved = gradient_rollout(model, x, target) - torch.eye(reading.shape[1])
        assert torch.allclose(found, patch_readout(moved, reading, traced), atol=1e-6)
        maps.append(found.flatten(1))
    for one, other in pairwise(maps):  # 0.99 and more where the reading hides the classes
        assert torch.cosine_similarity(one - one.mean(1, True), other - other.mean(1, True)).mean() < 0.9


@torch.no_grad()
@pytest.mark.parametrize("case", VITS)
def test_the_reading_sums_to_one_and_gives_the_logits(case):
    model, x = make(case), images()
    traced = trace(model, x)
    reading = readout_weights(model, traced)
    assert reading.shape == traced.hidden[-1].shape[:2]
    assert torch.allclose(reading.sum(1), torch.ones(2), atol=1e-6)
    assert (reading >= 0).all()
    read = (reading[..., None] * model.norm(traced.hidden[-1])).sum(1)
    assert torch.allclose(model.head(read), traced.logits, atol=1e-5)


def test_what_is_read_is_the_reading_times_the_flow():
    traced = trace(make("cls"), images())
    flow = torch.rand(2, 17, 17, generator=torch.Generator().manual_seed(3))
    reading = torch.rand(2, 17, generator=torch.Generator().manual_seed(4))
    expected = torch.einsum("bi,bij->bj", reading, flow)[:, 1:]
    found = patch_readout(flow, reading, traced)
    assert torch.allclose(found, expected.reshape(2, 4, 4), atol=1e-6)


def test_a_cnn_reads_no_tokens():
    with pytest.raises(ValueError, match="a ConvNet reads no tokens"):
        readout_weights(make("cnn"), trace(make("cnn"), images()))


def test_only_the_methods_that_are_named():
    found = explanation_maps(make("pool"), images(), 0, ["grad_cam", "rollout"])
    everything = explanation_maps(make("pool"), images(), 0)
    assert [*found] == ["grad_cam", "rollout"]
    assert all(torch.equal(maps, everything[name]) for name, maps in found.items())


@pytest.mark.parametrize(("case", "name"), [("cnn", "rollout"), ("cls", "grad_cam"), ("cls", "saliency")])
def test_a_method_that_does_not_apply_is_refused_with_those_that_do(case, name):
    with pytest.raises(ValueError, match=rf"can be explained by {', '.join(APPLY[case])}, not by '{name}'"):
        explanation_maps(make(case), images(), 0, [name])


def test_random_maps_are_of_their_seed_alone():
    before = torch.get_rng_state()
    maps = random_maps((4, 6), 50, seed=1)
    assert maps.shape == (50, 4, 6)
    assert torch.equal(maps, random_maps((4, 6), 50, seed=1))
    assert not torch.equal(maps, random_maps((4, 6), 50, seed=2))
    assert torch.equal(maps[:3], random_maps((4, 6), 3, seed=1))
    assert abs(maps.mean() - 0.5) < 0.03 and maps.min() >= 0 and maps.max() < 1
    assert torch.equal(before, torch.get_rng_state())


def test_each_map_of_the_yardstick_has_its_reverse():
    maps = yardstick_maps((3, 5), 4)
    assert maps.shape == (4, 3, 5) and torch.equal(maps[2:], 1 - maps[:2])
    with pytest.raises(ValueError, match="not 3"):
        yardstick_maps((3, 5), 3)
