"""The rollout as a GIF: a frame a layer, each share at its place, the layer's number in words."""

import io

import numpy as np
from PIL import Image

from vit_explorer.ui.attention.rollout_gif import BAR, SIDE, rollout_gif

GRID = (2, 3)
PICTURE = np.random.default_rng(0).integers(0, 256, (12, 18, 3), dtype=np.uint8)


def test_the_gif_has_a_frame_a_layer_with_the_map_in_it():
    steps = np.zeros((2, 7))
    steps[0, 1], steps[1, 6] = 0.5, 0.5
    data = rollout_gif(PICTURE, steps, GRID, 1, [1, 2], 0.5, "settings")
    with Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == 2 and image.size == (SIDE, SIDE + BAR)
        frames = []
        for frame in range(2):
            image.seek(frame)
            frames.append(np.asarray(image.convert("RGB")).astype(int))
    corner, opposite = (slice(0, SIDE // 2), slice(0, SIDE // 3)), (slice(SIDE // 2, SIDE), slice(2 * SIDE // 3, SIDE))
    for bright, dark, place in [(frames[0], frames[1], corner), (frames[1], frames[0], opposite)]:
        assert bright[place].mean() > dark[place].mean() + 30
    assert (frames[0][SIDE:] != frames[1][SIDE:]).any()  # the number of the layer
    assert data == rollout_gif(PICTURE, steps, GRID, 1, [1, 2], 0.5, "settings")
