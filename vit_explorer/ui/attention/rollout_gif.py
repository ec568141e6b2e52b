"""The rollout as an animated GIF: one frame a layer, the map over the picture, the layer's number drawn in."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vit_explorer.figures.attention import COLOURS, MIX, percent

SIDE = 384  # px of the picture
BAR = 52  # px of the two lines of words below it
STEP_TIME, LAST_TIME = 700, 2200  # ms a frame


def rollout_gif(
    picture: np.ndarray,
    steps: np.ndarray,
    grid: tuple[int, int],
    n_prefix: int,
    layers: Sequence[int],
    limit: float,
    settings: str,
) -> bytes:
    """A GIF of SIDE x (SIDE + BAR) pixels that repeats for ever; the same numbers give the same bytes.

    Args:
        picture: (H, W, 3) uint8.
        steps: (S, N) shares of all tokens up to each layer.
        layers: the numbers of the layers, from 1.
        limit: the end of the colour scale that all frames share.
        settings: how the rollout was made, for the second line.
    """
    second = f"{settings}; colours: 0 to {percent(limit)}"
    frames = [
        _frame(picture, shares[n_prefix:].reshape(grid), limit, [_words(shares, n_prefix, layer, layers[-1]), second])
        for shares, layer in zip(steps, layers, strict=True)
    ]
    palette = _palette(frames)
    indexed = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    times = [STEP_TIME] * (len(frames) - 1) + [LAST_TIME]
    indexed[0].save(buffer, "GIF", save_all=True, append_images=indexed[1:], duration=times, loop=0, disposal=1)
    return buffer.getvalue()


def _words(shares: np.ndarray, n_prefix: int, layer: int, last: int) -> str:
    cls = f"   CLS {percent(float(shares[0]))}" if n_prefix else ""
    return f"Rollout up to layer {layer} of {last}{cls}"


def _frame(picture: np.ndarray, patches: np.ndarray, limit: float, words: list[str]) -> Image.Image:
    from matplotlib import colormaps

    heat = (colormaps[COLOURS](np.clip(patches / limit, 0, 1))[..., :3] * 255).round().astype(np.uint8)
    below, above = (Image.fromarray(x).resize((SIDE, SIDE), Image.Resampling.NEAREST) for x in (picture, heat))
    frame = Image.new("RGB", (SIDE, SIDE + BAR), "#161b21")
    frame.paste(Image.blend(below, above, MIX), (0, 0))
    pen = ImageDraw.Draw(frame)
    for words_of_line, y, size in zip(words, (17, 38), (17, 11), strict=True):
        pen.text((10, SIDE + y), words_of_line, fill="#eef1f5", font=ImageFont.load_default(size), anchor="lm")
    return frame


def _palette(frames: list[Image.Image]) -> Image.Image:
    """One palette for all frames, so that equal shares keep their colour from frame to frame."""
    whole = Image.new("RGB", (SIDE, len(frames) * (SIDE + BAR)))
    for place, frame in enumerate(frames):
        whole.paste(frame, (0, place * (SIDE + BAR)))
    return whole.quantize(256, method=Image.Quantize.MEDIANCUT)
