"""What the tests of several rooms share: a dataset small enough to be learned in a blink, and one thread a process."""

import os
import signal
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from tests.files import save_npz
from vit_explorer.data import shapes, sources
from vit_explorer.data.cifar10 import find_cifar10, open_cifar10
from vit_explorer.data.sources import Dataset, Split

# As many test processes as cores run at once: more threads in each, or in the programs they start, would only wait.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

# A shell starts what runs in its background with Ctrl-C ignored, and children inherit that. The tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def tiny_split(per_class: int, seed: int) -> Split:
    """Three classes of 8 x 8 noise, each brighter than the one before, in shuffled order."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(3).repeat(per_class)[torch.randperm(3 * per_class, generator=generator)]
    noise = torch.randint(0, 90, (len(y), 3, 8, 8), generator=generator)
    return Split((noise + 80 * y[:, None, None, None]).to(torch.uint8), y)


@pytest.fixture(scope="session", autouse=True)
def _no_downloaded_networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which pretrained networks a developer has downloaded changes no test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trainings of a user take turns by locks among the temporary files: none of another program is waited for."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patched.setattr(tempfile, "tempdir", None)  # so that TMPDIR is read anew
        yield


@pytest.fixture(scope="session", autouse=True)
def _opened_once() -> Iterator[None]:
    """Each page that a test builds opens the same data: CIFAR-10 is read, and the shapes are drawn, by the first."""
    here = find_cifar10()

    @cache
    def whole() -> Dataset:
        return open_cifar10(here)

    def again(root: str | os.PathLike[str] | None) -> Dataset:
        return whole() if here is not None and find_cifar10(root) == here else open_cifar10(root)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shapes, "draw_shapes", cache(shapes.draw_shapes))
        patched.setattr(sources, "open_cifar10", again)
        yield


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """24 training and 9 test pictures of 8 x 8 pixels in three classes."""
    train, test = tiny_split(8, seed=1), tiny_split(3, seed=2)
    return Dataset("tiny", train, test, ("dark", "grey", "light"), "made here", "drawn apart")


@pytest.fixture
def tiny_npz(tiny: Dataset, tmp_path: Path) -> Path:
    """The same as a file."""
    return save_npz(tiny, tmp_path / "tiny.npz")
