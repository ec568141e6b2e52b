"""What the Train tab offers: presets, models, data and ranges; and from what a person chose, recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch

from vit_explorer.models.checkpoint import MODEL_FOLDERS, find_card
from vit_explorer.models.zoo import MODELS, Option, create_model
from vit_explorer.training.loop.learner import check_last_batch
from vit_explorer.training.loop.recipe import CHOICES, COUNTS, LIMITS, LR_FACTORS, Recipe
from vit_explorer.training.loop.start import difference
from vit_explorer.training.studies.presets import PRESETS, preset_recipes
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.train.payload import model_key, probe_choice, probe_payload, recipe_payload

MAX_CONTENDERS = 4
N_PROBES = 12
NUMBERS = (
    "subset", "epochs", "batch_size", "lr", "warmup", "weight_decay", "label_smoothing", "ema", "rand_augment",
    "erasing", "mixup", "cutmix", "repeats", "temperature", "seed",
)  # fmt: skip
LISTS = ("augment", "optimizer", "schedule", "distillation", "precision")
# Of a recipe, that a person may set; the rest is the preset's or the server's.
FIELDS = (*NUMBERS, *LISTS, "teacher", "start", "device")
MIN_SUBSET = 2

Cards = Mapping[str, dict[str, Any]]

# Options in words, as they stand behind a model's name.
OPTION_WORDS = {"embedding=conv": "with conv stem", "positions=none": "without positions"}
# Numbers of a network in words, behind a comma.
NUMBER_WORDS = {
    "n_layers": "{} layers",
    "n_heads": "{} heads",
    "depth": "{} convolutions a stage",
    "norm": "{} norm",
    "widths": "{} channels",
}


@cache
def variants() -> dict[str, tuple[str, dict[str, Option]]]:
    """The architectures that can be chosen, by key: those of the zoo, then those that the presets make of them."""
    known: dict[str, tuple[str, dict[str, Option]]] = {name: (name, {}) for name in MODELS}
    for preset in PRESETS.values():
        for _, recipe in preset.contenders:
            known.setdefault(model_key(recipe.model, recipe.overrides), (recipe.model, dict(recipe.overrides)))
    return known


def offered(devices: Sequence[str]) -> dict[str, Any]:
    """Everything that does not depend on the data: presets, models, ranges, lists.

    Args:
        devices: on which races can train here, the default first.
    """
    return {
        "presets": [
            {
                "name": preset.name,
                "title": preset.title,
                "teaches": preset.teaches,
                "subset": preset.subset,
                "epochs": preset.epochs,
                "subset_choices": list(preset.subset_choices),
                "labels": [label for label, _ in preset.contenders],
            }
            for preset in PRESETS.values()
        ],
        "models": [{"key": key, "title": _title(name, options)} for key, (name, options) in variants().items()],
        "limits": {field: list(LIMITS[field]) for field in NUMBERS if field in LIMITS}
        | {"factor": list(LR_FACTORS), "subset": [MIN_SUBSET, None]},
        "counts": [field for field in NUMBERS if field in COUNTS],
        "choices": {field: list(CHOICES[field]) for field in LISTS} | {"device": list(devices)},
    }


def _title(name: str, options: Mapping[str, Option]) -> str:
    words = [OPTION_WORDS.get(f"{option}={value}") for option, value in options.items()]
    others = [
        NUMBER_WORDS[option].format(", ".join(map(str, value)) if isinstance(value, tuple | list) else value)
        for (option, value), said in zip(options.items(), words, strict=True)
        if said is None
    ]
    return ", ".join([" ".join([MODELS[name].title, *filter(None, words)]), *others])


def source_payload(source: Source, cards: Cards) -> dict[str, Any]:
    """A dataset as the set-up shows it, with test pictures of which one can be watched.

    ``starts``: by the key of a model, the checkpoints from which it can go on.
    """
    return {
        "name": source.name,
        "title": source.title,
        "n_train": source.n_train,
        "n_test": len(source.test.y),
        "classes": list(source.names),
        "probes": [probe_payload(source, index) for index in probe_choice(source, N_PROBES)],
        "teachers": list(teachers(source, cards)),
        "starts": {key: found for key in variants() if len(found := starts(source, key, cards)) > 1},
    }


def teachers(source: Source, cards: Cards) -> tuple[str, ...]:
    """The checkpoints that know the classes of these data, which a contender can learn from as well; "" for none."""
    return ("", *(name for name, card in cards.items() if tuple(card["dataset"]["classes"]) == tuple(source.names)))


def starts(source: Source, key: str, cards: Cards) -> tuple[str, ...]:
    """The checkpoints whose weights a model can begin with on these data; "" for fresh weights."""
    model, options = variants()[key]
    sizes = {"img_size": source.test.x.shape[-1], "n_classes": len(source.names)}
    same = (name for name, card in cards.items() if difference(model, {**options, **sizes}, card) is None)
    return ("", *same)


def plan(source: Source, preset: str, subset: int | None, epochs: int | None, device: str) -> list[dict[str, Any]]:
    """The contenders that a preset makes of these data. Raises UserError."""
    recipes = _planned(source, preset, subset, epochs, device)
    return [{"label": label, "recipe": recipe_payload(recipe)} for label, recipe in recipes.items()]


def chosen_recipes(
    source: Source,
    contenders: list[dict[str, Any]],
    probe: int,
    cards: Cards,
    folders: Sequence[str | Path],
    devices: Sequence[str],
) -> dict[str, Recipe]:
    """Recipes by label from the fields that the page sends. Raises UserError, with the range of what is outside it.

    Args:
        cards: of the checkpoints in ``folders``, among which teachers and starts are.
        devices: on which races can train here, the default first.
    """
    if not 1 <= len(contenders) <= MAX_CONTENDERS:
        raise UserError(f"A race has 1 to {MAX_CONTENDERS} contenders, not {len(contenders)}.")
    # The first preset says what a person does not choose, such as on how many test pictures the curves are measured.
    common = next(iter(_planned(source, next(iter(PRESETS)), None, None, devices[0]).values())).to_dict()
    recipes: dict[str, Recipe] = {}
    for contender in contenders:
        label, key = str(contender["label"]), contender["model"]
        if label in recipes:
            raise UserError(f"Two contenders are called {label!r}: give each a name of its own.")
        if key not in variants():
            raise UserError(f"There is no model {key!r}: choose one of {', '.join(variants())}.")
        name, options = variants()[key]
        subset = contender["subset"]
        if subset is not None and not (isinstance(subset, int) and MIN_SUBSET <= subset <= source.n_train):
            raise UserError(
                f"{label}: the training pictures must be {MIN_SUBSET} to {source.n_train:,} of {source.name}, "
                f"not {subset}."
            )
        if contender["teacher"] not in teachers(source, cards):
            raise UserError(f"{label}: there is no teacher {str(contender['teacher'])[:60]!r} for {source.name}.")
        if contender["start"] not in starts(source, key, cards):
            raise UserError(
                f"{label}: there is no model {str(contender['start'])[:60]!r} of this kind and size to go on from."
            )
        if contender["device"] not in devices:
            raise UserError(
                f"{label}: there is no device {str(contender['device'])[:20]!r} here: choose {' or '.join(devices)}."
            )
        values = {field: contender[field] for field in FIELDS}
        values |= {field: _placed(values[field], folders) for field in ("teacher", "start")}
        with user_errors():
            recipe = Recipe.from_dict(
                common | values | {"model": name, "overrides": options, "probe": _probe(source, probe)}
            )
            _check_network(recipe, source)
        recipes[label] = recipe
    return recipes


def _check_network(recipe: Recipe, source: Source) -> None:
    """Build the network once, so that one that cannot learn from these data is refused before there is a race."""
    sizes = {"img_size": source.test.x.shape[-1], "n_classes": len(source.names)}
    with torch.random.fork_rng(devices=[]):
        network = create_model(recipe.model, **{**recipe.overrides, **sizes})
    check_last_batch(network, recipe.subset or source.n_train, recipe.batch_size)


def _placed(name: str, folders: Sequence[str | Path]) -> str:
    """A checkpoint as a recipe names it: with its folder where models are not looked for anyway."""
    if not name:
        return name
    folder = find_card(name, folders).parent
    return name if folder in MODEL_FOLDERS else str(folder / name)


def _planned(source: Source, preset: str, subset: int | None, epochs: int | None, device: str) -> dict[str, Recipe]:
    with user_errors():
        return preset_recipes(
            preset,
            source.data,
            subset=source.n_train if subset is None else subset,
            epochs=epochs,
            n_train=source.n_train,
            n_test=len(source.test.y),
            device=device,
        )


def _probe(source: Source, index: int) -> int:
    last = len(source.test.y) - 1
    if not (isinstance(index, int) and 0 <= index <= last):
        raise UserError(f"The probe picture must be one of the test pictures 0 to {last:,}, not {index}.")
    return index
