"""Files of visitors: each finds its own alone, in parts that may come twice, until its time is over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vit_explorer.ui.core.brought import MAX_FILE_BYTES, PUBLIC_BRING, BringError, BringLimits, Brought, shown_data


@pytest.fixture
def brought(tmp_path) -> Brought:
    return Brought(tmp_path / "brought")


def test_parts_follow_each_other_and_may_come_twice(brought):
    held = brought.begin("mine", "pets.zip", 6)
    assert (held.title, held.path.name, held.complete) == ("pets", "pets.zip", False)
    assert brought.append("mine", held.name, 0, b"abc") == 3
    assert brought.append("mine", held.name, 0, b"abc") == 3
    with pytest.raises(BringError, match="lost"):
        brought.append("mine", held.name, 4, b"x")
    assert brought.append("mine", held.name, 3, b"def") == 6
    assert brought.finish("mine", held.name).complete
    assert held.path.read_bytes() == b"abcdef"
    with pytest.raises(BringError, match="arrived already"):
        brought.append("mine", held.name, 6, b"more")


def test_another_visitor_has_no_part_in_it(brought):
    held = brought.begin("mine", "pets.zip", 6)
    assert brought.of("other") == [] and [one.name for one in brought.of("mine")] == [held.name]
    for attempt in (
        lambda: brought.append("other", held.name, 0, b"x"),
        lambda: brought.finish("other", held.name),
        lambda: brought.remove("other", held.name),
        lambda: brought.get("mine", "own-" + "0" * 24),
        lambda: brought.get("mine", "../../etc"),
    ):
        with pytest.raises(BringError, match="no longer here"):
            attempt()
    assert held.path.exists()
    assert "mine" not in (held.path.parent / "about.json").read_text()


@pytest.mark.parametrize(
    ("given", "title", "file"),
    [
        ("../../evil.zip", "evil", "evil.zip"),
        ("C:\\Users\\me\\Größe & co.ZIP", "Größe & co", "Größe _ co.zip"),
        ("....npz", "...", "pictures.npz"),
        ("a\0b\n.npz", "a\0b\n", "a_b_.npz"),
        (f"{'x' * 300}.zip", "x" * 76, f"{'x' * 60}.zip"),
    ],
)
def test_a_name_leads_nowhere_else(brought, given, title, file):
    held = brought.begin("mine", given, 1)
    assert (held.title, held.path.name) == (title, file)
    assert held.path.parent.parent == brought.folder


def test_the_limits(brought):
    for name, size, words in (("a.exe", 1, "neither"), ("a.zip", 0, "512 MB"), ("a.zip", MAX_FILE_BYTES + 1, "512 MB")):
        with pytest.raises(BringError, match=words):
            brought.begin("mine", name, size)
    for _ in range(3):
        last = brought.begin("mine", "a.npz", 5)
    with pytest.raises(BringError, match="remove one"):
        brought.begin("mine", "a.npz", 5)
    with pytest.raises(BringError, match="512 MB"):
        brought.append("mine", last.name, 0, _Long(MAX_FILE_BYTES + 1))
    brought.remove("mine", last.name)
    assert brought.begin("mine", "a.npz", 5).size == 5


def test_a_public_page_takes_less_of_each_visitor(tmp_path):
    public = Brought(tmp_path / "public", PUBLIC_BRING)
    with pytest.raises(BringError, match="64 MB"):
        public.begin("mine", "a.zip", 65 * 2**20)
    held = public.begin("mine", "a.zip", 64 * 2**20)
    with pytest.raises(BringError, match="a set of pictures already"):
        public.begin("mine", "b.zip", 1)
    with pytest.raises(BringError, match="64 MB"):
        public.append("mine", held.name, 0, _Long(64 * 2**20 + 1))


def test_what_was_promised_counts_before_it_has_come(tmp_path):
    brought = Brought(tmp_path / "brought", BringLimits(file_bytes=10, total_bytes=12))
    first = brought.begin("first", "a.zip", 8)
    with pytest.raises(BringError, match="as it can"):
        brought.begin("second", "a.zip", 5)
    second = brought.begin("second", "a.zip", 4)
    assert brought.append("first", first.name, 0, b"12345678") == 8
    assert brought.append("second", second.name, 0, b"1234") == 4
    for held, owner in ((first, "first"), (second, "second")):
        with pytest.raises(BringError, match="as it can"):  # more than was promised, and no room
            brought.append(owner, held.name, held.size, b"9")
    assert [held.size for held in Brought(tmp_path / "brought").all()] == [8, 4]
    brought.remove("second", second.name)
    assert brought.append("first", first.name, 8, b"9") == 9


class _Long(bytes):
    """Bytes that say that they are many."""

    def __new__(cls, length: int) -> _Long:
        made = super().__new__(cls)
        made.length = length
        return made

    def __len__(self) -> int:
        return self.length


def test_a_file_is_gone_some_time_after_its_last_use(tmp_path):
    forgotten: list[str] = []
    clock = [0.0]
    brought = Brought(tmp_path, forgotten=forgotten.append, clock=lambda: clock[0])
    used, unused = (brought.begin("mine", name, 1) for name in ("used.zip", "unused.zip"))
    for held in (used, unused):
        os.utime(held.path.parent / "about.json", (1000, 1000))
    os.utime(used.path.parent / "about.json", (3000, 3000))
    clock[0] = 2000 + 3600.0 * brought.limits.hours
    brought.sweep()
    assert forgotten == [unused.name] and not unused.path.parent.exists()
    brought.use(used.name)
    assert (used.path.parent / "about.json").stat().st_mtime > 3000


def test_files_are_found_again_after_a_restart(tmp_path):
    held = Brought(tmp_path).begin("mine", "pets.zip", 1)
    Brought(tmp_path).finish("mine", held.name)
    (again,) = Brought(tmp_path).of("mine")
    assert (again.name, again.title, again.complete) == (held.name, "pets", True)
    (tmp_path / "own-x").mkdir()
    for text in ("{", "[1]", '{"title": "a", "file": "../x", "owner": "b"}'):
        (held.path.parent / "about.json").write_text(text)
        assert Brought(tmp_path).all() == []


def test_the_name_of_a_file_is_told_without_its_place(tmp_path):
    inside = str(tmp_path / "brought" / "own-1" / "pets.zip")
    assert shown_data(inside, tmp_path) == "pets.zip"
    assert shown_data("/data/pets.zip", tmp_path) == "/data/pets.zip"
    assert shown_data("cifar10", Path("runs")) == "cifar10"
