"""Reasons for an architecture that others found: what papers say, and what published lines show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vit_explorer.models.published import PUBLISHED, Published
from vit_explorer.ui.compare.published import mixing_example


@dataclass(frozen=True)
class Reason:
    """A sentence and where it comes from. ``kind``: "here" is measured in this app, "published" or "paper" is not."""

    text: str
    source: str
    kind: str


# ---- papers -------------------------------------------------------------------------------------------------------
def _paper(text: str, source: str) -> Reason:
    return Reason(text, source, "paper")


PAPERS = {
    "few": _paper(
        "A convolution is given locality and translation; a ViT has to learn them, and trained on a middling data set "
        "without strong regularisation it ends below a ResNet of its size.",
        "Dosovitskiy et al. 2020, section 1",
    ),
    "compact": _paper(
        "With a convolutional tokenizer, transformers of under a million weights train from scratch on 50,000 "
        "pictures of 32 pixels.",
        "Hassani et al. 2021, Compact Transformers (CCT)",
    ),
    "stem": _paper(
        "A few strided convolutions in place of the one patch projection make a ViT converge sooner and less "
        "sensitive to its optimizer.",
        "Xiao et al. 2021, Early Convolutions Help Transformers See Better",
    ),
    "hybrid": _paper(
        "Tokens from a CNN's map beat plain patches at small computational budgets; with larger models the difference "
        "vanishes.",
        "Dosovitskiy et al. 2020, section 4.4",
    ),
    "teacher": _paper(
        "A convolutional teacher is a better one for a transformer than another transformer, probably because its "
        "bias is passed on with its labels.",
        "Touvron et al. 2021, DeiT, section 5.2",
    ),
    "million": _paper(
        "A ViT trained on ImageNet-1k's 1.28 million pictures alone competes with CNNs when the recipe is strong.",
        "Touvron et al. 2021, DeiT, abstract",
    ),
    "one-computer": _paper(
        "It was trained on a single computer in less than three days.", "Touvron et al. 2021, DeiT, abstract"
    ),
    "scale": _paper(
        "From 14 million to 300 million pictures of pre-training on, large-scale training outweighs the bias of a CNN.",
        "Dosovitskiy et al. 2020, section 1",
    ),
    "pyramid": _paper(
        "A CNN makes maps at several scales on its way; a pyramid on top of them serves boxes and masks at little "
        "extra cost.",
        "Lin et al. 2017, Feature Pyramid Networks",
    ),
    "hierarchy": _paper(
        "Swin merges patches from stage to stage, so that it has fine and coarse maps like a CNN: detectors and "
        "segmenters take it as it is.",
        "Liu et al. 2021, Swin, section 3.1",
    ),
    "linear": _paper(
        "Attention inside of windows of a fixed size costs in proportion to the places of a map, not to their square.",
        "Liu et al. 2021, Swin, equation 2",
    ),
    "swin-tasks": _paper(
        "It reached 58.7 box AP on COCO test-dev and 53.5 mIoU on ADE20K, well above the best until then.",
        "Liu et al. 2021, Swin, abstract",
    ),
    "lean": _paper(
        "Depth, width and resolution scaled together give more accuracy for a multiply-add than any one of them.",
        "Tan & Le 2019, EfficientNet",
    ),
}


# ---- published lines ----------------------------------------------------------------------------------------------
def _line(name: str, pretrained: bool, last: bool = False) -> Published:
    found = [line for line in PUBLISHED if line.name == name and (line.pretraining != "none") == pretrained]
    return max(found, key=lambda line: line.top1) if last else found[0]


def _told(line: Published) -> str:
    return f"{line.name} {100 * line.top1:.1f} % at {line.resolution} px"


def _sources(*lines: Published) -> str:
    """Each once; of torchvision's the name of the weights, which its source leaves to the line."""
    named = (f"{line.source.partition(', ')[0]}, {line.weights}" if line.weights else line.source for line in lines)
    return "; ".join(dict.fromkeys(named))


def _published(text: str, *lines: Published) -> Reason:
    return Reason(text, _sources(*lines), "published")


def _recipe() -> Reason:
    lines = [line for line in PUBLISHED if line.name == "ResNet-50"]
    old, new = min(lines, key=lambda line: line.top1), max(lines, key=lambda line: line.top1)
    gain = 100 * (new.top1 - old.top1)
    return _published(
        f"The recipe counts as much: the same ResNet-50 went from {100 * old.top1:.1f} to {100 * new.top1:.1f} %, "
        f"{gain:.1f} points, by training alone.", old, new,
    )  # fmt: skip


def _pretrained() -> Reason:
    plain, best = _line("ViT-B/16", False), _line("ViT-B/16", True, last=True)
    return _published(
        f"{_told(plain)} from ImageNet-1k alone, {100 * best.top1:.1f} % at {best.resolution} px when it had been "
        f"trained before on {best.pretraining.rpartition(': ')[2]}.", plain, best,
    )  # fmt: skip


def _distilled() -> Reason:
    plain, taught = _line("DeiT-B", False), _line("DeiT-B distilled", False)
    gain = 100 * (taught.top1 - plain.top1)
    return _published(
        f"{_told(plain)}, with {taught.recipe} {100 * taught.top1:.1f} %: {gain:.1f} points from a teacher, and no "
        "picture more.", plain, taught,
    )  # fmt: skip


def _swin_pretrained() -> Reason:
    plain, tuned = _line("Swin-B", False), _line("Swin-B", True)
    return _published(
        f"{_told(plain)} from scratch, {100 * tuned.top1:.1f} % at {tuned.resolution} px after {tuned.pretraining}.",
        plain, tuned,
    )  # fmt: skip


def _swin_plain() -> Reason:
    swin, vit = _line("Swin-B", False), _line("ViT-B/16", False)
    return _published(
        f"From ImageNet-1k alone: {_told(swin)} for {swin.multiply_adds / 1e9:.1f} G multiply-adds, {_told(vit)} for "
        f"{vit.multiply_adds / 1e9:.1f} G.", swin, vit,
    )  # fmt: skip


def _lean_published() -> Reason:
    lean, swin = _line("EfficientNet-B4", False), _line("Swin-B", False)
    times = swin.multiply_adds / lean.multiply_adds
    return _published(
        f"{_told(lean)} for {lean.multiply_adds / 1e9:.1f} G multiply-adds and {lean.parameters / 1e6:.0f} M weights; "
        f"{_told(swin)} costs {times:.1f} times as much.", lean, swin,
    )  # fmt: skip


def _mixing() -> Reason:
    lines = [line for line in PUBLISHED if line.name in ("ViT-B/16", "Swin-B")]
    return _published("But compare on equal terms. " + mixing_example(), *lines)


PUBLISHED_LINES: dict[str, Callable[[], Reason]] = {
    "recipe": _recipe,
    "pretrained": _pretrained,
    "distilled": _distilled,
    "swin-pretrained": _swin_pretrained,
    "swin-plain": _swin_plain,
    "lean-published": _lean_published,
    "mixing": _mixing,
}
