"""Races worth watching: which contenders, on how much data, and what their comparison teaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe

EXERCISE_VIT = Recipe(model="vit", epochs=20, batch_size=128, optimizer="adam", lr=1e-3)
EXERCISE_CNN = replace(EXERCISE_VIT, model="cnn")
FAST_VIT = Recipe(  # what this project trains a small ViT with when it may choose
    model="vit-conv",
    overrides={"n_layers": 2, "n_heads": 2},  # as good after as many pictures, and 1.3 times as many of them a second
    epochs=20,
    batch_size=64,
    optimizer="muon",
    lr=3e-3,
    schedule="linear",
    warmup=0.03,
    weight_decay=0.05,
    augment="crop-flip",
    ema=0.98,
)
# The shipped architectures with recipes for a short race; studies/weights.py has the recipes that made the weights.
SHIPPED_VIT = Recipe(
    model="vit", optimizer="muon", lr=3e-3, schedule="linear", warmup=0.05, weight_decay=0.05, augment="crop-flip"
)
SHIPPED_VIT_CONV = replace(SHIPPED_VIT, model="vit-conv", warmup=0.03, label_smoothing=0.1, ema=0.995)
SHIPPED_HYBRID = replace(SHIPPED_VIT_CONV, model="hybrid")
SHIPPED_CNN = Recipe(
    model="cnn", overrides={"depth": 3, "norm": "batch", "widths": (64, 128, 256)}, optimizer="adamw", lr=3e-3,
    schedule="linear", warmup=0.05, weight_decay=0.05, augment="crop-flip", label_smoothing=0.1, ema=0.99,
)  # fmt: skip

TEST_SUBSET = 1_000  # test pictures behind the curves: quick to look at, and a standard error of at most 1.6 points
LIVE_SUBSET, LIVE_EPOCHS = 5_000, 20  # a few minutes for two models on two cores
SUBSETS = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)  # sizes to choose from
LADDER = (500, 2_000, 8_000, 32_000)  # pictures: each step of the ladder is four times the one before
LADDER_BATCH = 125  # divides every step of it, so that all can make exactly as many updates


@dataclass(frozen=True)
class Preset:
    """A race of up to four contenders that differ in what the title says and in nothing else.

    Attributes:
        teaches: one line on what there is to see, without a promise of how it ends.
        contenders: (label, recipe); labels are also names of folders. A recipe with a ``subset`` of its own keeps it:
            there the contenders differ in their data, and make equally many updates.
        subset: training pictures unless somebody chooses another number; ``epochs`` likewise.
        subset_choices: numbers of training pictures that make sense here.
    """

    name: str
    title: str
    teaches: str
    contenders: tuple[tuple[str, Recipe], ...]
    subset: int = LIVE_SUBSET
    epochs: int = LIVE_EPOCHS
    subset_choices: tuple[int, ...] = SUBSETS


_ALL = (
    Preset(
        "vit-cnn",
        "ViT against CNN",
        "Who learns faster from few pictures: the model that may look anywhere from its first layer on, or the one "
        "built to look nearby? And does the gap stay?",
        (("ViT", EXERCISE_VIT), ("CNN", EXERCISE_CNN)),
    ),
    Preset(
        "minute",
        "One network, one minute",
        "A small ViT alone, quick to watch, to keep and to look into. Few pictures make no good network: of 10 it "
        "names about 4 rightly, chance 1.",
        (("ViT in a minute", FAST_VIT),),
        subset=2_000,
        epochs=8,
    ),
    Preset(
        "augmentation",
        "With and without augmentation",
        "What shifted and mirrored pictures change: how far each training curve runs ahead of its test curve, and how "
        "far the two models lie apart.",
        (
            ("ViT", EXERCISE_VIT),
            ("ViT augmented", replace(EXERCISE_VIT, augment="crop-flip")),
            ("CNN", EXERCISE_CNN),
            ("CNN augmented", replace(EXERCISE_CNN, augment="crop-flip")),
        ),
        subset=2_000,
    ),
    Preset(
        "data",
        "How much data?",
        "The same ViT makes the same number of updates on more and more pictures: watch where the training curve "
        "leaves the test curve behind.",
        tuple(
            (f"ViT on {size:,}", replace(EXERCISE_VIT, batch_size=LADDER_BATCH, subset=size, epochs=LADDER[-1] // size))
            for size in LADDER
        ),
        subset=LADDER[-1],
        epochs=1,
        subset_choices=LADDER[1:],
    ),
    Preset(
        "stem",
        "Does a conv stem help?",
        "The same ViT, once with one linear projection of each patch and once with 3 x 3 convolutions in its "
        "place; all else is equal.",
        (("ViT", EXERCISE_VIT), ("ViT with conv stem", replace(EXERCISE_VIT, overrides={"embedding": "conv"}))),
    ),
    Preset(
        "positions",
        "No position embeddings",
        "Without position embeddings the patches are a set without an order: how much of the answer lies in where "
        "things are?",
        (("ViT", EXERCISE_VIT), ("ViT without positions", replace(EXERCISE_VIT, overrides={"positions": "none"}))),
    ),
    Preset(
        "fast",
        "A ViT in a hurry",
        "The plain ViT beside this app's default: other stem, size, optimizer, schedule and batch, mirrored pictures, "
        "averaged weights. Look at the curves by seconds.",
        (("ViT", EXERCISE_VIT), ("ViT fast", FAST_VIT)),
    ),
    Preset(
        "shipped",
        "The shipped architectures",
        "The networks of this app, in a short race on shifted and mirrored pictures: which one leads while pictures "
        "are few, and what does each second buy?",
        (
            ("ViT", SHIPPED_VIT),
            ("ViT with conv stem", SHIPPED_VIT_CONV),
            ("Hybrid", SHIPPED_HYBRID),
            ("CNN", SHIPPED_CNN),
        ),
    ),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def preset_recipes(
    name: str,
    data: str = "cifar10",
    *,
    subset: int | None = None,
    epochs: int | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    img_size: int | None = None,
    probe: int = 0,
    seed: int = 0,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16"] | None = None,
) -> dict[str, Recipe]:
    """The contenders of a preset by label, each as a recipe that is ready to run.

    Args:
        subset: at most so many training pictures; None for as many as the preset says. Where contenders differ in
            their data it is the most that one of them gets.
        epochs: passes over the training pictures, of the contender that has most; None for as many as the preset says.
        n_train: how many training pictures there are. Asking for as many or more means all of them.
        n_test: how many test pictures there are. The curves are measured on 1,000 of them.
        precision: of all contenders; None for the one in which ``device`` trains fastest.
    Raises:
        ValueError: for an unknown preset, or too few pictures to compare.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}: choose one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    wanted = preset.subset if subset is None else subset
    contenders = dict(preset.contenders)
    if any(recipe.subset is not None for recipe in contenders.values()):
        contenders = _with_own_sizes(preset, wanted if n_train is None else min(wanted, n_train), epochs)
    else:
        size = None if n_train is not None and wanted >= n_train else wanted
        contenders = {
            label: replace(recipe, subset=size, epochs=preset.epochs if epochs is None else epochs)
            for label, recipe in contenders.items()
        }
    return {
        label: replace(
            recipe,
            data=data,
            img_size=img_size,
            test_subset=TEST_SUBSET if n_test is None or n_test > TEST_SUBSET else None,
            probe=probe,
            seed=seed,
            device=device,
            precision=precision or fast_precision(device),
        )
        for label, recipe in contenders.items()
    }


def _with_own_sizes(preset: Preset, most: int, epochs: int | None) -> dict[str, Recipe]:
    """The contenders that need no more than ``most`` pictures, with passes that make their updates equal."""
    sizes = {label: recipe.subset or 0 for label, recipe in preset.contenders}
    kept = {label: recipe for label, recipe in preset.contenders if sizes[label] <= most}
    if len(kept) < 2:
        needed = sorted(sizes.values())[1]
        raise ValueError(f"preset {preset.name!r} needs at least {needed:,} training pictures, not {most:,}")
    largest = max(sizes[label] for label in kept)
    return {
        label: replace(recipe, epochs=recipe.epochs if epochs is None else epochs * (largest // sizes[label]))
        for label, recipe in kept.items()
    }
