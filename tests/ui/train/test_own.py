"""A visitor's own data through the page: from the first part to a race, seen by nobody else."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.ui.train.visits import MINE, YOURS, QuietService, Visit
from vit_explorer.data.cifar10 import DATA_VARIABLE
from vit_explorer.training.runs.race import Race
from vit_explorer.ui.compare.picture import TimesRequest, compare_times
from vit_explorer.ui.core.kept import made_from
from vit_explorer.ui.core.pictures import UnknownPicture
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session

PATIENCE = 60.0  # seconds


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A page to which data can be brought, without a race and without CIFAR-10."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    runs = tmp_path / "runs"
    session = Session(tmp_path, [tmp_path / "weights"], brought=runs / "brought")
    return Visit(session, QuietService(runs), None)


def pets(per_class: int = 5, **more: bytes) -> bytes:
    """An archive of two classes of noise."""
    chance = np.random.default_rng(0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("cat", "dog"):
            for number in range(per_class):
                picture = io.BytesIO()
                Image.fromarray(chance.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(picture, "PNG")
                archive.writestr(f"pets/{name}/{number}.png", picture.getvalue())
        for name, data in more.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def bring(visit: Visit, data: bytes, name: str = "pets.zip", owner: str = MINE) -> str:
    """All of it, in two parts."""
    key = visit.ask("bring", owner, name=name, size=len(data))["data"]
    half = len(data) // 2
    for at, part in ((0, data[:half]), (half, data[half:])):
        answer = visit.ask("bring_part", owner, data=key, at=at, part=base64.b64encode(part).decode())
        assert answer == {"received": at + len(part)}
    assert visit.ask("bring_end", owner, data=key) == {}
    return key


def read(visit: Visit, owner: str = MINE) -> list[dict]:
    """What the visitor has brought, once it has been read."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        held = visit.ask("own", owner)["held"]
        if all(one["state"] != "reading" for one in held):
            return held
    raise AssertionError("still reading")


def test_a_preview_tells_classes_counts_and_what_was_skipped(visit):
    key = bring(visit, pets(**{"pets/cat/notes.txt": b"no picture", "pets/dog/broken.png": b"\x89PNG\r\n\x1a\n"}))
    (held,) = read(visit)
    assert (held["data"], held["title"], held["state"], held["img_size"]) == (key, "pets", "ready", 32)
    assert held["classes"] == [{"name": "cat", "train": 4, "test": 1}, {"name": "dog", "train": 4, "test": 1}]
    assert (held["n_skipped"], [one["name"] for one in held["skipped"]]) == (
        2,
        ["pets/cat/notes.txt", "pets/dog/broken.png"],
    )
    assert "not a picture" in held["skipped"][0]["reason"] and "damaged" in held["skipped"][1]["reason"]


def test_a_race_on_own_data_is_created_and_its_owner_alone_sees_the_pictures(visit, tmp_path):
    key = bring(visit, pets())
    read(visit)
    (mine,) = [one for one in visit.ask("lobby")["datasets"] if one["name"] == key]
    assert (mine["title"], mine["n_train"], mine["n_test"], mine["classes"]) == ("pets", 8, 2, ["cat", "dog"])
    planned = visit.ask("planned", data=key, preset="vit-cnn", subset=None, epochs=2)["contenders"]
    chosen = [{"label": one["label"], **one["recipe"]} for one in planned]
    name = visit.ask("start", data=key, preset="vit-cnn", probe=0, title="Pets", contenders=chosen)["race"]
    race = Race.open(visit.service.runs_folder, name)
    assert {Path(recipe.data).name for recipe in race.recipes().values()} == {"pets.zip"}
    seen = {owner: visit.ask("follow", owner, race=name, cursors={}) for owner in (MINE, YOURS)}
    assert seen[MINE]["setting"]["classes"] == ["cat", "dog"] and seen[MINE]["setting"]["probe"]["label"] == "cat"
    assert seen[MINE]["contenders"][0]["recipe"]["data"] == key
    assert seen[YOURS]["setting"] == {"classes": None, "probe": None}
    assert seen[YOURS]["contenders"][0]["recipe"]["data"] == "pets"
    others = json.dumps([seen[YOURS], visit.ask("lobby", YOURS), visit.ask("own", YOURS)])
    for secret in (key, str(tmp_path), "brought"):
        assert secret not in others
    commands = visit.ask("commands", YOURS, race=name)["commands"]
    assert all("--data pets.zip" in one["command"] and str(tmp_path) not in one["command"] for one in commands)
    refused = visit.ask("start", YOURS, data=key, preset="vit-cnn", probe=0, title="Theirs", contenders=chosen)
    assert "no longer here" in refused["error"]


def test_what_is_deleted_is_gone(visit):
    key = bring(visit, pets())
    read(visit)
    assert visit.session.picture(f"{key}:1").title == "pets test picture 1"
    assert "no longer here" in visit.ask("drop_own", YOURS, data=key)["error"]
    assert visit.ask("drop_own", data=key) == {}
    assert read(visit) == [] and key not in visit.session.datasets.names
    assert list((visit.service.runs_folder / "brought").iterdir()) == []
    with pytest.raises(UnknownPicture):
        visit.session.picture(f"{key}:1")
    assert key not in str(visit.ask("lobby"))


def test_no_answer_about_a_visitors_pictures_is_kept(visit):
    key = bring(visit, pets())
    read(visit)
    (function,) = serve(visit.session, compare=compare_times)
    for picture, keeps in ((f"{key}:1", False), ("shapes:1", True)):
        request = TimesRequest(picture, "crop")
        assert (made_from(function, request) is not None) == keeps


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"no archive", "pets.zip", "cannot be read"),
        (b"no archive", "pets.npz", "cannot be read"),
        (pets(**{"../../x.png": b"x"}), "pets.zip", "lies outside"),
        (pets(per_class=1), "pets.zip", "too few pictures"),
        (pets(**{"pets/fox/x.txt": b"x"}), "pets.zip", "pets.zip/pets/fox holds no picture"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_without_the_servers_folders(visit, tmp_path, data, name, words):
    bring(visit, data, name)
    (held,) = read(visit)
    assert held["state"] == "failed" and words in held["reason"]
    assert str(tmp_path) not in held["reason"] and "own-" not in held["reason"]


def test_a_bomb_is_refused_before_it_is_unpacked(visit, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(12):
            archive.writestr(f"pets/cat/{number}.png", bytes(100 * 2**20))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    bring(visit, buffer.getvalue())
    (held,) = read(visit)
    assert "unpacks to 1,200 MB" in held["reason"]


def test_data_are_there_again_after_a_restart(visit, tmp_path):
    key = bring(visit, pets())
    again = Visit(Session(tmp_path, [tmp_path / "weights"], brought=tmp_path / "runs" / "brought"), visit.service, None)
    (held,) = read(again)
    assert (held["data"], held["state"]) == (key, "ready")


def test_a_page_without_such_a_folder_takes_none(tmp_path):
    visit = Visit(Session(tmp_path, [tmp_path / "weights"]), QuietService(tmp_path / "runs"), None)
    assert "--own-data" in visit.ask("bring", name="pets.zip", size=5)["error"]
    assert visit.ask("lobby")["brings"] is False
