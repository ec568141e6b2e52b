"""Which architecture for my problem: three questions, eighteen ways through them, and reasons that name their source.

The advice is fixed in ``ADVICE``; what this app has measured is laid beside it by ``evidence.py``, agreeing or not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, TypedDict

from vit_explorer.cost.architectures import architecture_rows
from vit_explorer.ui.compare.evidence import Evidence, Reason, reasons_for
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class Option:
    """One answer to a question; ``note`` is a half-sentence that helps to choose."""

    key: str
    title: str
    note: str


@dataclass(frozen=True)
class Question:
    """A question, and why it matters."""

    key: str
    title: str
    why: str
    options: tuple[Option, ...]


QUESTIONS = (
    Question(
        "data",
        "How many labelled pictures do you have?",
        "Attention must learn what a convolution has built in: that neighbouring pixels belong together.",
        (
            Option("small", "Under 10,000", "and no pre-trained start"),
            Option("medium", "10,000 to 100,000", "like CIFAR-10"),
            Option("large", "100,000 to a million", "or a pre-trained network to start from"),
        ),
    ),
    Question(
        "dense",
        "Do you need a prediction for every location?",
        "Boxes and masks need fine maps, and the cost of global attention grows with the square of their size.",
        (
            Option("no", "No: one per picture", "classification"),
            Option("yes", "Yes: boxes, masks, depth", "dense prediction"),
        ),
    ),
    Question(
        "where",
        "Where will it run?",
        "This limits the multiply-adds per picture.",
        (
            Option("phone", "A phone or a small board", "one picture at a time, little memory"),
            Option("gpu", "One GPU", "training and running"),
            Option("server", "Servers", "batches, large memory"),
        ),
    ),
)


@dataclass(frozen=True)
class Choice:
    """An architecture that may be advised; ``kinds`` are those of this app that stand for it, the nearest first."""

    title: str
    kinds: tuple[str, ...]


CHOICES = {
    "cnn": Choice("A small CNN", ("cnn",)),
    "cnn-deep": Choice("A residual CNN (ResNet-50)", ("cnn",)),
    "cnn-lean": Choice("A CNN made for few operations (EfficientNet)", ("cnn",)),
    "cnn-pyramid": Choice("A CNN with a feature pyramid", ("cnn",)),
    "vit-conv": Choice("A small ViT with a convolutional stem", ("vit-conv",)),
    "hybrid": Choice("A hybrid: a CNN's map as tokens", ("hybrid",)),
    "deit": Choice("A DeiT with a CNN as its teacher", ("deit",)),
    "vit-tuned": Choice("A pre-trained ViT, fine-tuned", ("vit",)),
    "swin": Choice("A Swin", ("swin",)),
    "swin-tuned": Choice("A pre-trained Swin, fine-tuned", ("swin",)),
}

# (data, dense, where) -> the advice, what to try beside it, what would change it, and the reasons in their order.
Way = tuple[str, str, str]
_MORE = "With a pre-trained network to start from, choose the last answer to the first question."
ADVICE: dict[Way, tuple[str, str, str, tuple[str, ...]]] = {
    ("small", "no", "phone"): ("cnn", "hybrid", _MORE, ("few", "hunger-small", "cheap-cnn", "hybrid")),
    ("small", "no", "gpu"): ("cnn-deep", "hybrid", _MORE, ("few", "hunger-small", "recipe", "stem")),
    ("small", "no", "server"): (
        "cnn-deep", "vit-tuned",
        "A large machine does not make up for few pictures; a pre-trained network does: then fine-tune a ViT.",
        ("few", "hunger-small", "recipe", "pretrained"),
    ),
    ("small", "yes", "phone"): ("cnn-pyramid", "cnn", _MORE, ("few", "pyramid", "hunger-small", "cheap-cnn")),
    ("small", "yes", "gpu"): ("cnn-pyramid", "swin-tuned", _MORE, ("few", "pyramid", "hunger-small", "square")),
    ("small", "yes", "server"): (
        "cnn-pyramid", "swin-tuned",
        "A Swin trained elsewhere before, on millions of pictures, would be the better start.",
        ("few", "pyramid", "hunger-small", "swin-pretrained"),
    ),
    ("medium", "no", "phone"): (
        "vit-conv", "cnn", "If the chip is quick at convolutions only, take the CNN.",
        ("compact", "hunger-medium", "small-here", "stem"),
    ),
    ("medium", "no", "gpu"): (
        "hybrid", "cnn-deep", "Nearer to 10,000 pictures than to 100,000: the CNN.",
        ("hybrid", "hunger-medium", "stem", "measured-here"),
    ),
    ("medium", "no", "server"): (
        "hybrid", "deit", "With a strong CNN to teach it and time for long training: the DeiT.",
        ("hybrid", "hunger-medium", "teacher", "measured-here"),
    ),
    ("medium", "yes", "phone"): (
        "cnn-pyramid", "swin", "With memory for windows on fine maps, a small Swin.",
        ("pyramid", "cheap-cnn", "lean-published", "measured-here"),
    ),
    ("medium", "yes", "gpu"): (
        "swin", "cnn-pyramid", "Nearer to 10,000 pictures than to 100,000: the CNN with its pyramid.",
        ("hierarchy", "linear", "growth", "measured-here"),
    ),
    ("medium", "yes", "server"): (
        "swin", "swin-tuned", "If weights from a larger data set may be used, begin with them.",
        ("hierarchy", "linear", "swin-tasks", "swin-pretrained"),
    ),
    ("large", "no", "phone"): (
        "cnn-lean", "vit-conv", "If a batch may wait for a server, a DeiT or a pre-trained ViT is within reach.",
        ("lean", "lean-published", "cheap-cnn", "compact"),
    ),
    ("large", "no", "gpu"): (
        "deit", "vit-tuned", "With weights from far more than a million pictures at hand: fine-tune those.",
        ("million", "distilled", "one-computer", "ladder"),
    ),
    ("large", "no", "server"): (
        "vit-tuned", "deit", "If no outside pictures or weights may be used: a DeiT on your own million.",
        ("pretrained", "scale", "mixing", "growth"),
    ),
    ("large", "yes", "phone"): (
        "cnn-pyramid", "swin", "With a stronger chip, the smallest Swin.",
        ("pyramid", "lean-published", "square", "growth"),
    ),
    ("large", "yes", "gpu"): (
        "swin", "cnn-pyramid", "With pre-trained weights, start from those: the answer for servers shows what it adds.",
        ("hierarchy", "linear", "swin-plain", "growth"),
    ),
    ("large", "yes", "server"): (
        "swin-tuned", "swin", "If no outside weights may be used: the same Swin from scratch.",
        ("swin-pretrained", "hierarchy", "swin-tasks", "linear"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Where the questions lead.

    Attributes:
        advice, instead: titles of the choice and of what to try beside it.
        models: checkpoints of this app that stand for the advice, to be looked at.
    """

    advice: str
    instead: str
    change: str
    reasons: tuple[Reason, ...]
    models: tuple[str, ...]


def ways() -> list[Way]:
    """All ways through the questions."""
    return list(product(*([option.key for option in question.options] for question in QUESTIONS)))


def advise(way: Way, evidence: Evidence) -> Answer:
    """The answer at the end of a way, with its reasons.

    Raises:
        UserError: for a way that the questions do not have.
    """
    if way not in ADVICE:
        raise UserError("Choose one of the options of each question.")
    advice, instead, change, wanted = ADVICE[way]
    chosen = CHOICES[advice]
    reasons = reasons_for(wanted, chosen.kinds[0], CHOICES[instead].kinds[0], evidence)
    models = [row["name"] for kind in chosen.kinds for row in evidence.of_kind(kind)]
    return Answer(chosen.title, CHOICES[instead].title, change, reasons, tuple(models))


@dataclass(frozen=True)
class AdviceRequest:
    """The answers to the three questions, each the key of an option."""

    data: str
    dense: str
    where: str


class WayPayload(TypedDict):
    """A way through the questions: the key of an option of each, and the title of the advice at its end."""

    answers: list[str]
    advice: str


class GuidePayload(TypedDict):
    """The questions, see :class:`Question`, and all ways through them."""

    questions: list[dict[str, Any]]
    ways: list[WayPayload]


def list_questions() -> GuidePayload:
    """List the questions with their options, and where all answers lead."""
    return {
        "questions": [asdict(question) for question in QUESTIONS],
        "ways": [{"answers": list(way), "advice": CHOICES[ADVICE[way][0]].title} for way in ways()],
    }


def count_costs(session: Session) -> dict[str, Any]:
    """Count the costs that the advice cites, while the questions are read."""
    architecture_rows(session.checkpoints()[0])
    return {}


def give_advice(session: Session, request: AdviceRequest) -> dict[str, Any]:
    """Advise an architecture; the fields of :class:`Answer`."""
    rows = architecture_rows(session.checkpoints()[0])
    evidence = Evidence(rows, session.sweep("hunger"), session.sweep("ladder"))
    return asdict(advise((request.data, request.dense, request.where), evidence))
