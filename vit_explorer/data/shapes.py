"""Drawn dataset: ten shapes with clutter, rendered by code without a download.

How an image is made, from back to front, on the plane [-1, 1] x [-1, 1] (x to the right, y down):
1. a soft gradient of two neighbouring hues, bent by a slow wave, with three out-of-focus lights;
2. a fainter shape of any class that hangs over the border, so that a part of a shape is no evidence;
3. a few thin strokes and dots;
4. the shape that is the label, with a soft shadow: any place where it fits, any size in a range, any turn, any hue,
   lighter or darker than its background;
5. one small stroke in front, which may hide a bit of it.

Everything but the outline is drawn without looking at the label: colour, place, size and turn tell nothing about it.
A shape is a signed distance function (negative inside), and the distance to its edge in pixels is the coverage of a
pixel: that is the anti-aliasing, exact for straight edges. The outlines are in outlines.py.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from vit_explorer.data.outlines import SHAPES

RADIUS = (0.40, 0.66)  # of the label's shape; half the image's side is 1
TONES = np.array(  # lightness in OKLCH: (lowest, highest) of the background, (lowest, highest) of the shape on it
    [
        (0.24, 0.38, 0.68, 0.90),
        (0.50, 0.62, 0.86, 0.95),
        (0.68, 0.78, 0.32, 0.42),
        (0.80, 0.94, 0.42, 0.58),
    ]
)
MUDDY_BELOW = 0.66  # OKLCH lightness
SHADOW = 0.16  # reach of the shadow, in half sides
N_LIGHTS = 3
N_STROKES = 4  # the last one lies in front of the shape
CHUNK_PIXELS = 2**15  # pixels drawn at a time by one thread: small enough to stay in the cache and off the page table
N_THREADS = 2

CLASS_NAMES: tuple[str, ...] = tuple(shape.__name__ for shape in SHAPES)


# --- what is in each image: all of chance is here, drawn in one fixed order ---


@dataclass(frozen=True)
class Scenes:
    """Parameters of n images.

    Lengths in half sides of the image, angles in radians, colours sRGB in 0..1.
    """

    label: np.ndarray  # (n,) int64
    place: np.ndarray  # (n, 4): x, y, radius, turn
    fill: np.ndarray  # (n, 2, 3): colours of the shape at its two ends
    ground: np.ndarray  # (n, 2, 3): colours of the background at its two ends
    slope: np.ndarray  # (n, 2): direction in which the background changes
    wave: np.ndarray  # (n, 3): x and y frequency in radians, phase
    lights: np.ndarray  # (n, N_LIGHTS, 4): x, y, radius, opacity
    light_colour: np.ndarray  # (n, N_LIGHTS, 3)
    other_label: np.ndarray  # (n,) int64: the shape over the border
    other_place: np.ndarray  # (n, 4): as place
    other_colour: np.ndarray  # (n, 3)
    strokes: np.ndarray  # (n, N_STROKES, 6): x, y, half the vector from end to end (x, y), half the width, opacity
    stroke_colour: np.ndarray  # (n, N_STROKES, 3)

    def part(self, rows: slice) -> "Scenes":
        return Scenes(*(getattr(self, field.name)[rows] for field in fields(self)))


def oklch_to_srgb(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """OKLCH (lightness 0..1, hue in radians) -> sRGB (..., 3) in 0..1, clipped.

    Björn Ottosson, "Oklab", 2020.
    """
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=-1,
    ).clip(0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def clear_hue(hue: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Hue of a colour; dark colours are moved to teal, blue, purple or red.

    Dark yellow looks like mud.
    """
    return np.where(lightness < MUDDY_BELOW, np.radians(165) + np.mod(hue, 2 * np.pi) * (215 / 360), hue)


def make_scenes(n: int, rng: np.random.Generator) -> Scenes:
    """Draw the parameters of n images; labels balanced, the rest independent."""
    between = rng.uniform
    label = rng.permutation(np.arange(n) % len(CLASS_NAMES))

    radius = between(*RADIUS, n)
    room = np.maximum(0.97 - radius, 0.0)  # to keep the shape in the image
    place = np.stack([between(-1, 1, n) * room, between(-1, 1, n) * room, radius, between(0, 2 * np.pi, n)], axis=1)

    # Colours: a dark, a middle or a light ground, and a shape well apart from it in lightness, on either side.
    band = rng.integers(len(TONES), size=n)
    ground_low, ground_high, fill_low, fill_high = TONES[band].T
    tone, fill_tone = between(ground_low, ground_high), between(fill_low, fill_high)
    hue = between(0, 2 * np.pi, n)
    fill_hue = hue + rng.choice(np.radians([100, 140, 180, 220, 260]), n) + between(-0.3, 0.3, n)
    ground = oklch_to_srgb(
        tone[:, None] + between(-0.04, 0.04, (n, 2)),
        np.repeat(between(0.05, 0.10, (n, 1)), 2, axis=1),
        clear_hue(hue, tone)[:, None] + between(0.2, 0.5, (n, 1)) * np.array([-1, 1]),
    )
    fill = oklch_to_srgb(
        fill_tone[:, None] + between(0.0, 0.05, (n, 1)) * np.array([-1, 1]),
        np.repeat(between(0.10, 0.16, (n, 1)), 2, axis=1),
        clear_hue(fill_hue, fill_tone)[:, None] + between(0.0, 0.4, (n, 1)) * np.array([-1, 1]),
    )

    def near_ground(count: int, spread: float) -> np.ndarray:
        """Colours (n, count, 3) that differ from the ground by ``spread`` in lightness."""
        step = between(0.5 * spread, spread, (n, count)) * rng.choice([-1, 1], (n, count))
        lightness = (tone[:, None] + step).clip(0.12, 0.97)
        near_hue = hue[:, None] + between(-1.4, 1.4, (n, count))
        return oklch_to_srgb(lightness, between(0.04, 0.13, (n, count)), clear_hue(near_hue, lightness))

    angle = between(0, 2 * np.pi, n)
    slope = np.stack([np.cos(angle), np.sin(angle)], axis=1) * between(0.3, 0.6, (n, 1))
    wave = np.concatenate([between(-4, 4, (n, 2)), between(0, 2 * np.pi, (n, 1))], axis=1)
    lights = np.concatenate(
        [between(-1, 1, (n, N_LIGHTS, 2)), between(0.3, 0.9, (n, N_LIGHTS, 1)), between(0.2, 0.6, (n, N_LIGHTS, 1))],
        axis=2,
    )
    light_colour = near_ground(N_LIGHTS, 0.16)

    other_label = rng.integers(len(CLASS_NAMES), size=n)
    along, side = between(-1, 1, n), rng.integers(4, size=n)  # a walk along one of the four borders
    across = np.where(side % 2 == 0, 1.0, -1.0) * between(0.92, 1.08, n)
    other_place = np.stack(
        [
            np.where(side < 2, along, across),
            np.where(side < 2, across, along),
            between(0.25, 0.45, n),
            between(0, 2 * np.pi, n),
        ],
        axis=1,
    )
    other_colour = near_ground(1, 0.16)[:, 0]

    half, turn = between(0.0, 0.22, (n, N_STROKES)), between(0, np.pi, (n, N_STROKES))
    strokes = np.stack(
        [
            between(-1, 1, (n, N_STROKES)),
            between(-1, 1, (n, N_STROKES)),
            half * np.cos(turn),
            half * np.sin(turn),
            between(0.025, 0.065, (n, N_STROKES)),
            between(0.6, 1.0, (n, N_STROKES)) * (rng.random((n, N_STROKES)) < 0.8),
        ],
        axis=2,
    )
    stroke_colour = near_ground(N_STROKES, 0.30)
    return Scenes(
        label=label,
        place=place,
        fill=fill,
        ground=ground,
        slope=slope,
        wave=wave,
        lights=lights,
        light_colour=light_colour,
        other_label=other_label,
        other_place=other_place,
        other_colour=other_colour,
        strokes=strokes,
        stroke_colour=stroke_colour,
    )


# --- the drawing: no chance here, so a chunk of images comes out the same wherever and whenever it is drawn ---


def draw_shapes(n: int, seed: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw n images of the ten shapes, and their labels, reproducibly.

    Returns x uint8 (n, size, size, 3) in RGB and y int64 (n,), indices into CLASS_NAMES; the counts of two classes
    differ by at most 1, in shuffled order. A larger `size` shows the same scenes in more detail.
    Raises ValueError for a negative n or a size below 8.
    """
    if n < 0 or size < 8:
        raise ValueError(f"draw_shapes needs n >= 0 and size >= 8, got n={n} and size={size}")
    scenes = make_scenes(n, np.random.Generator(np.random.PCG64(seed)))
    x = np.empty((n, size, size, 3), np.uint8)
    step = max(1, CHUNK_PIXELS // size**2)

    def draw(start: int) -> None:
        x[start : start + step] = render(scenes.part(slice(start, start + step)), size)

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(draw, range(0, n, step)))  # list: an error in a thread is raised here
    return x, scenes.label


def render(scenes: Scenes, size: int) -> np.ndarray:
    """Render images of scenes, uint8 (n, size, size, 3)."""
    pixel = 2.0 / size
    axis = ((np.arange(size, dtype=np.float32) + 0.5) * pixel - 1.0).astype(np.float32)
    x, y = axis[None, None, :], axis[None, :, None]

    canvas = blend_two(background_mix(scenes, x, y), scenes.ground)  # (n, 3, size, size)
    for i in range(N_LIGHTS):
        place = columns(scenes.lights[:, i])
        squared = ((x - place[0]) ** 2 + (y - place[1]) ** 2) / place[2] ** 2
        paint(canvas, flat(scenes.light_colour[:, i]), place[3] * np.maximum(1.0 - squared, 0.0) ** 2)

    distance, _ = shape_distance(scenes.other_label, scenes.other_place, x, y)
    paint(canvas, flat(scenes.other_colour), coverage(distance, pixel))
    for i in range(N_STROKES - 1):
        paint(canvas, flat(scenes.stroke_colour[:, i]), stroke_coverage(scenes.strokes[:, i], x, y, pixel))

    distance, along = shape_distance(scenes.label, scenes.place, x, y)
    shadow = 0.28 * np.square(np.clip(1.0 - distance / SHADOW, 0.0, 1.0))
    paint(canvas, np.float32(0.05), shadow)
    paint(canvas, blend_two(np.clip(0.5 + 0.5 * along, 0.0, 1.0), scenes.fill), coverage(distance, pixel))
    paint(canvas, flat(scenes.stroke_colour[:, -1]), stroke_coverage(scenes.strokes[:, -1], x, y, pixel))
    return np.rint(canvas.clip(0.0, 1.0) * 255.0).astype(np.uint8).transpose(0, 2, 3, 1)


def columns(values: np.ndarray) -> np.ndarray:
    """(n, k) -> float32 (k, n, 1, 1), to be unpacked and to broadcast against pixels."""
    return values.T.astype(np.float32)[:, :, None, None]


def flat(colour: np.ndarray) -> np.ndarray:
    """Colours (n, 3) -> float32 (n, 3, 1, 1), one colour for all pixels."""
    return colour.astype(np.float32)[:, :, None, None]


def paint(canvas: np.ndarray, colour: np.ndarray | np.float32, opacity: np.ndarray) -> None:
    """Blend a colour into the canvas (n, 3, size, size), in place.

    Opacity is (n, size, size) in 0..1.
    """
    canvas += opacity[:, None] * (colour - canvas)


def blend_two(mix: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """mix (n, size, size) in 0..1 between two colours (n, 2, 3) -> (n, 3, size, size)."""
    return flat(ends[:, 0]) + mix[:, None] * flat(ends[:, 1] - ends[:, 0])


def background_mix(scenes: Scenes, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mix of the two background colours, (n, size, size) in 0..1: slope and wave."""
    slope_x, slope_y = columns(scenes.slope)
    wave_x, wave_y, phase = columns(scenes.wave)
    across, down = wave_x * x + phase, wave_y * y
    wave = np.cos(across) * np.cos(down) - np.sin(across) * np.sin(down)  # cos(across + down), but by row and column
    return np.clip(0.5 + slope_x * x + slope_y * y + 0.25 * wave, 0.0, 1.0)


def shape_distance(label: np.ndarray, place: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance to the shape of each image, and its downward axis.

    In half sides and in radii, (n, size, size).
    """
    centre_x, centre_y, radius = columns(place[:, :3])
    cosine, sine = columns(np.stack([np.cos(place[:, 3]), np.sin(place[:, 3])], axis=1) / place[:, 2:3])
    own_x = (x - centre_x) * cosine + (y - centre_y) * sine
    own_y = (y - centre_y) * cosine - (x - centre_x) * sine
    distance = np.empty_like(own_x)
    for index, shape in enumerate(SHAPES):
        rows = label == index
        distance[rows] = shape(own_x[rows], own_y[rows])
    return distance * radius, own_y


def stroke_coverage(stroke: np.ndarray, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Opacity (n, size, size) of a stroke with round ends for each image.

    A stroke without length is a dot.
    """
    centre_x, centre_y, half_x, half_y, half_width, opacity = columns(stroke)
    from_x, from_y = x - centre_x, y - centre_y
    along = (from_x * half_x + from_y * half_y) / (half_x**2 + half_y**2 + np.float32(1e-6))
    along = np.clip(along, -1.0, 1.0)
    distance = np.sqrt((from_x - along * half_x) ** 2 + (from_y - along * half_y) ** 2) - half_width
    return opacity * coverage(distance, pixel)


def coverage(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Covered fraction of a pixel, 0..1, from the signed distance at its middle."""
    return np.clip(0.5 - distance / pixel, 0.0, 1.0)
