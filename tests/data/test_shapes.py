"""The drawn dataset: the same arguments give the same pixels, and only the outline tells the class."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vit_explorer.data import shapes
from vit_explorer.data.shapes import CLASS_NAMES, SHAPES, draw_shapes, make_scenes, oklch_to_srgb

GOLDEN_NAMES = ["triangle", "cross", "star", "circle", "square"]
GOLDEN_ROW = np.array(  # row 16 of each, at columns 4, 12, 20, 28
    [
        [[136, 176, 178], [144, 196, 186], [144, 199, 192], [144, 194, 178]],
        [[199, 165, 190], [198, 168, 195], [0, 64, 103], [0, 65, 99]],
        [[154, 104, 106], [141, 116, 117], [195, 247, 171], [104, 101, 105]],
        [[119, 17, 49], [108, 7, 52], [167, 203, 162], [165, 183, 142]],
        [[184, 235, 235], [30, 125, 101], [0, 116, 99], [58, 141, 134]],
    ]
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small steps on one thread: two that wait for each other on a busy machine take ten times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def split() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """10,000 pictures to learn from and 2,000 others, (n, 3, 32, 32) in -1..1, each with its labels."""
    x, y = draw_shapes(12_000, seed=1)
    pixels = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1
    labels = torch.from_numpy(y)
    return pixels[:10_000], labels[:10_000], pixels[10_000:], labels[10_000:]


def accuracy(predicted: torch.Tensor, labels: torch.Tensor) -> float:
    return (predicted == labels).float().mean().item()


def nearest_mean(train: torch.Tensor, train_labels: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    """The class whose mean is nearest to each row."""
    means = torch.stack([train[train_labels == c].mean(0) for c in range(len(CLASS_NAMES))])
    return torch.cdist(test, means).argmin(1)


def logistic_regression(train: torch.Tensor, labels: torch.Tensor, test: torch.Tensor, iterations: int) -> torch.Tensor:
    """Labels that a multinomial logistic regression, fitted by L-BFGS, gives to the rows of `test`."""
    mean, std = train.mean(0), train.std(0)
    train, test = (train - mean) / std, (test - mean) / std
    weight = torch.zeros(train.shape[1], len(CLASS_NAMES), requires_grad=True)
    bias = torch.zeros(len(CLASS_NAMES), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(train @ weight + bias, labels) + 1e-3 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return (test @ weight + bias).argmax(1)


def test_same_arguments_give_the_same_pixels():
    x, y = draw_shapes(300, seed=7)
    again_x, again_y = draw_shapes(300, seed=7)
    assert np.array_equal(x, again_x) and np.array_equal(y, again_y)
    assert x.dtype == np.uint8 and x.shape == (300, 32, 32, 3) and x.flags.c_contiguous
    assert y.dtype == np.int64


def test_threads_and_chunks_do_not_change_the_pixels(monkeypatch):
    x, _ = draw_shapes(203, seed=7)
    monkeypatch.setattr(shapes, "CHUNK_PIXELS", 17 * 32 * 32)
    monkeypatch.setattr(shapes, "N_THREADS", 5)
    assert np.array_equal(draw_shapes(203, seed=7)[0], x)


def test_another_seed_gives_other_pictures():
    x, y = draw_shapes(200, seed=7)
    other_x, other_y = draw_shapes(200, seed=8)
    assert not np.array_equal(y, other_y)
    assert not any(np.array_equal(a, b) for a, b in zip(x, other_x, strict=True))


def test_pixels_are_those_that_were_drawn_when_the_dataset_was_made():
    """Weights and figures depend on these pictures: a change of drawing must be noticed. One level of slack for cos."""
    x, y = draw_shapes(5, seed=0)
    assert [CLASS_NAMES[label] for label in y] == GOLDEN_NAMES
    assert np.abs(x[:, 16, 4::8].astype(int) - GOLDEN_ROW).max() <= 1


@pytest.mark.parametrize("n", [0, 1, 9, 10, 57, 1000])
def test_classes_are_balanced_and_shuffled(n):
    x, y = draw_shapes(n, seed=3)
    counts = np.bincount(y, minlength=10)
    assert len(x) == len(y) == n
    assert counts.max() - counts.min() <= 1
    if n >= 57:
        assert not np.array_equal(y, np.sort(y)) and not np.array_equal(y, np.arange(n) % 10)


def test_a_larger_size_shows_the_same_scenes():
    small, y = draw_shapes(50, seed=5)
    large, large_y = draw_shapes(50, seed=5, size=96)
    assert np.array_equal(y, large_y)
    averaged = large.reshape(50, 32, 3, 32, 3, 3).mean(axis=(2, 4))
    assert np.abs(averaged - small).mean() < 1.5


@pytest.mark.parametrize("arguments", [{"n": -1, "seed": 0}, {"n": 1, "seed": 0, "size": 7}])
def test_what_cannot_be_drawn_is_refused_with_its_numbers(arguments):
    with pytest.raises(ValueError, match=f"n={arguments['n']} and size={arguments.get('size', 32)}"):
        draw_shapes(**arguments)


def test_names_are_ten_and_different():
    assert len(set(CLASS_NAMES)) == len(SHAPES) == 10
    assert CLASS_NAMES[:3] == ("circle", "square", "triangle")


# area in squared radii: from the formula of the shape, where it has one
AREAS = {
    "circle": np.pi * 0.86**2,
    "square": 1.52**2,
    "triangle": 3 * np.sqrt(3) * 0.58**2,
    "star": 10 * 0.5 * 1.10 * 0.50 * np.sin(np.pi / 5),
    "cross": 2 * (1.9 * 0.64) - 0.64**2,
    "ring": np.pi * (0.93**2 - 0.47**2),
    "heart": (0.5 + np.pi * 0.125) * 1.55**2,
}


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_outline_has_its_area_and_no_step_in_its_distance(name):
    axis = np.linspace(-1.3, 1.3, 521, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    distance = SHAPES[CLASS_NAMES.index(name)](x, y)
    step = float(axis[1] - axis[0])
    inside = distance < 0
    area = inside.sum() * step**2
    assert 1.4 < area < 2.4  # near enough to each other that size alone says little
    if name in AREAS:
        assert area == pytest.approx(AREAS[name], rel=0.01)
    assert np.hypot(x, y)[inside].max() < 1.2
    # A distance grows by at most the step; across its edge by just that, which makes the anti-aliasing exact.
    assert max(np.abs(np.diff(distance, axis=axis)).max() for axis in (0, 1)) < 1.01 * step
    slope = np.hypot(*np.gradient(distance, step))
    assert np.median(slope[np.abs(distance) < 2 * step]) == pytest.approx(1.0, abs=0.01)


def test_shapes_are_all_different():
    axis = np.linspace(-1.2, 1.2, 121, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    inside = [shape(x, y) < 0 for shape in SHAPES]
    for i in range(10):
        for j in range(i):
            assert (inside[i] & inside[j]).sum() / (inside[i] | inside[j]).sum() < 0.9


def test_oklch_gives_white_black_and_red():
    """Red is OKLCH(0.62796, 0.25768, 29.234 degrees): CSS Color 4, section 9."""
    colours = oklch_to_srgb(np.array([1.0, 0.0, 0.62796]), np.array([0, 0, 0.25768]), np.radians([0, 0, 29.234]))
    assert colours == pytest.approx(np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0]]), abs=2e-3)


def test_the_label_is_in_no_scene_number():
    """Everything chance chose, but the label, for each class: means as equal as those of shuffled labels."""
    scenes = make_scenes(20_000, np.random.Generator(np.random.PCG64(0)))
    numbers = np.concatenate(
        [getattr(scenes, name).reshape(20_000, -1) for name in vars(scenes) if name != "label"],
        axis=1,
    )
    numbers = (numbers - numbers.mean(0)) / numbers.std(0)
    means = np.stack([numbers[scenes.label == c].mean(0) for c in range(10)])
    assert np.abs(means).max() < 5 / np.sqrt(2_000)  # five standard errors


def test_shape_stands_out_from_its_background():
    scenes = make_scenes(2_000, np.random.Generator(np.random.PCG64(0)))
    luma = np.array([0.299, 0.587, 0.114])
    contrast = np.abs((scenes.fill.mean(1) - scenes.ground.mean(1)) @ luma)
    assert contrast.min() > 0.1
    assert np.mean(scenes.fill.mean(1) @ luma > scenes.ground.mean(1) @ luma) == pytest.approx(0.5, abs=0.05)


def test_colour_alone_gives_nothing(split):
    train, train_labels, test, labels = split
    assert accuracy(nearest_mean(train.mean((2, 3)), train_labels, test.mean((2, 3))), labels) < 0.14

    def statistics(pixels: torch.Tensor) -> torch.Tensor:  # mean and deviation of each channel
        return torch.cat([pixels.mean((2, 3)), pixels.std((2, 3))], dim=1)

    predicted = logistic_regression(statistics(train), train_labels, statistics(test), iterations=30)
    assert accuracy(predicted, labels) < 0.20


def test_place_alone_gives_nothing(split):
    train, train_labels, test, labels = split
    assert accuracy(nearest_mean(train.flatten(1), train_labels, test.flatten(1)), labels) < 0.14
    assert accuracy(nearest_mean(train.abs().flatten(1), train_labels, test.abs().flatten(1)), labels) < 0.20


def test_a_linear_classifier_stays_under_half(split):
    train, train_labels, test, labels = split
    predicted = logistic_regression(train.flatten(1), train_labels, test.flatten(1), iterations=15)
    assert accuracy(predicted, labels) < 0.5


def test_a_small_cnn_passes_nine_tenths(split):
    """Three convolutions, a quarter as wide as the 64/128/256 of the dataset's promise, with batch norm to be quick."""
    train, train_labels, test, labels = split
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in ((3, 16), (16, 32), (32, 64)):
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        layers += [convolution, nn.MaxPool2d(2), nn.BatchNorm2d(outputs), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    epochs, batch = 2, 50
    steps = len(train) // batch
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs * steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(train)).view(steps, batch):
            optimizer.zero_grad()
            F.cross_entropy(model(train[rows]), train_labels[rows]).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        assert accuracy(model.eval()(test).argmax(1), labels) > 0.9
