"""Hidden states as colours, similarities and norms: the features of a network made visible.

Three principal components of the patch tokens as red, green and blue follow Oquab et al. 2023, "DINOv2: Learning Robust
Visual Features without Supervision", figure 1. Large norms of single patch tokens are the artefacts of Darcet et al.
2023, "Vision Transformers Need Registers".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

N_COLOURS = 3  # red, green and blue
CLIPPED = 0.01  # of the fitted values below the darkest and above the brightest colour: single outliers set no scale
OUTLIER_NORM = 3.0  # times the median norm of the patch tokens


@dataclass(frozen=True)
class FeatureBasis:
    """A map from features to colours.

    Attributes:
        mean: (D,) of the features it was fitted on.
        components: (3, D), orthonormal, the direction of largest variance first.
        low, high: (3,), the projections shown as 0 and as 1.
        explained: (3,), the fraction of the variance along each component.
    """

    mean: Tensor
    components: Tensor
    low: Tensor
    high: Tensor
    explained: Tensor

    def project(self, features: Tensor) -> Tensor:
        """Return the principal components of features, (M, D) -> (M, 3)."""
        return (features.float() - self.mean) @ self.components.T

    def colours(self, features: Tensor) -> Tensor:
        """Return features as red, green and blue in [0, 1], (M, D) -> (M, 3)."""
        spread = (self.high - self.low).clamp_min(torch.finfo(torch.float32).tiny)
        return ((self.project(features) - self.low) / spread).clamp(0, 1)


def fit_features(features: Tensor, like: FeatureBasis | None = None) -> FeatureBasis:
    """Fit three principal components to features.

    Args:
        features: (M, D), M at least 2: the patch tokens of one image or of several.
        like: a basis, such as that of the block before, whose colours are to be kept where possible: each component
            takes the sign in which its values on ``features`` correlate with those of ``like``. Without it the largest
            weight of each component is positive, so that the result does not depend on the solver.
    Raises:
        ValueError: for fewer than two features.
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"principal components need at least 2 features of one size, not {tuple(features.shape)}")
    features = features.double()
    mean = features.mean(dim=0)
    centred = features - mean
    components, variances = _principal(centred)
    scores = centred @ components.T  # (M, 3)
    if like is not None and like.components.shape[1] == features.shape[1]:
        signs = (scores * like.project(features).double()).sum(dim=0).sign()
    else:
        signs = components.gather(1, components.abs().argmax(dim=1, keepdim=True))[:, 0].sign()
    signs = torch.where(signs == 0, 1.0, signs)
    components, scores = components * signs[:, None], scores * signs
    total = (centred**2).sum().clamp_min(torch.finfo(torch.float64).tiny)
    bounds = torch.quantile(scores, torch.tensor([CLIPPED, 1 - CLIPPED], dtype=torch.float64), dim=0)
    parts = (mean, components, bounds[0], bounds[1], variances / total)
    return FeatureBasis(*(part.float() for part in parts))


def _principal(centred: Tensor) -> tuple[Tensor, Tensor]:
    """Find the directions of largest variance, (3, D), and the variances along them, (3,), as sums of squares.

    From the smaller one of the Gram and the covariance matrix, in a fifth of the time of a singular value
    decomposition. Directions in which nothing varies, beyond rounding, are zeros.
    """
    n, d = centred.shape
    wide = n < d
    values, vectors = torch.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    values, vectors = values[-N_COLOURS:].flip(0), vectors[:, -N_COLOURS:].flip(1)
    directions = (centred.T @ vectors if wide else vectors).T  # (3 or fewer, D)
    kept = values > max(n, d) * torch.finfo(centred.dtype).eps * values[0].clamp_min(torch.finfo(centred.dtype).tiny)
    components, variances = centred.new_zeros(N_COLOURS, d), centred.new_zeros(N_COLOURS)
    components[: len(values)] = torch.where(kept[:, None], F.normalize(directions, dim=1), 0.0)
    variances[: len(values)] = torch.where(kept, values, 0.0)
    return components, variances


def feature_colours(
    hidden: Tensor,
    n_prefix: int,
    fit_on: Literal["picture"] | Tensor | FeatureBasis = "picture",
    like: FeatureBasis | None = None,
) -> Tensor:
    """Show the patch tokens of an image by their first three principal components, as red, green and blue.

    Args:
        hidden: (N, D), the tokens after one block, prefix tokens first.
        n_prefix: tokens in front of the patches, which are left out.
        fit_on: the features that the components are fitted on: "picture" for the patches of this image, (M, D) for
            patches of others, or a basis that was fitted before.
        like: see :func:`fit_features`.
    Returns:
        (N - n_prefix, 3) float32 in [0, 1].
    """
    patches = hidden[n_prefix:]
    if isinstance(fit_on, FeatureBasis):
        return fit_on.colours(patches)
    return fit_features(patches if isinstance(fit_on, str) else fit_on, like).colours(patches)


def foreground(hidden: Tensor, n_prefix: int) -> Tensor:
    """Split the patches in two by the sign of their first principal component, (N, D) -> (N - n_prefix,) bool.

    True is the part with fewer patches on the border of the grid, which must be square: objects are rather in the
    middle. A heuristic, as in the figures of Oquab et al. 2023; no network is asked what is an object.
    """
    patches = hidden[n_prefix:]
    side = round(len(patches) ** 0.5)
    if side * side != len(patches):
        raise ValueError(f"{len(patches)} patches do not fill a square grid")
    first = fit_features(patches).project(patches)[:, 0] > 0
    border = torch.ones(side, side, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    at_border = first[border.flatten()].float().mean()
    return ~first if at_border > 0.5 else first


def feature_similarity(hidden_a: Tensor, token: int, hidden_b: Tensor, n_prefix: int = 0) -> Tensor:
    """Return the cosine similarity of one token with every patch of the same or of another image.

    Args:
        hidden_a: (N, D), the tokens of the image that holds the token.
        token: its index in ``hidden_a``, prefix tokens included.
        hidden_b: (M, D), tokens of the image to compare with, from the same network and block.
        n_prefix: tokens in front of the patches in ``hidden_b``, which are left out.
    Returns:
        (M - n_prefix,) float32 in [-1, 1].
    Raises:
        ValueError: for a token that is not there.
    """
    if not 0 <= token < len(hidden_a):
        raise ValueError(f"token must be 0 to {len(hidden_a) - 1}, not {token}")
    return F.cosine_similarity(hidden_a[token][None].float(), hidden_b[n_prefix:].float(), dim=1)


def similarity_matrix(hidden_a: Tensor, hidden_b: Tensor, n_prefix: int = 0) -> Tensor:
    """Return :func:`feature_similarity` of every token, (N, D) and (M, D) -> (N, M - n_prefix) float32."""
    return F.normalize(hidden_a.float(), dim=1) @ F.normalize(hidden_b[n_prefix:].float(), dim=1).T


def mean_similarity(hidden: Tensor, n_prefix: int) -> float:
    """Return the mean cosine similarity of two different patches of an image, of hidden states (N, D).

    Raises:
        ValueError: for fewer than two patches.
    """
    cosines = similarity_matrix(hidden[n_prefix:], hidden[n_prefix:])
    n = len(cosines)
    if n < 2:
        raise ValueError(f"{n} patches have no pair")
    return float((cosines.sum() - cosines.trace()) / (n * (n - 1)))


def token_norms(hidden: Tensor) -> Tensor:
    """Return the Euclidean norm of each token, (N, D) -> (N,) float32."""
    return hidden.float().norm(dim=-1)


def outlier_tokens(hidden: Tensor, n_prefix: int) -> Tensor:
    """Find the patch tokens whose norm exceeds OUTLIER_NORM times the median, (N, D) -> (K,) indices of patches."""
    norms = token_norms(hidden)[n_prefix:]
    return (norms > OUTLIER_NORM * norms.median()).nonzero().flatten()
