"""Where weights are found and where runs go, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from vit_explorer.models import folders


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """An installed package, the working directory beside it, and the user's data folder."""
    package = tmp_path / "site-packages" / "vit_explorer"
    (package / "checkpoints").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(folders, "PACKAGE", package)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(folders.sys, "platform", "linux")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def forbid(monkeypatch, *locked: Path) -> None:
    """Let the system say that nothing can be written into these folders; the tests may run as root."""
    monkeypatch.setattr(folders.os, "access", lambda path, _: Path(path) not in locked)


def test_the_checkout_holds_weights_and_runs():
    root = Path(__file__).resolve().parents[2]
    assert folders.checkout() == root
    assert folders.shipped_checkpoints() == root / "checkpoints"
    assert (root / "checkpoints" / "vit-cifar10.pt").is_file()
    assert folders.runs_folder() == root / "runs"


def test_an_installed_package_brings_its_weights(installed):
    (installed / "site-packages" / "pyproject.toml").touch()  # some packages leave one there
    assert folders.checkout() is None
    assert folders.shipped_checkpoints() == installed / "site-packages" / "vit_explorer" / "checkpoints"


def test_an_installed_package_writes_runs_in_the_working_directory(installed):
    assert folders.runs_folder() == installed / "here" / "runs"
    assert not (installed / "here" / "runs").exists()


def test_runs_go_to_the_user_where_the_working_directory_cannot_be_written(installed, monkeypatch):
    forbid(monkeypatch, installed / "here")
    assert folders.runs_folder() == installed / "data" / "vit-explorer" / "runs"


def test_a_runs_folder_that_exists_decides_itself(installed, monkeypatch):
    runs = installed / "here" / "runs"
    runs.mkdir()
    forbid(monkeypatch, installed / "here")
    assert folders.runs_folder() == runs
    forbid(monkeypatch, runs)
    assert folders.runs_folder() == installed / "data" / "vit-explorer" / "runs"
    runs.rmdir()
    runs.touch()  # a file
    assert folders.runs_folder() == installed / "data" / "vit-explorer" / "runs"


def test_a_checkout_that_cannot_be_written_leaves_runs_to_the_working_directory(installed, monkeypatch):
    source = installed / "source"
    (source / "vit_explorer").mkdir(parents=True)
    (source / "pyproject.toml").touch()
    monkeypatch.setattr(folders, "PACKAGE", source / "vit_explorer")
    assert folders.runs_folder() == source / "runs"
    forbid(monkeypatch, source)
    assert folders.runs_folder() == installed / "here" / "runs"


@pytest.mark.parametrize("named", ["", "relative/data"])
def test_without_an_absolute_xdg_data_home_it_is_in_the_home(installed, monkeypatch, named):
    monkeypatch.setenv("XDG_DATA_HOME", named)
    monkeypatch.setenv("HOME", str(installed / "home"))
    assert folders.user_data_folder() == installed / "home" / ".local" / "share" / "vit-explorer"
