"""Heads and rollout: who attends to whom, and what attention multiplies up to from layer to layer."""

from __future__ import annotations

from typing import Any

from vit_explorer.ui.attention.exports import export_heads, export_rollout
from vit_explorer.ui.attention.payload import MAX_WEIGHTS
from vit_explorer.ui.attention.request import Look, head_index, layers_alone, look, query_index, rolled_out
from vit_explorer.ui.core.arrays import pack_shares
from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget


def place_heads(session: Session) -> None:
    """Place the view of all heads. It is drawn from the trace's payload; where weights are many, rows are fetched."""

    @answered
    def attention_rows(request: dict[str, Any]) -> dict[str, Any]:
        return rows_of(look(session, request), request)

    @answered
    def attention_matrix(request: dict[str, Any]) -> dict[str, Any]:
        return matrix_of(look(session, request), request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_heads(look(session, request), request)

    widget(__file__, "attention-heads", [attention_rows, attention_matrix], elem_id="attention-heads")
    widget(__file__, "attention-export", [export], elem_id="attention-heads-export")


def place_rollout(session: Session) -> None:
    """Place the view of the rollout; each change of an option asks the server for all its steps."""

    @answered
    def rollout_stack(request: dict[str, Any]) -> dict[str, Any]:
        return stack_of(look(session, request), request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_rollout(look(session, request), request)

    widget(__file__, "attention-rollout", [rollout_stack], elem_id="attention-rollout")
    widget(__file__, "attention-export", [export], elem_id="attention-rollout-export")


def rows_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """What one token gives and gets in all heads, for models whose weights are too many to be sent: {..., token}.

    Returns:
        ``rows``, ``columns``: (layers, heads, N) packed shares: from the token as a query, and to it as a key.
    """
    index = query_index(seen, int(request["token"]))
    return {"rows": pack_shares(seen.weights[:, :, index]), "columns": pack_shares(seen.weights[..., index])}


def matrix_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """One head's (N, N) packed shares, for models whose weights are too many to be sent at once: {..., layer, head}.

    ``matrix`` is None where even one head has more than MAX_WEIGHTS.
    """
    layer, head = head_index(seen, request)
    matrix = seen.weights[layer, head]
    return {"matrix": pack_shares(matrix) if matrix.numel() <= MAX_WEIGHTS else None}


def stack_of(seen: Look, request: dict[str, Any]) -> dict[str, Any]:
    """The rollout for {picture, model, fit, token, head_fusion, discard_ratio, residual, start_layer}.

    Returns:
        ``answer``, ``answer_alone``: (S, N) packed, what flows into the answer up to each layer and in it alone.
        ``steps``: (S, N, N) packed, or None where they would be more than MAX_WEIGHTS; then ``row`` and ``row_alone``,
        (S, N) packed, are the token's.
    """
    steps, answer = rolled_out(seen, request)
    alone, answer_alone = layers_alone(seen, int(request["start_layer"]))
    whole = steps.numel() <= MAX_WEIGHTS and seen.weights.numel() <= MAX_WEIGHTS
    index = query_index(seen, int(request["token"]))
    return {
        "answer": pack_shares(answer),
        "answer_alone": pack_shares(answer_alone),
        "steps": pack_shares(steps) if whole else None,
        "row": None if whole else pack_shares(steps[:, index]),
        "row_alone": None if whole else pack_shares(alone[:, index]),
    }
