"""The page for programs: Gradio endpoints for gradio_client, and tools for MCP. See docs/api.md.

Annotations are not postponed here: Gradio reads the types of inputs and outputs from them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from vit_explorer.data.uploads import load_picture
from vit_explorer.explain.explanations import explanation_maps, methods_for
from vit_explorer.explain.trace import trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.patches import patchify
from vit_explorer.ui.core.errors import UserError, json_errors, user_errors
from vit_explorer.ui.core.limits import Ledger
from vit_explorer.ui.core.requests import check_prediction, fit_input, parse_int, parse_value
from vit_explorer.ui.core.serve import Terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import decode_upload

MOST_TOKENS = 260  # of a whole attention matrix in one answer; of more a row is to be asked for
NAME = re.compile(r"[\w.-]{1,60}:[\w.-]{1,60}")  # of a picture of the page, such as sample:cat
DATA_URL = re.compile(r"data:[\w/+.-]*;base64,")

Fit = Literal["crop", "letterbox"]


class ClassProbability(TypedDict):
    """A class and its probability."""

    label: str
    probability: float


class Classification(TypedDict):
    """The most probable classes, the first one first."""

    model: str
    classes: list[ClassProbability]


class Explanation(TypedDict):
    """Importance of each place of the picture for a class: a map (rows, cols) per method, not negative, largest 1."""

    model: str
    label: str
    probability: float
    maps: dict[str, list[list[float]]]


class Attention(TypedDict):
    """Attention weights of a head, or their mean over heads: rows of queries (queries, tokens), each sums to 1.

    ``tokens``: the names of the tokens, those of patches "row,col".
    """

    model: str
    layer: int
    head: int | None
    tokens: list[str]
    weights: list[list[float]]


class Patches(TypedDict):
    """The patches of a picture as a model reads them: ``size`` pixels a side, in ``rows`` and ``cols``.

    ``colours`` (rows, cols, 3): the mean red, green and blue, 0 to 255. ``norms`` (rows, cols): the length of each
    patch's token as it enters the first block.
    """

    model: str
    size: int
    rows: int
    cols: int
    colours: list[list[list[float]]]
    norms: list[list[float]]


@dataclass(frozen=True)
class Seen:
    """A picture in a model: ``images`` uint8 (1, 3, H, W), ``inputs`` the same, normalised."""

    checkpoint: Checkpoint
    images: Tensor
    inputs: Tensor


def place_api(session: Session, ledger: Ledger) -> None:
    """Offer the endpoints. Limits are those of the page, by the ``ledger`` that the page counts with."""

    def answer(name: str, long: bool, image: str, http: gr.Request | None, make: Callable[[], Any]) -> Any:
        """The answer, or an error with a sentence."""

        def admitted() -> dict[str, Any]:
            counted = None if NAME.fullmatch(str(image)[:200]) else "uploads"
            ledger.admit(http.client.host if http is not None and http.client else "", Terms(counted, long))
            return {"answer": make()}

        made = json_errors(name, admitted)
        if "error" in made:
            raise gr.Error(made["error"], print_exception=False)
        return made["answer"]

    def models() -> list[str]:
        """Names of the models that the other functions take."""
        return [checkpoint.name for checkpoint in session.checkpoints()[0]]

    def classify(
        image: str, model: str = "vit-cifar10", fit: Fit = "crop", top: int = 5, http: gr.Request | None = None
    ) -> Classification:
        """Classify a picture.

        Args:
            image: a picture's bytes in base64, also as a data URL; or the name of one of the page's, like sample:cat.
            model: the name of a model.
            fit: "crop" takes the largest square in the middle, "letterbox" all of the picture.
            top: how many classes.
        """
        return answer("classify", False, image, http, lambda: _classify(_see(session, image, model, fit), top))

    def explain(
        image: str, model: str = "vit-cifar10", fit: Fit = "crop", label: str = "", http: gr.Request | None = None
    ) -> Explanation:
        """Map which parts of a picture a model's prediction rests on, by every method that applies to the model.

        Args:
            image: a picture's bytes in base64, also as a data URL; or the name of one of the page's, like sample:cat.
            model: the name of a model.
            fit: "crop" takes the largest square in the middle, "letterbox" all of the picture.
            label: the class to explain; empty for the predicted one.
        """
        return answer("explain", True, image, http, lambda: _explain(_see(session, image, model, fit), label))

    def attention(
        image: str,
        model: str = "vit-cifar10",
        fit: Fit = "crop",
        layer: int = -1,
        head: int | None = None,
        query: int | None = None,
        http: gr.Request | None = None,
    ) -> Attention:
        """The attention weights of a layer of a Vision Transformer.

        Args:
            image: a picture's bytes in base64, also as a data URL; or the name of one of the page's, like sample:cat.
            model: the name of a model whose tokens all attend to each other.
            fit: "crop" takes the largest square in the middle, "letterbox" all of the picture.
            layer: from 0; -1 is the last one.
            head: from 0; without it the mean over heads.
            query: the index of one token, in the order of the answer's tokens; without it the whole matrix.
        """
        return answer(
            "attention", True, image, http, lambda: _attention(_see(session, image, model, fit), layer, head, query)
        )

    def patches(image: str, model: str = "vit-cifar10", fit: Fit = "crop", http: gr.Request | None = None) -> Patches:
        """Cut a picture into the patches that a Vision Transformer reads.

        Args:
            image: a picture's bytes in base64, also as a data URL; or the name of one of the page's, like sample:cat.
            model: the name of a model that embeds patches by one matrix.
            fit: "crop" takes the largest square in the middle, "letterbox" all of the picture.
        """
        return answer("patches", False, image, http, lambda: _patches(_see(session, image, model, fit)))

    for function in (models, classify, explain, attention, patches):
        gr.api(function, api_name=function.__name__, concurrency_limit=2, concurrency_id="api")


def _see(session: Session, image: Any, model: Any, fit: Any) -> Seen:
    """Raises UserError, PictureError, UnknownPicture, DatasetError or CheckpointError."""
    name, chosen = parse_value(str, image, "image"), parse_value(str, model, "model")
    way = parse_value(Fit, fit, "fit")
    checkpoint = session.checkpoint(chosen)
    images = fit_input(_picture(session, name), checkpoint, way)[None]
    return Seen(checkpoint, images, checkpoint.preprocess(images))


def _picture(session: Session, image: str) -> Image.Image:
    if NAME.fullmatch(image):
        return session.picture(image).image
    return load_picture(decode_upload(DATA_URL.sub("", image, count=1)))


@torch.inference_mode()
def _classify(seen: Seen, top: Any) -> Classification:
    names = check_prediction(seen.checkpoint).class_names
    count = min(parse_int(top, "Top", 1, 1000), len(names))
    most = seen.checkpoint.model(seen.inputs)[0].softmax(dim=-1).topk(count)
    found = zip(most.indices.tolist(), most.values.tolist(), strict=True)
    return {
        "model": seen.checkpoint.name,
        "classes": [{"label": names[index], "probability": probability} for index, probability in found],
    }


def _explain(seen: Seen, label: Any) -> Explanation:
    names = check_prediction(seen.checkpoint).class_names
    wanted = parse_value(str, label, "label")
    if wanted and wanted not in names:
        raise UserError(
            f"{seen.checkpoint.name} knows no class {wanted[:40]!r}: choose one of {', '.join(names[:20])}."
        )
    with torch.inference_mode():
        probabilities = seen.checkpoint.model(seen.inputs)[0].softmax(dim=-1)
    target = names.index(wanted) if wanted else int(probabilities.argmax())
    methods = list(methods_for(seen.checkpoint.model))
    maps = explanation_maps(seen.checkpoint.model, seen.inputs, target, methods)
    return {
        "model": seen.checkpoint.name,
        "label": names[target],
        "probability": float(probabilities[target]),
        "maps": {name: (found[0] / found[0].max().clamp(min=1e-12)).tolist() for name, found in maps.items()},
    }


def _attention(seen: Seen, layer: Any, head: Any, query: Any) -> Attention:
    checkpoint = seen.checkpoint
    traced = trace(checkpoint.model, seen.inputs)
    if not traced.attention:
        raise UserError(f"{checkpoint.name} has no attention to look at: not all of its tokens attend to each other.")
    layers, (heads, n_tokens) = len(traced.attention), traced.attention[0].shape[1:3]
    at = parse_int(layer, "Layer", -layers, layers - 1) % layers
    found = traced.attention[at][0]  # (heads, N, N)
    one = None if head is None else parse_int(head, "Head", 0, heads - 1)
    weights = found.mean(dim=0) if one is None else found[one]
    if query is not None:
        weights = weights[[parse_int(query, "Query", 0, n_tokens - 1)]]
    elif n_tokens > MOST_TOKENS:
        raise UserError(f"{checkpoint.name} has {n_tokens} tokens: ask for the row of one query, 0 to {n_tokens - 1}.")
    rows, cols = traced.grid
    places = [f"{row},{col}" for row in range(rows) for col in range(cols)]
    return {
        "model": checkpoint.name,
        "layer": at,
        "head": one,
        "tokens": [*checkpoint.model.prefix_names(), *places],
        "weights": weights.tolist(),
    }


@torch.inference_mode()
def _patches(seen: Seen) -> Patches:
    model = seen.checkpoint.model
    embedding = model.linear_embedding
    if embedding is None:
        raise UserError(f"{seen.checkpoint.name} does not embed patches by one matrix.")
    with user_errors():
        traced, size = trace(model, seen.inputs), int(embedding.patch_size)
    rows, cols = traced.grid
    values = patchify(seen.images.float(), size)[0].reshape(rows, cols, 3, size * size)
    tokens = traced.hidden[0][0, traced.n_prefix :]
    return {
        "model": seen.checkpoint.name,
        "size": size,
        "rows": rows,
        "cols": cols,
        "colours": values.mean(dim=-1).tolist(),
        "norms": tokens.norm(dim=-1).reshape(rows, cols).tolist(),
    }
