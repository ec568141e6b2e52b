"""Hidden states as colours, similarities and norms."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from vit_explorer.explain.features import (
    OUTLIER_NORM,
    feature_colours,
    feature_similarity,
    fit_features,
    foreground,
    mean_similarity,
    outlier_tokens,
    similarity_matrix,
    token_norms,
)


@pytest.fixture
def hidden() -> torch.Tensor:
    """One prefix token and 16 patches of 8 numbers."""
    return torch.randn(17, 8, generator=torch.Generator().manual_seed(0))


def test_the_basis_is_orthonormal_and_its_parts_of_the_variance_fall(hidden):
    basis = fit_features(hidden[1:])
    torch.testing.assert_close(basis.components @ basis.components.T, torch.eye(3), atol=1e-5, rtol=0)
    first, second, third = basis.explained.tolist()
    assert 1 > first > second > third > 0
    variances = basis.project(hidden[1:]).var(dim=0)
    torch.testing.assert_close(variances / hidden[1:].var(dim=0).sum(), basis.explained, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(40, 8), (8, 40), (2, 5), (9, 2)])
def test_the_components_are_those_of_a_singular_value_decomposition(n, d):
    features = torch.randn(n, d, generator=torch.Generator().manual_seed(0)) * torch.logspace(0, -1, d)
    basis = fit_features(features)
    _, strengths, directions = torch.linalg.svd((features - features.mean(dim=0)).double(), full_matrices=False)
    rank = min(3, n - 1, d)
    agreement = (basis.components[:rank].double() * directions[:rank]).sum(dim=1).abs()
    torch.testing.assert_close(agreement, torch.ones_like(agreement), atol=1e-5, rtol=0)
    shares = (strengths**2 / (strengths**2).sum())[:rank].float()
    torch.testing.assert_close(basis.explained[:rank], shares, atol=1e-5, rtol=0)
    assert (basis.components[rank:] == 0).all() and (basis.explained[rank:] == 0).all()


def test_colours_do_not_see_the_prefix_and_stay_in_range(hidden):
    colours = feature_colours(hidden, 1)
    assert colours.shape == (16, 3) and colours.min() == 0 and colours.max() == 1
    changed = hidden.clone()
    changed[0] = 100
    assert torch.equal(feature_colours(changed, 1), colours)


def test_features_along_a_line_give_a_ramp_in_red():
    along = torch.linspace(-1, 1, 16)[:, None] * torch.tensor([[0.0, 3.0, 0.0, 0.0]])
    colours = feature_colours(along, 0)
    assert (colours[1:, 0] >= colours[:-1, 0]).all() and colours[0, 0] == 0 and colours[-1, 0] == 1
    assert colours[:, 1:].unique().numel() <= 2  # no variance along the others


def test_a_shift_of_all_features_changes_no_colour(hidden):
    torch.testing.assert_close(feature_colours(hidden + 5, 1), feature_colours(hidden, 1), atol=1e-4, rtol=0)


def test_one_basis_gives_equal_features_of_two_images_equal_colours(hidden):
    other = hidden[torch.randperm(17, generator=torch.Generator().manual_seed(1))]
    together = torch.cat([hidden, other])
    one, two = (feature_colours(tokens, 0, fit_on=together) for tokens in (hidden, other))
    assert {tuple(row.tolist()) for row in one} == {tuple(row.tolist()) for row in two}
    basis = fit_features(together)
    assert torch.equal(one, feature_colours(hidden, 0, fit_on=basis))


def test_colours_keep_their_sign_from_block_to_block(hidden):
    before = fit_features(hidden)
    torch.testing.assert_close(fit_features(hidden, like=before).components, before.components)
    mirrored = type(before)(before.mean, -before.components, before.low, before.high, before.explained)
    torch.testing.assert_close(fit_features(hidden, like=mirrored).components, -before.components)


def test_too_few_features_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        fit_features(torch.zeros(1, 8))
    assert feature_colours(torch.eye(2), 0).isfinite().all()


def test_similarity_is_the_cosine_and_of_a_token_with_itself_1(hidden):
    similar = feature_similarity(hidden, 3, hidden, n_prefix=1)
    assert similar.shape == (16,)
    assert similar[2] == pytest.approx(1.0)
    a, b = hidden[3].numpy(), hidden[9].numpy()
    assert float(similar[8]) == pytest.approx(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), abs=1e-6)
    with pytest.raises(ValueError, match="0 to 16"):
        feature_similarity(hidden, 17, hidden)


def test_the_matrix_holds_the_similarity_of_each_token(hidden):
    matrix = similarity_matrix(hidden, hidden + 1, 1)
    assert matrix.shape == (17, 16)
    for token in range(17):
        torch.testing.assert_close(matrix[token], feature_similarity(hidden, token, hidden + 1, 1), atol=1e-5, rtol=0)


def test_norms_and_their_outliers(hidden):
    hidden[5] *= 10 * OUTLIER_NORM / token_norms(hidden)[5]
    torch.testing.assert_close(token_norms(hidden), (hidden**2).sum(dim=1).sqrt())
    assert outlier_tokens(hidden, 1).tolist() == [4]


def test_the_middle_of_two_kinds_of_patches_is_the_foreground():
    middle = torch.zeros(6, 6, dtype=torch.bool)
    middle[1:5, 2:5] = True
    features = torch.randn(36, 8, generator=torch.Generator().manual_seed(0)) * 0.1
    for sign in (1.0, -1.0):
        features[middle.flatten(), 0] = 5 * sign
        assert torch.equal(foreground(features, 0), middle.flatten())
    with pytest.raises(ValueError, match="square"):
        foreground(features[:35], 0)


@pytest.mark.skipif(not os.environ.get("VIT_EXPLORER_VIT_S14"), reason="VIT_EXPLORER_VIT_S14 names no real ViT-S/14")
def test_features_of_a_real_network_tell_a_cat_from_its_background():
    from PIL import Image

    from vit_explorer.explain.trace import trace
    from vit_explorer.models.pretrained import from_state_dict

    weights = Path(os.environ["VIT_EXPLORER_VIT_S14"]) / "dinov2_vits14_saliency.pth"
    photo = Path(__file__).parent / "chelsea.jpg"
    model = from_state_dict(torch.load(weights, weights_only=True), img_size=224)[0].eval()
    with Image.open(photo) as opened:
        pixels = torch.from_numpy(np.array(opened.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = ((pixels / 255 - mean) / std).permute(2, 0, 1)[None]
    traced = trace(model, images)
    last = traced.hidden[-1][0]
    cat = foreground(last, traced.n_prefix).reshape(16, 16)
    assert cat[2:12, 4:11].float().mean() > 0.95  # the face, by eye
    assert cat[2:15, 13:].float().mean() < 0.05  # the blurred room at the right
    nose = traced.n_prefix + 12 * 16 + 8
    similar = feature_similarity(last, nose, last, traced.n_prefix).reshape(16, 16)
    assert similar[2:12, 4:11].mean() > similar[2:15, 13:].mean() + 0.3


def test_the_mean_similarity_is_that_of_different_patches():
    hidden = torch.tensor([[9.0, 9.0], [2.0, 0.0], [0.0, 1.0], [-3.0, 0.0]])  # a prefix token, then cosines 0, -1, 0
    assert mean_similarity(hidden, 1) == pytest.approx(-1 / 3)
    assert mean_similarity(hidden[1:].abs(), 0) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="1 patches"):
        mean_similarity(hidden, 3)
