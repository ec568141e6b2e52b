"""Speed of attention in windows, against global attention and other code."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.throughput import in_turns
from vit_explorer.cost.attention import global_attention_cost, windowed_attention_cost
from vit_explorer.cost.attention_timing import RUNS, Point, Setting, time_attention
from vit_explorer.models.attention import attention_weights
from vit_explorer.models.swin import WindowAttention

SIDE, BATCH, SHIFT = 56, 8, 3  # Swin-T's first stage
SETTING = Setting(d_model=96, n_heads=3, window=7)
ROUNDS = 25
MODULE_BUDGET = 12.0  # times the speed of global attention, at least; counted are 13.8
RIVAL_BUDGET = 1.3  # times the speed of the faster of torchvision and timm, at least
TOLERANCE = 1e-4  # between our output and theirs
# Their names of our parameters.
THEIR_NAMES = {
    "qkv.weight": "qkv.weight",
    "qkv.bias": "qkv.bias",
    "projection.weight": "proj.weight",
    "projection.bias": "proj.bias",
    "bias_table": "relative_position_bias_table",
}
WHY = (
    "the matrix has 64 x fewer entries, but the projections cost the same in both; and a module in windows also moves "
    "every token twice and multiplies small matrices. A matrix that is written down and read again costs more than "
    "its multiply-adds."
)

Job = Callable[[], Tensor]


def measure_windows(checkpoints: str | None = None) -> dict[str, Any]:
    """Global attention against windows, and ours against others', in turns.

    Forward, float32, medians.

    ``checkpoints`` is not used: the weights are fresh.

    Raises:
        NotMeasured: if timm is not installed.
    """
    rivals = make_rivals()
    result: dict[str, Any] = {"threads": torch.get_num_threads(), "map": f"{SIDE} x {SIDE} x {SETTING.d_model}"}
    result |= {"window": SETTING.window, "heads": SETTING.n_heads}
    return result | _against_global() | _against_others(rivals)


def _against_global() -> dict[str, Any]:
    whole = global_attention_cost(SIDE, SIDE, SETTING.d_model, SETTING.n_heads)
    windowed = windowed_attention_cost(SIDE, SIDE, SETTING.d_model, SETTING.n_heads, SETTING.window)
    result: dict[str, Any] = {
        "counted, attention matrix: global / windows": whole.entries / windowed.entries,
        "counted, attention part: global / windows": whole.attention / windowed.attention,
        "counted, whole module: global / windows": whole.module / windowed.module,
    }
    for point in time_attention(SETTING, [SIDE], runs=RUNS):
        if isinstance(point, Point):
            result |= _described(point)
    with torch.no_grad():
        seconds = in_turns(core_jobs(), ROUNDS)
    for way in ("fused", "materialised"):
        result[f"measured, attention part alone, {way}: global / windows"] = statistics.median(
            seconds[f"global, {way}"]
        ) / statistics.median(seconds[f"windows, {way}"])
    reached = result["measured, whole module, fused: global / windows"]
    return result | {
        "budget, whole module, fused": f"{MODULE_BUDGET:.0f} x or more, {_verdict(reached >= MODULE_BUDGET)}",
        "why they differ": WHY,
    }


def _described(point: Point) -> dict[str, Any]:
    assert point.whole is not None, "the matrix of this map is small enough"
    found: dict[str, Any] = {}
    for name, spread in (("global", point.whole), ("windows", point.windowed)):
        low, middle, high = (1000 * seconds for seconds in (spread.low, spread.median, spread.high))
        found[f"whole module, {point.way}, {name}: ms (quartiles)"] = f"{middle:.2f} ({low:.2f} to {high:.2f})"
    return found | {f"measured, whole module, {point.way}: global / windows": point.ratio}


def core_jobs() -> dict[str, Job]:
    """Attention without projections: of the whole map, and of its windows."""
    n_tokens, n, d_head = SIDE**2, SETTING.window**2, SETTING.d_model // SETTING.n_heads
    whole = torch.randn(3, 1, SETTING.n_heads, n_tokens, d_head).unbind()
    windows = torch.randn(3, n_tokens // n, SETTING.n_heads, n, d_head).unbind()

    def fused(parts: tuple[Tensor, ...]) -> Job:
        return lambda: F.scaled_dot_product_attention(*parts)

    def materialised(parts: tuple[Tensor, ...]) -> Job:
        query, key, value = parts
        return lambda: attention_weights(query, key) @ value

    return {
        "global, fused": fused(whole),
        "windows, fused": fused(windows),
        "global, materialised": materialised(whole),
        "windows, materialised": materialised(windows),
    }


def _against_others(rivals: dict[str, Callable[[Tensor], Tensor]]) -> dict[str, Any]:
    """Shifted windows with mask and bias, checked for equality before timing."""
    maps = torch.randn(BATCH, SIDE, SIDE, SETTING.d_model)
    with torch.no_grad():
        check_equal(rivals, maps)
        seconds = in_turns({name: (lambda job=job: job(maps)) for name, job in rivals.items()}, ROUNDS)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    fastest = min((name for name in medians if name != "ours"), key=lambda name: medians[name])
    ratio = medians[fastest] / medians["ours"]
    verdict = f"{RIVAL_BUDGET} x or more, {_verdict(ratio >= RIVAL_BUDGET)}"
    return {f"shifted windows, B={BATCH}, {name}: ms": 1000 * median for name, median in medians.items()} | {
        f"shifted windows: {fastest}, the faster of the two, / ours": ratio,
        "budget, shifted windows": verdict,
    }


def make_rivals() -> dict[str, Callable[[Tensor], Tensor]]:
    """Ours, torchvision's and timm's windows with the same weights.

    (B, H, W, d_model) -> same, as each runs in its network.
    """
    try:
        from timm.models.swin_transformer import SwinTransformerBlock
        from torchvision.models.swin_transformer import ShiftedWindowAttention
    except ImportError as error:
        raise NotMeasured(f"{error.name} is not installed (it is in requirements-dev.txt)") from error
    d_model, n_heads, window = SETTING.d_model, SETTING.n_heads, SETTING.window
    ours = WindowAttention(d_model, n_heads, window, SHIFT).eval()
    torchvision = ShiftedWindowAttention(d_model, [window, window], [SHIFT, SHIFT], n_heads).eval()
    timm = SwinTransformerBlock(d_model, (SIDE, SIDE), n_heads, window_size=window, shift_size=SHIFT).eval()
    nn.init.normal_(ours.bias_table)  # so that a bias that is lost shows
    for theirs in (torchvision, timm.attn):
        theirs.load_state_dict({THEIR_NAMES[name]: value for name, value in ours.state_dict().items()}, strict=False)
    # timm rolls, cuts and masks in the block, in the part that its forward calls between the norm and the sum.
    return {"ours": ours, "torchvision": torchvision, "timm": timm._attn}


def check_equal(rivals: dict[str, Callable[[Tensor], Tensor]], maps: Tensor) -> None:
    """Raise AssertionError unless all compute the same."""
    expected = rivals["ours"](maps)
    for name, job in rivals.items():
        difference = (job(maps) - expected).abs().max()
        if difference > TOLERANCE:
            raise AssertionError(f"{name} differs from ours by {difference:.2g}: no fair comparison")


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
