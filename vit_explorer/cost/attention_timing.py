"""Global attention and attention in windows, timed on this machine in turns.

Two ways of each: "fused" is how the modules run without a tape, which never writes down the attention matrix as a
whole (``WindowAttention`` on a CPU holds one head's windows of one map at a time, in the cache); "materialised" writes
all weights down and multiplies with them. Maps are random, one at a time, float32, on the CPU.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from vit_explorer.cost.attention import AttentionCost, global_attention_cost, windowed_attention_cost
from vit_explorer.models.attention import SelfAttention, Tape
from vit_explorer.models.swin import WindowAttention

Way = Literal["fused", "materialised"]
Kind = Literal["global", "windowed"]

RUNS, WARM_UP = 10, 2  # rounds that count, and rounds before them that do not
SIDES = (7, 14, 21, 28, 42, 56, 84, 112)  # of the maps of a sweep
MATRIX_LIMIT = 1_000_000_000  # bytes of the attention matrices of one pass; more is not measured
BYTES = 4  # of a float32
COPIES = 4  # of the matrices that exist at once
ENTRY_WORK = 100  # multiply-adds in whose time a number of a matrix is written, read and gone through by a softmax


@dataclass(frozen=True)
class Setting:
    """The modules to be timed; windows are not shifted.

    Raises:
        ValueError: for sizes that the modules refuse.
    """

    d_model: int = 96
    n_heads: int = 3
    window: int = 7

    def __post_init__(self) -> None:
        windowed_attention_cost(1, 1, self.d_model, self.n_heads, self.window)


@dataclass(frozen=True)
class Spread:
    """Median of ``runs`` times in seconds, with quartiles ``low`` and ``high``."""

    median: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Point:
    """Times on maps of one side.

    ``skipped``: the reason for a missing time of global attention.
    """

    side: int
    way: Way
    windowed: Spread
    whole: Spread | None
    skipped: str | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as long global attention took."""
        return None if self.whole is None else self.whole.median / self.windowed.median


@dataclass(frozen=True)
class Progress:
    """Progress after one run: fraction of the work done, and the measured point."""

    share: float
    side: int
    way: Way


@torch.no_grad()
def time_attention(
    setting: Setting,
    sides: Sequence[int] = SIDES,
    ways: Sequence[Way] = get_args(Way),
    runs: int = RUNS,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Progress | Point]:
    """Time both kinds in turns.

    Yields a ``Progress`` after every run and a ``Point`` after each side and way.

    To stop, ask for no more: nothing runs between two of its values. In every round both kinds make one pass; who
    goes first changes from round to round.

    Raises:
        ValueError: if a side or ``runs`` is below 1.
    """
    if runs < 1:
        raise ValueError(f"there must be at least one run, not {runs}")
    plan = [(side, way) for side in sides for way in ways]
    work = {(side, way): expected_work(setting, side, way) for side, way in plan}
    whole_work, done = sum(sum(kinds.values()) for kinds in work.values()) or 1, 0.0
    for side, way in plan:
        kinds = work[side, way]
        jobs = {kind: job for kind, job in make_jobs(setting, side, way).items() if kind in kinds}
        seconds: dict[Kind, list[float]] = {kind: [] for kind in jobs}
        for turn in range(WARM_UP + runs):
            for kind in list(jobs)[:: -1 if turn % 2 else 1]:
                began = clock()
                jobs[kind]()
                seconds[kind].append(clock() - began)
                done += kinds[kind] / (WARM_UP + runs)
                yield Progress(min(1.0, done / whole_work), side, way)
        found = {kind: spread(taken[WARM_UP:]) for kind, taken in seconds.items()}
        yield Point(side, way, found["windowed"], found.get("global"), _too_large(setting, side, way))


def make_jobs(setting: Setting, side: int, way: Way) -> dict[Kind, Callable[[], object]]:
    """One pass of each kind over the same random map, with random weights."""
    if way not in get_args(Way):
        raise ValueError(f"attention is timed {' or '.join(get_args(Way))}, not {way!r}")
    map_ = torch.randn(1, side, side, setting.d_model)
    whole = SelfAttention(setting.d_model, setting.n_heads).eval()
    windowed = WindowAttention(setting.d_model, setting.n_heads, setting.window).eval()

    def tape() -> Tape | None:
        return None if way == "fused" else Tape(differentiable=True)  # which sends the output through the weights

    return {"global": lambda: whole(map_.flatten(1, 2), tape()), "windowed": lambda: windowed(map_, tape())}


def expected_work(setting: Setting, side: int, way: Way) -> dict[Kind, float]:
    """Expected work of each measured kind, in multiply-adds."""
    costs: dict[Kind, AttentionCost] = {
        "global": global_attention_cost(side, side, setting.d_model, setting.n_heads),
        "windowed": windowed_attention_cost(side, side, setting.d_model, setting.n_heads, setting.window),
    }
    if _too_large(setting, side, way) is not None:
        del costs["global"]
    entry = ENTRY_WORK if way == "materialised" else 0
    return {kind: cost.module + entry * cost.n_heads * cost.entries for kind, cost in costs.items()}


def spread(seconds: Sequence[float]) -> Spread:
    """Median and quartiles of times; a single run gives three equal values."""
    low, middle, high = statistics.quantiles(seconds, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 3
    return Spread(middle, low, high, len(seconds))


def windowed_bytes(setting: Setting, side: int) -> int:
    """Peak memory of a pass in windows, estimated, in bytes.

    Bias and mask, scores, their sum and weights, of all heads.
    """
    cost = windowed_attention_cost(side, side, setting.d_model, setting.n_heads, setting.window)
    return COPIES * BYTES * setting.n_heads * cost.entries


def _too_large(setting: Setting, side: int, way: Way) -> str | None:
    """Reason against measuring global attention on a map; None if measurable."""
    if way == "fused":
        return None
    size = BYTES * setting.n_heads * global_attention_cost(side, side, setting.d_model, setting.n_heads).entries
    if size <= MATRIX_LIMIT:
        return None
    return f"its matrices would need {size / 1e9:.1f} GB, more than {MATRIX_LIMIT / 1e9:.0f} GB"
