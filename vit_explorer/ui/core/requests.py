"""Requests of the page, parsed into frozen dataclasses; and the image and model that most of them name."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from PIL import Image
from torch import Tensor

from vit_explorer.data.uploads import fit_picture
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.pretrained.preprocess import resize_and_crop
from vit_explorer.models.pretrained.report import Preprocessing
from vit_explorer.ui.core.errors import UserError, shown
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.session import Session

LARGEST_SEED = 2**31 - 1

Fit = Literal["crop", "letterbox"]
T = TypeVar("T")


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included: ``seed: Annotated[int, Range(0, 99)]``."""

    low: float
    high: float


ANY_NUMBER = Range(-(10**15), 10**15)  # which every JSON carries exactly


@dataclass(frozen=True)
class ModelRequest:
    """The image and the model of a request; ``fit`` is how the image is brought to the model's size."""

    picture: str
    model: str
    fit: Fit


def parse_request(kind: type[T], request: Any) -> T:
    """Parse a request, whatever a client sent, into the dataclass ``kind``, each field checked by its annotation.

    A field can be str, bool, int, float, Literal, Annotated with a :class:`Range`, ``X | None``, ``tuple[X, ...]`` (a
    list), ``tuple[X, Y]`` (a list of two), ``dict[str, X]`` or another dataclass. A field ``with_`` is the key
    "with". Other keys are ignored.

    Raises:
        UserError: names the field, and the values it can have.
    """
    if not isinstance(request, Mapping):
        raise UserError(f"Invalid request: it must be an object, not {shown(request)!r}.")
    hints = get_type_hints(kind, include_extras=True)
    values = {}
    for field in fields(kind):
        key = field.name.rstrip("_")
        if key in request:
            values[field.name] = parse_value(hints[field.name], request[key], key)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UserError(f"Invalid request: {key!r} is missing.")
    return kind(**values)


def parse_int(value: Any, what: str, low: int, high: int) -> int:
    """An integer of a request. Raises UserError with its range."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UserError(f"{what} must be {low:,} to {high:,}, not {shown(value)}.")
    return value


def parse_value(kind: Any, value: Any, field: str) -> Any:
    """A value of this kind, see :func:`parse_request`. Raises UserError, which names the field."""
    return _parse(kind, value, _words(field))


def _parse(kind: Any, value: Any, what: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):  # X | None
        inner = next(one for one in arguments if one is not types.NoneType)
        return None if value is None else _parse(inner, value, what)
    if origin is Literal:
        if not isinstance(value, str | int) or value not in arguments:
            raise UserError(f"{what} can be {_listed(arguments)}, not {shown(value)!r}.")
        return value
    if origin is Annotated:
        return _parse_number(arguments[0], value, what, arguments[1])
    if origin is tuple:
        return _parse_tuple(arguments, value, what)
    if origin is dict:
        items = _require(value, dict, what).items()
        return {_require(key, str, what): _parse(arguments[1], one, what) for key, one in items}
    if kind in (int, float):
        return _parse_number(kind, value, what, ANY_NUMBER)
    if kind in (str, bool):
        return _require(value, kind, what)
    return parse_request(kind, _require(value, dict, what))


def _parse_number(kind: type, value: Any, what: str, bounds: Range) -> Any:
    allowed = (int, float) if kind is float else int
    if not isinstance(value, allowed) or isinstance(value, bool):
        known = "" if bounds is ANY_NUMBER else f", {bounds.low:,} to {bounds.high:,}"
        name = "a number" if kind is float else "a whole number"
        raise UserError(f"{what} must be {name}{known}, not {shown(value)}.")
    if not bounds.low <= value <= bounds.high:
        raise UserError(f"{what} must be {bounds.low:,} to {bounds.high:,}, not {shown(value)}.")
    return kind(value)


def _parse_tuple(kinds: tuple[Any, ...], value: Any, what: str) -> tuple[Any, ...]:
    items = _require(value, list, what)
    if kinds[-1] is Ellipsis:
        return tuple(_parse(kinds[0], item, what) for item in items)
    if len(items) != len(kinds):
        raise UserError(f"{what} must be {len(kinds)} values each, not {len(items)}.")
    return tuple(_parse(kind, item, what) for kind, item in zip(kinds, items, strict=True))


def _require(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise UserError(f"{what} must be {NAMES[kind]}, not {shown(value)!r}.")
    if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        raise UserError(f"{what} must be text without broken characters.")
    return value


def _is_unicode(text: str) -> bool:
    """Whether it can be written: JSON can carry half of a surrogate pair."""
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


NAMES = {str: "text", bool: "true or false", list: "a list", dict: "an object"}


def _words(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _listed(values: tuple[Any, ...]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} or {last}" if most else last


def fit_input(picture: Image.Image, checkpoint: Checkpoint, fit: Fit, size: int | None = None) -> Tensor:
    """An image as a network reads it, uint8 (3, size, size).

    "crop" is the way in which the network's authors resize and crop, where its card states one.

    Args:
        size: side in pixels, if another than the network's own; the image is resized in proportion.
    """
    own = checkpoint.model.img_size
    side = own if size is None else size
    if fit != "crop" or "preprocessing" not in checkpoint.card:
        return fit_picture(picture, side, fit)
    stated = Preprocessing(**checkpoint.card["preprocessing"])
    return resize_and_crop(picture, replace(stated, resize=round(stated.resize * side / own), crop=side))


@dataclass(frozen=True)
class ModelInput:
    """An image as a model gets it: ``images`` uint8 (1, 3, H, W), ``inputs`` the same, normalised."""

    picture: Picture
    checkpoint: Checkpoint
    images: Tensor
    inputs: Tensor


def load_input(session: Session, request: ModelRequest) -> ModelInput:
    """Load the image and the model of a request. Raises UnknownPicture, DatasetError, CheckpointError, PictureError."""
    checkpoint = session.checkpoint(request.model)
    picture = session.picture(request.picture)
    images = fit_input(picture.image, checkpoint, request.fit)[None]
    return ModelInput(picture, checkpoint, images, checkpoint.preprocess(images))


def check_prediction(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint itself. Raises UserError for a network without a head."""
    if not checkpoint.class_names:
        raise UserError(f"{checkpoint.name} has no head: it predicts no class.")
    return checkpoint
