"""How recipes are said on the command line."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import MISSING, fields, replace
from typing import Any

from vit_explorer.data.dataset import Dataset
from vit_explorer.data.sources import absolute_source
from vit_explorer.models.checkpoint import CheckpointError, find_card
from vit_explorer.models.zoo import Option, model_names
from vit_explorer.training.loop.recipe import CHOICES, LIMITS, OPTIONAL_LIMITS, Recipe
from vit_explorer.training.studies.presets import PRESETS, preset_recipes

_WORDS = {
    "subset": "training pictures, drawn with as many of each class; all if not said",
    "test_subset": "test pictures that the curves are measured on; all if not said",
    "img_size": "side in pixels to which an image folder is brought; 32 if not said",
    "validation": "share of the training pictures set aside",
    "epochs": "passes over the training pictures",
    "batch_size": "pictures of a step, of all processes together",
    "lr": "peak learning rate",
    "warmup": "share of all steps in which the rate rises",
    "weight_decay": "how strongly weights are drawn to zero",
    "label_smoothing": "share of the target spread over all classes",
    "rand_augment": "magnitude of RandAugment; 0 for none",
    "erasing": "share of pictures that lose a rectangle",
    "mixup": "alpha of mixup; 0 for none",
    "cutmix": "alpha of CutMix; 0 for none",
    "repeats": "how often a picture stands in a batch, each time augmented differently",
    "temperature": "of the softmax in soft distillation",
    "distillation": "of the teacher's answer or of its softmax, one of",
    "ema": "of the weights' average, what is left of it after a step; 0 for no average",
    "seed": "of all that is drawn",
    "snapshots": "looks at the model on the way",
    "probe": "number of the test picture whose map is shown",
    "optimizer": "one of",
    "schedule": "of the rate after the warm-up, one of",
    "augment": "one of",
    "precision": "of the forward pass, one of",
}
# What a preset is laid out by. All else that is said replaces what the preset's recipes have.
_PRESET_TAKES = ("subset", "epochs", "img_size", "probe", "seed", "device", "precision")


def add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of all fields of a recipe. One that is not said leaves no trace in the options."""
    default = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}

    def add(name: str, words: str, **more: Any) -> None:
        said = f" (default: {default[name]})" if name in default and default[name] not in (None, ()) else ""
        parser.add_argument(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, help=words + said, **more)

    models = parser.add_mutually_exclusive_group()
    models.add_argument(
        "--model", nargs="+", choices=model_names(), default=argparse.SUPPRESS, metavar="MODEL",
        help=f"one, or several that race: {', '.join(model_names())} (default: {default['model']})",
    )  # fmt: skip
    models.add_argument("--preset", choices=list(PRESETS), help="a race whose recipes are laid out already")
    models.add_argument(
        "--repeat", metavar="NAME", help="the recipe on the card of this checkpoint, such as cnn-cifar10"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="[MODEL:]OPTION=VALUE",
        help="an option of the models, or of one of them; several numbers as 64,128",
    )  # fmt: skip
    add("data", "cifar10, shapes, an .npz file or an image folder, also as .zip")
    for name, (low, high) in OPTIONAL_LIMITS.items():
        add(name, f"{_WORDS[name]}; {low:,} to {high:,}", type=int, metavar="N")
    for name, (least, most) in LIMITS.items():
        add(name, f"{_WORDS[name]}; {least:g} to {most:g}", type=type(default[name]), metavar="N")
    for name, choices in CHOICES.items():
        add(name, f"{_WORDS[name]} {', '.join(choices)}", choices=choices, metavar="WORD")
    parser.add_argument(
        "--lr-change", action="append", default=[], metavar="STEP:FACTOR",
        help="from this step on multiply the learning rate by this factor; may be said several times",
    )  # fmt: skip
    parser.add_argument("--test-at-end-only", action="store_true", help="look at the test split once")
    add("device", "cpu, cuda, ...")
    add("start", "a checkpoint whose weights to go on from, of the same model", metavar="NAME")
    add("teacher", "a checkpoint to learn from as well", metavar="NAME")


def said_flags(options: argparse.Namespace) -> list[str]:
    """The flags of a recipe that were said."""
    values = vars(options)
    fields_said = [field.name.replace("_", "-") for field in fields(Recipe) if field.name in values]
    others = ("preset", "repeat", "set", "lr_change", "test_at_end_only")
    return fields_said + [name.replace("_", "-") for name in others if values[name]]


def recipes_said(options: argparse.Namespace, dataset: Dataset | None = None) -> dict[str, Recipe]:
    """The recipes that the options speak of, by label: one for each model, or those of a preset or a card.

    Args:
        dataset: that the options name; a preset is laid out for the number of its pictures.
    Raises:
        ValueError: for values that cannot be; the message is a sentence.
    """
    said = {field.name: getattr(options, field.name) for field in fields(Recipe) if hasattr(options, field.name)}
    if "data" in said:  # a run can be resumed from any folder
        said["data"] = absolute_source(said["data"])
    for checkpoint in ("start", "teacher"):
        if os.path.dirname(said.get(checkpoint, "")):
            said[checkpoint] = os.path.abspath(os.path.expanduser(said[checkpoint]))
    models = said.pop("model", [Recipe.model])
    if options.lr_change:
        said["lr_changes"] = tuple(sorted(_change(text) for text in options.lr_change))
    if options.test_at_end_only:
        said["test_each_epoch"] = False
    overrides = [_option(text) for text in options.set]
    if options.repeat is not None:
        if overrides:
            raise ValueError("--set cannot be said beside --repeat, whose card has the model's options")
        recipe = replace(_recipe_of_card(options.repeat), **{"device": Recipe.device, **said})
        return {recipe.model: recipe}
    if options.preset is None:
        if len(set(models)) < len(models):
            raise ValueError("each model can race once: give a model's options with --set, or race two runs apart")
        unknown = sorted({model for model, _, _ in overrides if model is not None} - set(models))
        if unknown:
            raise ValueError(f"--set speaks of {unknown[0]!r}, which is not among the models {', '.join(models)}")
        return {
            model: Recipe(
                **said, model=model, overrides={name: value for of, name, value in overrides if of in (None, model)}
            )
            for model in models
        }
    if overrides:
        raise ValueError("--set cannot be said beside --preset, whose models have their options")
    laid_out = preset_recipes(
        options.preset,
        said.pop("data", Recipe.data),
        n_train=None if dataset is None else len(dataset.train.y),
        n_test=None if dataset is None else len(dataset.test.y),
        **{name: said.pop(name) for name in _PRESET_TAKES if name in said},
    )
    return {label: replace(recipe, **said) for label, recipe in laid_out.items()}


def _recipe_of_card(name: str) -> Recipe:
    try:
        return Recipe.from_dict(json.loads(find_card(name).read_text(encoding="utf-8"))["recipe"])
    except (CheckpointError, KeyError, TypeError) as error:
        raise ValueError(f"the recipe of {name!r} cannot be repeated: {error}") from error


def _option(text: str) -> tuple[str | None, str, Option]:
    """ "vit:d_ff=24" -> ("vit", "d_ff", 24); without a model it holds for all of them (None)."""
    place, separator, value = text.partition("=")
    if not separator or not value.strip():
        raise ValueError(f"--set takes OPTION=VALUE, not {text!r}")
    model, separator, name = place.rpartition(":")
    return model if separator else None, name, _value(value)


def _value(text: str) -> Option:
    """The number, the truth value, the whole numbers between commas, or else the word that a text is."""
    if "," in text:
        try:
            return tuple(int(part) for part in text.split(",") if part)
        except ValueError as error:
            raise ValueError(f"--set takes several values as whole numbers, such as 64,128, not {text!r}") from error
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _change(text: str) -> tuple[int, float]:
    step, _, factor = text.partition(":")
    try:
        return int(step), float(factor)
    except ValueError as error:
        raise ValueError(f"--lr-change takes STEP:FACTOR, such as 400:0.5, not {text!r}") from error
