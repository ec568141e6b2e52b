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
    "ema": (0.0, 0.99999),
    "rand_augment": (0, 30),
    "erasing": (0.0, 1.0),
    "mixup": (0.0, 10.0),
    "cutmix": (0.0, 10.0),
    "repeats": (1, 8),
    "temperature": (0.1, 100.0),
    "seed": (0, 2**31 - 1),
    "snapshots": (2, 200),
    "probe": (0, 9_999_999),
}
OPTIONAL_LIMITS: dict[str, tuple[int, int]] = {  # of whole numbers that may also be None
    "subset": (1, 10_000_000),
    "test_subset": (1, 10_000_000),
    "img_size": (8, 128),  # pixels
}
COUNTS = (
    "epochs",
    "batch_size",
    "seed",
    "snapshots",
    "probe",
    "rand_augment",
    "repeats",
    *OPTIONAL_LIMITS,
)  # whole numbers
CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": ("adam", "adamw", "muon"),
    "schedule": ("constant", "linear", "cosine"),
    "augment": ("none", "crop", "crop-flip"),
    "distillation": ("hard", "soft"),
    "precision": ("float32", "bfloat16"),
}
LR_FACTORS = (0.01, 100.0)  # by which the learning rate may be changed on the way
MAX_LR_CHANGES = 1_000


@dataclass(frozen=True)
class Recipe:
    """One run. The same recipe gives the same curve on the same machine.

    Attributes:
        model: a name of the zoo; ``overrides`` replace options of it. Picture size and number of classes come from
            the data and need not be said.
        start: a checkpoint whose weights the run begins with, by its name or with its folder before it, "" for fresh
            ones; see ``training.loop.start``.
        data: a source of ``open_dataset``.
        img_size: the side, in pixels, to which the pictures of an image folder are brought; None for 32.
        subset: how many training pictures to use, class-balanced, drawn by ``seed``; None for all.
        test_subset: how many test images the curves are measured on at most, class-balanced, drawn by ``seed``; None
            for all. Short runs take fewer (``schedule.plan_test_curve``). The end of a run is always measured on all.
        validation: share of the training split set aside for selecting, drawn by ``seed`` before the subset.
        epochs: passes over the training pictures.
        optimizer: "adam"; "adamw" (decay on matrices only); "muon" (Muon for the matrices of the blocks, AdamW for
            all else; Jordan 2024, scaled to AdamW's step as in Moonshot's report, so one ``lr`` serves both).
        lr: the peak learning rate.
        schedule: what follows the warm-up: "constant", or "linear" or "cosine" down to zero.
        warmup: share of all steps in which the rate rises linearly from zero.
        lr_changes: (step, factor) in the order of steps: from that step on (0 is the first) the rate of the schedule
            is multiplied by the factor, which replaces the one before. So a rate that was turned by hand while the
            run went on is part of its recipe, and the recipe repeats the run.
        weight_decay: decoupled for "adamw" and "muon"; for "adam" it is added to the gradient.
        augment: "crop" is a random shift of up to 4 pixels, for classes that are mirror images of each other;
            "crop-flip" is that and a mirror image half of the time.
        rand_augment: the magnitude, 0 to 30, of RandAugment with two operations a picture; 0 for none.
        erasing: the share of pictures that lose a rectangle to noise.
        mixup, cutmix: alpha of the Beta distribution from which the share of the mixture is drawn, 0 for no mixing.
            Where both are set, a batch has the one or the other, each half of the time. Training accuracy then counts
            answers for the label of the picture itself.
        repeats: how often a picture stands in a batch, each time augmented differently (repeated augmentation, Hoffer
            et al. 2020). An epoch has as many steps as without, of as many fewer pictures, drawn anew for each.
        teacher: a checkpoint from which the network learns as well, by its name or with its folder before it, "" for
            none; see ``training.teacher``.
        distillation, temperature: whether it learns the teacher's answer or its softmax at a temperature.
        ema: how much of the average of the weights is left after a step, the rest being the new weights; 0 for no
            average. The average is what is measured, looked at and kept; training goes on from the weights themselves.
        precision: "bfloat16" runs the forward pass under autocast; weights stay float32.
        test_each_epoch: also measure the test split at snapshots and after every epoch, to draw a curve of it. Turn it
            off where a model is to be selected: then the test split is looked at once, at the end.
        snapshots: how often the model is looked at on the way, before the first step and after the last among them.
        probe: index in the test split of the picture whose map is shown as it forms.
    Raises:
        ValueError: for a value outside its range; the message holds the range.
    """

    model: str = "vit"
    overrides: Mapping[str, Option] = field(default_factory=dict)
    start: str = ""
    data: str = "cifar10"
    img_size: int | None = None
    subset: int | None = None
    test_subset: int | None = None
    validation: float = 0.0
    epochs: int = 20
    batch_size: int = 128
    optimizer: Literal["adam", "adamw", "muon"] = "adam"
    lr: float = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: float = 0.0
    lr_changes: tuple[tuple[int, float], ...] = ()
    weight_decay: float = 0.0
    augment: Literal["none", "crop", "crop-flip"] = "none"
    rand_augment: int = 0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    repeats: int = 1
    label_smoothing: float = 0.0
    teacher: str = ""
    distillation: Literal["hard", "soft"] = "hard"
    temperature: float = 3.0
    ema: float = 0.0
    seed: int = 0
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    test_each_epoch: bool = True
    snapshots: int = 16
    probe: int = 0

    def __post_init__(self) -> None:
        if self.model not in model_names():
            raise ValueError(f"model must be one of {', '.join(model_names())}, not {self.model!r}")
        for name, (low, high) in LIMITS.items():
            _check_number(name, getattr(self, name), low, high)
        for name, (low, high) in OPTIONAL_LIMITS.items():
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), low, high)
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for name, kind, said in (
            ("data", str, "a name or a path"),
            ("device", str, "a name such as cpu or cuda"),
            ("start", str, "the name of a checkpoint, or nothing"),
            ("teacher", str, "the name of a checkpoint, or nothing"),
            ("test_each_epoch", bool, "true or false"),
            ("overrides", Mapping, "options by name"),
        ):
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} must be {said}, not {getattr(self, name)!r}")
        _check_lr_changes(self.lr_changes)
        if self.batch_size % self.repeats:
            raise ValueError(f"repeats must divide the batch size {self.batch_size}, which {self.repeats} does not")

    @property
    def changes_pictures(self) -> bool:
        """Whether a picture looks different from one epoch to the next."""
        return self.augment != "none" or any((self.rand_augment, self.erasing, self.mixup, self.cutmix))

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain values that JSON can hold."""
        return asdict(self) | {"overrides": dict(self.overrides)}

    def with_lr_change(self, step: int, factor: float) -> Recipe:
        """This recipe with the rate turned at a step, from then on: what was noted for it or later is replaced."""
        before = (change for change in self.lr_changes if change[0] < step)
        return replace(self, lr_changes=(*before, (step, factor)))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of :meth:`to_dict`, also after JSON, which has no tuples; refuses unknown fields (TypeError)."""
        if not isinstance(values, Mapping):
            raise TypeError(f"a recipe is an object with a value for each field, not {values!r}")
        values = dict(values)
        if isinstance(values.get("lr_changes"), list):
            values["lr_changes"] = tuple(_as_tuple(change) for change in values["lr_changes"])
        if isinstance(values.get("overrides"), Mapping):
            values["overrides"] = {name: _as_tuple(value) for name, value in values["overrides"].items()}
        return cls(**values)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    kinds, said = (int, "a whole number") if name in COUNTS else (int | float, "a number")
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # also refuses NaN
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value}")
    if not isinstance(value, kinds):
        raise ValueError(f"{name} must be {said} between {low:g} and {high:g}, not {value}")


def _check_lr_changes(changes: Any) -> None:
    low, high = LR_FACTORS
    wanted = f"lr_changes must be pairs of a step (a whole number from 0 up) and a factor between {low:g} and {high:g}"
    if not isinstance(changes, tuple) or len(changes) > MAX_LR_CHANGES:
        raise ValueError(f"{wanted}, at most {MAX_LR_CHANGES:,} of them")
    before = -1
    for change in changes:
        if not (isinstance(change, tuple) and len(change) == 2 and type(change[0]) is int and change[0] >= 0):
            raise ValueError(f"{wanted}, not {change!r}")
        if type(change[1]) not in (int, float) or not low <= change[1] <= high:
            raise ValueError(f"{wanted}, not {change!r}")
        if change[0] <= before:
            raise ValueError(f"lr_changes must be in the order of their steps, each step once, not {changes!r}")
        before = change[0]
