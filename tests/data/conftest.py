"""No test of these finds data by accident."""

from pathlib import Path

import pytest

from vit_explorer.data.cifar10 import DATA_VARIABLE


@pytest.fixture(autouse=True)
def nowhere(tmp_path_factory, monkeypatch) -> Path:
    """An empty working folder, and the variable is not set."""
    folder = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(folder)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    return folder
