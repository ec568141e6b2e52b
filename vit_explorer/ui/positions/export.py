"""Files of the Positions tab: the similarities of one snapshot."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from vit_explorer.explain.positions import PositionStructure, cosine_similarity, position_structure
from vit_explorer.figures.positions import colour_limit, positions_figure
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.requests import parse_int
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.positions.payload import check_positions, shown_snapshots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PositionsExport:
    """A snapshot by its number in the payload, and the format of the file."""

    model: str
    snapshot: int
    format: str


@terms(long=True)
def export_positions(session: Session, request: PositionsExport) -> FileAnswer:
    """Write the similarities of one snapshot to a file. Raises UserError for a snapshot that there is not."""
    checkpoint = check_positions(session.checkpoint(request.model))
    epochs, tables = shown_snapshots(checkpoint)
    snapshot = parse_int(request.snapshot, "A snapshot", 0, len(epochs) - 1)
    similarity = cosine_similarity(tables[snapshot]).numpy()
    every = np.stack([cosine_similarity(table).numpy() for table in tables])
    return export_file(
        f"{checkpoint.name}-positions-{_stem(epochs[snapshot])}",
        request.format,
        lambda: _figure(checkpoint, epochs[snapshot], similarity, every),
        {"npy": lambda: _as_npy(similarity), "csv": lambda: _as_csv(similarity, checkpoint.model.prefix_names())},
    )


def _as_npy(similarity: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, similarity, allow_pickle=False)
    return buffer.getvalue()


def _as_csv(similarity: np.ndarray, prefix_names: tuple[str, ...]) -> bytes:
    names = [*prefix_names, *(f"patch {patch + 1}" for patch in range(len(similarity) - len(prefix_names)))]
    buffer = io.StringIO()
    np.savetxt(buffer, similarity, fmt="%.7g", delimiter=",", header=",".join(names), comments="")
    return csv_bytes(buffer.getvalue())


def _figure(checkpoint: Checkpoint, epoch: float | None, similarity: np.ndarray, every: np.ndarray) -> Figure:
    model = checkpoint.model
    structure = position_structure(torch.from_numpy(similarity), model.grid)
    limit = colour_limit(every, model.n_prefix)
    title = f"Similarity of the position embeddings of {checkpoint.name}, {epoch_name(epoch)}"
    caption = figure_caption(checkpoint, epoch, structure, limit, len(every))
    return positions_figure(similarity, model.grid, model.n_prefix, limit, title, caption)


def _stem(epoch: float | None) -> str:
    return "trained" if epoch is None else f"epoch-{short_epoch(epoch)}"


def short_epoch(epoch: float) -> str:
    """An epoch with two digits, which tell snapshots apart: "0.0054", "0.56", "1", "20"."""
    return f"{epoch:.0f}" if epoch >= 10 else f"{epoch:.2g}"


def epoch_name(epoch: float | None) -> str:
    """An epoch as the page prints it; None is the end of a training whose length is not known."""
    if epoch is None:
        return "trained"
    return "epoch 0 (untrained)" if epoch == 0 else f"epoch {short_epoch(epoch)}"


def figure_caption(
    checkpoint: Checkpoint, epoch: float | None, structure: PositionStructure, limit: float, n_snapshots: int
) -> str:
    """Model, epoch, scale and score, so that the figure can be read without the page."""
    return (
        f"{checkpoint.name} trained on {checkpoint.card['dataset']['name']}, {epoch_name(epoch)}. "
        f"Colours: −{limit:.2f} to {limit:.2f}, the same for all {n_snapshots} snapshots of this model; "
        f"values beyond are clipped. 2D score {structure.two_d:.2f}: the smaller of how well a patch's row "
        f"({structure.row:.2f}) and column ({structure.column:.2f}) can be read off its embedding (R squared). "
        f"Most similar other position: {structure.nearest_distance:.2f} patches away on average "
        f"(chance: {structure.chance_distance:.2f})."
    )
