"""Multiply-adds of decoding by their formulas, step by step, with and without a cache."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vit_explorer.text.model import TextTransformer


@dataclass(frozen=True)
class StepCost:
    """Multiply-adds of one decoding step of one sequence: matrix products alone, as is usual.

    Attributes:
        encoder: all of the encoder; at the first step alone.
        projections: queries, keys, values and outputs of both attentions of the decoder.
        self_attention: Q K^T and weights times V among target tokens.
        cross_attention: the same from target to source.
        mlp, head: of the decoder.
    """

    encoder: int
    projections: int
    self_attention: int
    cross_attention: int
    mlp: int
    head: int

    @property
    def total(self) -> int:
        return sum(getattr(self, part.name) for part in fields(self))


def step_cost(model: TextTransformer, n_source: int, step: int, cached: bool) -> StepCost:
    """Count one step, for a source of n_source tokens; the first step is 0.

    The step sees ``step + 1`` target tokens. Without a cache all of them go through the decoder again, so that a step
    grows with their square and a whole output with the cube; with a cache one does, which reads the keys and values of
    the others, so that only the attention grows, linearly.
    """
    width, d_ff = model.d_model, model.d_ff
    layers, keys = len(model.decoder), step + 1
    queries = 1 if cached else keys
    source_keys = 0 if cached and step else n_source  # tokens of which cross-attention makes keys and values
    encoder = len(model.encoder) * n_source * (4 * width**2 + 2 * n_source * width + 2 * width * d_ff)
    return StepCost(
        encoder=0 if step else encoder,
        projections=layers * width**2 * (6 * queries + 2 * source_keys),
        self_attention=layers * 2 * queries * keys * width,
        cross_attention=layers * 2 * queries * n_source * width,
        mlp=layers * 2 * queries * width * d_ff,
        head=queries * width * model.vocabulary,
    )
