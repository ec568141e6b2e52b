"""Sentences on the ladder: its ingredients, what others found, and the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from vit_explorer.data.augment import CROP_PADDING
from vit_explorer.models.published import PUBLISHED
from vit_explorer.training.studies.ladder import RUNGS, Rung, Step, Summary
from vit_explorer.ui.recipe.ingredients import INGREDIENTS

INGREDIENTS_OF = {"mixing": ("mixup", "cutmix")}  # of other rungs: that of the rung's name, if any
PLAIN = "The plain ViT: pictures without augmentation, labels without smoothing."
MIXING = "Each batch is mixed in one of two ways, chosen at random: Mixup blends pictures, CutMix cuts and pastes."
TOKEN = (
    "A second token beside CLS learns the predictions of the teacher, a CNN trained on the same pictures; the "
    "prediction is the mean of both heads' logits."
)
# Beside what came out: what others found, in words. The paper: ImageNet, 300 epochs.
STRONG = (
    "The paper: transformers need strong augmentation, and this improved the result, on ImageNet over 300 epochs "
    "(Touvron et al. 2021, training details)."
)
EXPECTED = {
    "crop-flip": "Elsewhere: in short trainings of small ViTs it is among the first things to try.",
    "smoothing": "The paper has it in its recipe, at the same strength (Touvron et al. 2021, table 9).",
    "rand-augment": STRONG,
    "erasing": STRONG,
    "mixing": "The paper: both improve the result, on ImageNet over 300 epochs (Touvron et al. 2021, training "
    "details). Elsewhere: below about 30 epochs mixing costs more than it brings.",
    "depth": "The paper: it eases the convergence, of deep transformers above all (Touvron et al. 2021, training "
    "details).",
    "repeats": "The paper: a significant boost, and one of the key ingredients, on ImageNet over 300 epochs "
    "(Touvron et al. 2021, training details).",
}
TRAINING = (
    "Training accuracy is measured at the end, like test accuracy, on the training pictures without augmentation."
)


def ingredients_of(rung: Rung) -> list[dict[str, Any]]:
    """The ingredients that a rung adds: ``name``, ``title``, ``unit`` and ``strength``."""
    names = INGREDIENTS_OF.get(rung.name, (rung.name,) if rung.name in INGREDIENTS else ())
    return [
        {
            "name": name,
            "title": INGREDIENTS[name].title,
            "unit": INGREDIENTS[name].unit,
            "strength": _strength(rung, name),
        }
        for name in names
    ]


def what_of(rung: Rung) -> str:
    """The addition of a rung, in a line."""
    special = {"plain": PLAIN, "mixing": MIXING, "distillation": TOKEN}
    return special.get(rung.name) or INGREDIENTS[rung.name].what


def expected_of(rung: Rung) -> str:
    """What others found; "" for the plain ViT."""
    if rung.name != "distillation":
        return EXPECTED.get(rung.name, "")
    without, taught = (_published(name) for name in ("DeiT-B", "DeiT-B distilled"))
    return (
        f"The paper: DeiT-B goes from {without:.1%} to {taught:.1%} on ImageNet by it, over 300 epochs (Touvron et al. "
        "2021, table 5)."
    ).replace("%", " %")


def headline(found: Sequence[Step], said: Summary, teacher: Step | None) -> str:
    """The results in a few sentences, the first of them for a heading; "" if there are none."""
    if said.top is None:
        return ""
    sentences = []
    if said.best is not None:
        gain = _with_spread(points(said.best.gain or 0), said.best.gain_spread, said.best.gains)
        doubt = ", but the seeds disagree" if len(said.best.gains) > 1 and not said.best.clear else ""
        sentences.append(f"Largest gain: {said.best.rung.title}, {gain} points{doubt}.")
    if said.total is not None:
        end = "with everything" if said.top.rung is RUNGS[-1] else f"up to {said.top.rung.title}"
        sentences.append(
            f"From the plain ViT's {percent(found[0].mean)} to {percent(said.top.mean)} {end}: "
            f"{points(said.total)} points."
        )
    if said.hurt:
        named = ", ".join(f"{step.rung.title} ({points(step.gain or 0)})" for step in said.hurt)
        compared = sum(step.gain is not None for step in found)
        averaged = " in the mean" if any(len(step.gains) > 1 for step in said.hurt) else ""
        sentences.append(f"Accuracy falls{averaged} with {len(said.hurt)} of {compared} steps: {named}.")
    elif len(found) > 1 and all(step.gain is not None for step in found[1:]):
        sentences.append("No ingredient costs accuracy here.")
    if teacher is not None and said.top.rung is RUNGS[-1]:
        ahead = said.top.mean - teacher.mean
        where = f"{abs(100 * ahead):.1f} points {'above' if ahead > 0 else 'below'}"
        sentences.append(f"The DeiT ends {where} its teacher.")
    return " ".join(sentences)


def whole_recipe(found: Sequence[Step], said: Summary, recipe: Mapping[str, Any]) -> str:
    """Whether the whole recipe beats the plain ViT, and why, in a sentence; "" before both are trained.

    The reason is only given where the gap shrinks: then test accuracy falls because training accuracy falls by more.
    """
    if said.total is None or said.top is None or said.top.rung is not RUNGS[-1]:
        return ""
    plain, whole = found[0], said.top
    if min(said.totals.values()) < 0 < max(said.totals.values()):
        change = _with_spread(points(said.total), said.total_spread, said.totals)
        return f"With everything the ViT ends level with the plain one: {change} points, and the seeds disagree."
    ends = _with_spread(f"{abs(100 * said.total):.1f}", said.total_spread, said.totals)
    where = f"With everything the ViT ends {ends} points {'above' if said.total > 0 else 'below'} the plain one"
    if whole.gap >= plain.gap:
        return f"{where}."
    if said.total > 0:
        return (
            f"{where}: it learns less by heart. Its training accuracy is {points(whole.gap)} points over its test "
            f"accuracy (plain: {points(plain.gap)})."
        )
    return (
        f"{where}: within {recipe['epochs']} epochs it learns too slowly. It gets only "
        f"{percent(whole.train)} of {_pictures(recipe)} right (plain: {percent(plain.train)})."
    )


def overfitting(found: Sequence[Step]) -> str:
    """The change of the gap between training and test accuracy along the ladder; "" if it does not shrink."""
    if len(found) < 2:
        return ""
    first, last = found[0], found[-1]
    if last.gap >= first.gap:
        return ""
    below, above = max(pairwise(found), key=lambda pair: pair[0].gap - pair[1].gap)
    sentence = (
        f"Overfitting, the gap between training and test accuracy, shrinks from {points(first.gap)} to "
        f"{points(last.gap)} points, most of all by {above.rung.title} ({points(below.gap)} to {points(above.gap)})."
    )
    fallen, closed = first.train - last.train, first.gap - last.gap
    if fallen <= 0:
        return sentence
    more = "more" if fallen > closed else "less"
    return f"{sentence} Training accuracy falls by {more}: from {percent(first.train)} to {percent(last.train)}."


def caveat(found: Sequence[Step], recipe: Mapping[str, Any]) -> str:
    """The conditions of the results, and their limits."""
    counts = sorted({len(step.tests) for step in found})
    seeds = " to ".join(str(n) for n in ({counts[0], counts[-1]} if len(counts) > 1 else counts))
    pictures = _pictures(recipe)
    one = counts == [1]
    spread = ": a small step cannot be told from chance" if one else f", ± their standard deviation: {_unclear(found)}"
    made = f"{pictures[0].upper()}{pictures[1:]}, {recipe['epochs']} epochs"
    return (
        f"{seeds} seed{'' if one else 's'} a row{spread}. "
        f"Each row keeps all ingredients below it, so the order matters: a step is the gain on top of those. {made}."
    )


def missing(results: Mapping[str, Any]) -> str:
    """A sentence on runs that are still to be made; "" if all are done."""
    done, runs = len(results["points"]), results["runs"]
    return "" if done >= runs else f"{done} of {runs} runs are done; rows without a result are not drawn."


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def points(gain: float) -> str:
    """With its sign, but for what rounds to zero: "+1.2", "−0.3", "0.0"."""
    text = f"{abs(100 * gain):.1f}"
    return text if float(text) == 0 else ("−" if gain < 0 else "+") + text


def _with_spread(value: str, spread: float, by_seed: Mapping[int, float]) -> str:
    """A mean, with its standard deviation where there are several seeds: "+1.2 ± 0.3"."""
    return f"{value} ± {100 * spread:.1f}" if len(by_seed) > 1 else value


def _pictures(recipe: Mapping[str, Any]) -> str:
    return "all training pictures" if recipe["subset"] is None else f"{recipe['subset']:,} training pictures"


def _unclear(found: Sequence[Step]) -> str:
    """The number of steps on whose sign the seeds disagree."""
    compared = [step for step in found if len(step.gains) > 1]
    unclear = sum(not step.clear for step in compared)
    if not compared:
        return "no two rows have two seeds in common yet"
    return f"in {unclear or 'none'} of {len(compared)} steps they disagree on the sign"


def _strength(rung: Rung, ingredient: str) -> float:
    if ingredient == "crop-flip":
        return CROP_PADDING
    if ingredient == "depth":
        return rung.fields["overrides"]["stochastic_depth"]
    return rung.fields[INGREDIENTS[ingredient].key]


def _published(name: str) -> float:
    return next(one.top1 for one in PUBLISHED if one.name == name)
