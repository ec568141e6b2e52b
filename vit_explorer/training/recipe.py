"""Everything that defines a training run, and the range in which each number makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from vit_explorer.models.zoo import Option, model_names

LIMITS: dict[str, tuple[float, float]] = {
    "validation": (0.0, 0.5),
    "epochs": (1, 10_000),
    "batch_size": (1, 8_192),
    "lr": (1e-7, 10.0),
    "warmup": (0.0, 0.9),
    "weight_decay": (0.0, 1.0),
    "label_smoothing": (0.0, 0.9),
    "seed": (0, 2**31 - 1),
}
COUNTS = ("epochs", "batch_size", "seed")  # of these, whole numbers only
CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": ("adam", "adamw", "muon"),
    "schedule": ("constant", "linear", "cosine"),
    "augment": ("none", "crop-flip"),
    "precision": ("float32", "bfloat16"),
}


@dataclass(frozen=True)
class Recipe:
    """One run. The same recipe gives the same curve on the same machine.

    Attributes:
        model: a name of the zoo; ``overrides`` replace options of it. Picture size and number of classes come from
            the data and need not be said.
        data: a source of ``open_dataset``.
        subset: how many training pictures to use, class-balanced, drawn by ``seed``; None for all.
        validation: share of the training split set aside for selecting, drawn by ``seed`` before the subset.
        epochs: passes over the training pictures.
        optimizer: "adam"; "adamw" (decay on matrices only); "muon" (Muon for the matrices of the blocks, AdamW for
            all else; Jordan 2024, scaled to AdamW's step as in Moonshot's report, so one ``lr`` serves both).
        lr: the peak learning rate.
        schedule: what follows the warm-up: "constant", or "linear" or "cosine" down to zero.
        warmup: share of all steps in which the rate rises linearly from zero.
        weight_decay: decoupled for "adamw" and "muon"; for "adam" it is added to the gradient.
        augment: "crop-flip" is a random shift of up to 4 pixels and a mirror image half of the time.
        precision: "bfloat16" runs the forward pass under autocast; weights stay float32.
        test_each_epoch: also measure the test split after every epoch, to draw a curve of it. Turn it off where a
            model is to be selected: then the test split is looked at once, at the end.
    Raises:
        ValueError: for a value outside its range; the message holds the range.
    """

    model: str = "vit"
    overrides: Mapping[str, Option] = field(default_factory=dict)
    data: str = "cifar10"
    subset: int | None = None
    validation: float = 0.0
    epochs: int = 20
    batch_size: int = 128
    optimizer: Literal["adam", "adamw", "muon"] = "adam"
    lr: float = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    augment: Literal["none", "crop-flip"] = "none"
    label_smoothing: float = 0.0
    seed: int = 0
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    test_each_epoch: bool = True

    def __post_init__(self) -> None:
        if self.model not in model_names():
            raise ValueError(f"model must be one of {', '.join(model_names())}, not {self.model!r}")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value}")
            if name in COUNTS and not isinstance(value, int):
                raise ValueError(f"{name} must be a whole number between {low:g} and {high:g}, not {value}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if self.subset is not None and not (isinstance(self.subset, int) and self.subset >= 1):
            raise ValueError(f"subset must be a whole number of at least 1 picture, not {self.subset}")

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return asdict(self) | {"overrides": dict(self.overrides)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of :meth:`to_dict`, also after JSON; refuses unknown fields with a TypeError."""
        recipe = cls(**values)
        overrides = {  # JSON has no tuples
            name: tuple(value) if isinstance(value, list) else value for name, value in dict(recipe.overrides).items()
        }
        return replace(recipe, overrides=overrides)
