"""One service with a real worker, and what an undisturbed race says, for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files import save_npz
from tests.training.racing import (
    MEDIUM,
    Told,
    make,
    reach,
    service_at,
    written,
)
from vit_explorer.training.service.service import TrainingService


@pytest.fixture(scope="package", autouse=True)
def _slots_of_our_own(tmp_path_factory) -> Iterator[None]:
    """Other trainings on this machine are not waited for."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("slots")))
        yield


@pytest.fixture(scope="package")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="package")
def service(root) -> Iterator[TrainingService]:
    """One service with one worker for most tests; each leaves it without a race."""
    with service_at(root) as opened:
        yield opened


@pytest.fixture(scope="package")
def undisturbed(service, root, tiny, tmp_path_factory) -> Told:
    """What two contenders write down when nobody interferes."""
    race = make(root, save_npz(tiny, tmp_path_factory.mktemp("data") / "tiny.npz"), one=MEDIUM, two=MEDIUM)
    service.submit(race)
    assert reach(service, race, "finished", "failed")["reason"] is None
    return written(race)
