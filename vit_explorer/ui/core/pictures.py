"""A picture by its name, and the photos of the gallery."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from vit_explorer.data.uploads import load_picture

PREVIEW_SIDE = 320  # pixels
PIXELS_SHOWN = 64  # pixels of a side: pictures up to it are enlarged so that each is seen


class UnknownPicture(KeyError):
    """No picture has this name (any more)."""


class Sample(NamedTuple):
    """A photo inside an installed package.

    ``labels`` are the names that datasets give to the thing it shows, CIFAR-10's and ImageNet's among them.
    """

    package: str
    path: str
    title: str
    labels: tuple[str, ...]


SAMPLES: dict[str, Sample] = {  # in the order of the gallery: the first one is of a class that the shipped models know
    "cat": Sample("vit_explorer", "data/photos/cat.jpg", "Cat", ("cat", "Egyptian cat", "tabby", "tiger cat")),
    "cheetah": Sample("gradio", "media_assets/images/cheetah1.jpg", "Cheetah", ("cheetah",)),
    "lion": Sample("gradio", "media_assets/images/lion.jpg", "Lion", ("lion",)),
    "running": Sample("gradio", "media_assets/images/cheetah.jpg", "Cheetah, running", ("cheetah",)),
    "coffee": Sample("vit_explorer", "data/photos/coffee.jpg", "Coffee", ("coffee", "espresso", "cup")),
    "rocket": Sample("vit_explorer", "data/photos/rocket.jpg", "Rocket", ("rocket", "missile", "projectile")),
    "bus": Sample(
        "gradio", "media_assets/images/bus.png", "Bus (drawn)", ("bus", "minibus", "trolleybus", "school bus")
    ),
    "tower": Sample("gradio", "media_assets/images/tower.jpg", "Eiffel tower", ("tower",)),
    "hopper": Sample(
        "matplotlib", "mpl-data/sample_data/grace_hopper.jpg", "Grace Hopper", ("person", "military uniform")
    ),
}


@dataclass(frozen=True)
class Picture:
    """A picture by its name.

    ``labels`` are the names of the thing it shows, the most common first; empty where that is unknown.
    """

    name: str
    title: str
    image: Image.Image
    labels: tuple[str, ...] = ()

    @property
    def truth(self) -> str | None:
        """The label of the picture, None where it is unknown."""
        return self.labels[0] if self.labels else None

    @property
    def nbytes(self) -> int:
        """What it takes in memory, its preview included as if that could not be compressed."""
        return 3 * self.image.width * self.image.height + 4 * PREVIEW_SIDE * PREVIEW_SIDE

    @cached_property
    def preview(self) -> str:
        """A small JPEG as a data URL, no side longer than PREVIEW_SIDE; a PNG where the page shows single pixels."""
        small = self.image.copy()
        small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        buffer = io.BytesIO()
        form = "png" if max(small.size) <= PIXELS_SHOWN else "jpeg"  # of photographs a quarter of the bytes
        small.save(buffer, form, quality=90, subsampling=0)
        return f"data:image/{form};base64," + base64.b64encode(buffer.getvalue()).decode()


def available_samples() -> list[str]:
    """The names of the photos that the installed packages really carry."""
    return [name for name in SAMPLES if _sample_path(name).is_file()]


def _sample_path(name: str) -> Path:
    sample = SAMPLES[name]
    spec = find_spec(sample.package)
    assert spec is not None and spec.origin is not None, f"{sample.package} is a requirement"
    return Path(spec.origin).parent / sample.path


@lru_cache(maxsize=len(SAMPLES))
def sample(name: str) -> Picture:
    """The photo of this name among SAMPLES. Raises UnknownPicture where its package has not brought it."""
    path = _sample_path(name)
    if not path.is_file():
        raise UnknownPicture(f"sample:{name}")
    return Picture(f"sample:{name}", SAMPLES[name].title, load_picture(path), SAMPLES[name].labels)
