"""Signed distances to the ten shapes, in units of the shape's radius.

Each takes float32 x and y of one size (y down) and gives the distance of every point to the edge. They follow Inigo
Quilez, "2D distance functions", https://iquilezles.org/articles/distfunctions2d.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def circle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y) - 0.86


def ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.sqrt(x * x + y * y) - 0.70) - 0.23


def box(x: np.ndarray, y: np.ndarray, half_width: float, half_height: float) -> np.ndarray:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return box(x, y, 0.76, 0.76)


def triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Equilateral triangle, centroid at the origin, one corner up."""
    return np.maximum(np.abs(x) * 0.8660254 - y * 0.5, y) - 0.58


def star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Five-pointed star, one point up.

    Both mirror axes of a tooth fold the plane, then one edge is left to measure.
    """
    tip, inner = 1.10, 0.50
    cos36, sin36 = 0.809017, 0.5877853
    x, y = np.abs(x), -y
    for side in (1.0, -1.0):  # the mirror axes at +-36 degrees from straight down
        past = 2.0 * np.maximum(side * cos36 * x - sin36 * y, 0.0)
        x, y = x - side * cos36 * past, y + sin36 * past
    x = np.abs(x)
    edge_x, edge_y = inner * sin36, inner * cos36 - tip
    length = float(np.hypot(edge_x, edge_y))
    return (x * -edge_y + (y - tip) * edge_x) / length


def cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.minimum(box(x, y, 0.95, 0.32), box(x, y, 0.32, 0.95))


def heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Heart: two discs on a square that stands on a corner."""
    x, y = np.abs(x) / 1.55, 0.56 - y / 1.55
    disc = np.sqrt((x - 0.25) ** 2 + (y - 0.75) ** 2) - 0.3535534
    along = 0.5 * np.maximum(x + y, 0.0)
    corner = np.sqrt(np.minimum(x * x + (y - 1.0) ** 2, (x - along) ** 2 + (y - along) ** 2)) * np.sign(x - y)
    return 1.55 * np.where(x + y > 1.0, disc, corner)


def moon(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc with a bite of another disc."""
    x = x + 0.10
    return np.maximum(np.sqrt(x * x + y * y) - 1.0, 0.78 - np.sqrt((x - 0.56) ** 2 + y * y))


def arrow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A thin shaft below a wide head, pointing up."""
    shaft = box(x, y - 0.47, 0.24, 0.53)
    head = np.maximum(np.abs(x) * 0.7808688 - (y + 1.08) * 0.6246950, y - 0.02)
    return np.minimum(shaft, head)


def drop(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Drop: a disc and the two tangents from a point above."""
    radius, height = 0.66, 1.45  # of the disc, and of the point over its centre
    sine = radius / height
    cosine = float(np.sqrt(1.0 - sine * sine))
    y = 0.38 - y
    disc = np.sqrt(x * x + y * y) - radius
    cone = np.maximum(np.abs(x) * cosine + y * sine - radius, radius * sine - y)
    return np.minimum(disc, cone)


SHAPES: tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ...]
SHAPES = (circle, square, triangle, star, cross, ring, heart, moon, arrow, drop)
