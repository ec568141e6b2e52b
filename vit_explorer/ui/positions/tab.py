"""The Positions tab: what the position embeddings know of the plane, and what the prediction owes to them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.ablation import changed_positions, patch_order, predict_with_positions
from vit_explorer.explain.positions import PositionStructure, cosine_similarity, position_structure
from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.figures.positions import colour_limit, positions_figure
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.downloads import file_answer
from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.positions.payload import shown_snapshots

N_SHUFFLES = 16  # predicted in one batch, to say how much one shuffle differs from another


def place_positions(session: Session) -> None:
    """Place the tab. Its maps are drawn from the model's payload; the server is asked for experiments and files."""

    @answered
    def experiment(request: dict[str, Any]) -> dict[str, Any]:
        return run_experiment(session, request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_positions(session, request)

    widget(__file__, "positions", elem_id="positions")
    widget(__file__, "positions-detail", elem_id="positions-detail")
    widget(__file__, "positions-experiment", [experiment], elem_id="positions-experiment")
    widget(__file__, "positions-export", [export], elem_id="positions-export")


@torch.inference_mode()
def run_experiment(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Predict with the trained and with changed positions: {picture, model, fit, mode, seed} -> probabilities.

    Returns:
        ``trained`` and ``changed``: a probability per class. ``order``: for "shuffled", the place that each patch is
        told it is at. ``several``: for "shuffled", the probabilities of the trained answer under N_SHUFFLES shuffles,
        of which the one asked for is the first.
    """
    checkpoint = _with_positions(session.checkpoint(request["model"]))
    model, mode, seed = checkpoint.model, request["mode"], int(request["seed"])
    picture = session.picture(request["picture"])
    inputs = checkpoint.preprocess(fit_picture(picture.image, model.img_size, request["fit"])[None])
    shuffled = mode == "shuffled"
    untrained = _untrained(checkpoint) if mode == "untrained" else None
    tables = [
        changed_positions(model.pos_embedding, model.n_prefix, mode, seed + extra, untrained)
        for extra in range(N_SHUFFLES if shuffled else 1)
    ]
    trained = model(inputs)[0].softmax(dim=-1)
    changed = predict_with_positions(model, inputs, torch.cat(tables)).softmax(dim=-1)
    n_patches = model.grid[0] * model.grid[1]
    return {
        "mode": mode,
        "seed": seed,
        "classes": checkpoint.class_names,
        "trained": trained.tolist(),
        "changed": changed[0].tolist(),
        "order": patch_order(n_patches, seed).tolist() if shuffled else None,
        "several": changed[:, trained.argmax()].tolist() if shuffled else None,
    }


def export_positions(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """The similarities of one snapshot as a file: {model, snapshot, format} -> {filename, mime, data in base64}."""
    checkpoint = _with_positions(session.checkpoint(request["model"]))
    epochs, tables = shown_snapshots(checkpoint)
    snapshot, format = int(request["snapshot"]), request["format"]
    if not 0 <= snapshot < len(epochs):
        raise ValueError(f"there are {len(epochs)} snapshots, not one with the number {snapshot}")
    similarity = cosine_similarity(tables[snapshot]).numpy()
    if format == "npy":
        data = _as_npy(similarity)
    elif format == "csv":
        data = _as_csv(similarity, checkpoint.model.n_prefix)
    elif format in MIME:
        every = np.stack([cosine_similarity(table).numpy() for table in tables])
        data = _as_figure(checkpoint, epochs[snapshot], similarity, every, format)
    else:
        raise ValueError(f"a file can be npy, csv, {', '.join(MIME)}, not {format!r}")
    return file_answer(f"{checkpoint.name}-positions-epoch-{short_epoch(epochs[snapshot])}", format, data)


def _with_positions(checkpoint: Checkpoint) -> Checkpoint:
    if not hasattr(checkpoint.model, "pos_embedding"):
        raise ValueError(f"{checkpoint.name} has no position embeddings")
    return checkpoint


def _untrained(checkpoint: Checkpoint) -> torch.Tensor | None:
    epochs, tables = checkpoint.position_snapshots()
    return tables[:1] if epochs[0] == 0 and len(epochs) > 1 else None


def _as_npy(similarity: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, similarity, allow_pickle=False)
    return buffer.getvalue()


def _as_csv(similarity: np.ndarray, n_prefix: int) -> bytes:
    names = [*["CLS", "distillation"][:n_prefix], *map(str, range(len(similarity) - n_prefix))]
    buffer = io.StringIO()
    np.savetxt(buffer, similarity, fmt="%.7g", delimiter=",", header=",".join(names), comments="")
    return buffer.getvalue().encode()


def _as_figure(checkpoint: Checkpoint, epoch: float, similarity: np.ndarray, every: np.ndarray, format: str) -> bytes:
    model = checkpoint.model
    structure = position_structure(torch.from_numpy(similarity), model.grid)
    limit = colour_limit(every, model.n_prefix)
    title = f"Similarity of the position embeddings of {checkpoint.name}, {epoch_name(epoch)}"
    caption = figure_caption(checkpoint, epoch, structure, limit, len(every))
    return figure_bytes(positions_figure(similarity, model.grid, model.n_prefix, limit, title, caption), format)


def short_epoch(epoch: float) -> str:
    """Two digits are enough to tell snapshots apart: "0.0054", "0.56", "1", "20"."""
    return f"{epoch:.0f}" if epoch >= 10 else f"{epoch:.2g}"


def epoch_name(epoch: float) -> str:
    """As the page prints it."""
    return "epoch 0 (untrained)" if epoch == 0 else f"epoch {short_epoch(epoch)}"


def figure_caption(
    checkpoint: Checkpoint, epoch: float, structure: PositionStructure, limit: float, n_snapshots: int
) -> str:
    """Model, epoch, scale and score: what a reader needs who has only the figure."""
    return (
        f"{checkpoint.name} trained on {checkpoint.card['dataset']['name']}, {epoch_name(epoch)}. "
        f"Colours: −{limit:.2f} to {limit:.2f}, the same for all {n_snapshots} snapshots of this model; "
        f"values beyond are clipped. 2D score {structure.two_d:.2f}: the smaller of how well a patch's row "
        f"({structure.row:.2f}) and column ({structure.column:.2f}) can be read off its embedding (R squared). "
        f"Most similar other position: {structure.nearest_distance:.2f} patches away on average "
        f"(chance: {structure.chance_distance:.2f})."
    )
