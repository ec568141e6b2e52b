"""Classes and splits of a folder, told from the names of its files alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from vit_explorer.data.dataset import DatasetError
from vit_explorer.data.listing import Listing

# Names of folders that hold a split, in small letters.
SPLIT_NAMES: dict[str, Literal["train", "test", "validation"]] = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Files by part and class.

    Attributes:
        names: the classes in the order of their labels.
        train, test: (file, label), in the order of their names; ``test`` is None where the folder has no test split.
        notes: sentences about what is left out.
        loose: files that lie in no class's folder.
    """

    names: tuple[str, ...]
    train: list[tuple[str, int]]
    test: list[tuple[str, int]] | None
    notes: tuple[str, ...]
    loose: tuple[str, ...]


def read_layout(listing: Listing) -> Layout:
    """Tell classes and splits: one folder per class, perhaps in folders called train and test (or val).

    Letters may be large or small, "training", "testing", "valid" and "validation" will do, and a folder that holds
    nothing but the whole is looked into. Where there are folders of both, the test folder is the test split.

    Raises:
        DatasetError: if there is no class, or training and test classes differ.
    """
    base = _innermost(listing)
    tops = _children(listing, base)
    parts: dict[str, str] = {}
    for top in tops:
        part = SPLIT_NAMES.get(top.lower())
        if part is not None and _children(listing, f"{base}{top}/") and part not in parts:
            parts[part] = top
    if "train" not in parts:
        names, train, loose = _classes(listing, base)
        _check_filled(listing, base, names, train)
        return Layout(names, train, None, (), loose)
    test_part = "test" if "test" in parts else "validation" if "validation" in parts else None
    used = {parts["train"], *([parts[test_part]] if test_part else [])}
    notes = tuple(f"{top}/ is left out." for top in tops if top not in used)
    names, train, loose = _classes(listing, f"{base}{parts['train']}/")
    _check_filled(listing, f"{base}{parts['train']}/", names, train)
    outside = tuple(name for name in listing.files if name.startswith(base) and "/" not in name[len(base) :])
    if test_part is None:
        return Layout(names, train, None, notes, outside + loose)
    place = f"{base}{parts[test_part]}/"
    test_names, test, more = _classes(listing, place)
    if test_names != names:
        odd = sorted(set(names) ^ set(test_names))
        listed = ", ".join(odd[:3]) + (" and others are" if len(odd) > 3 else " are" if len(odd) > 1 else " is")
        raise DatasetError(
            f"{listing.root / base / parts['train']} and {listing.root / place} hold different classes: "
            f"{listed} in one only."
        )
    _check_filled(listing, place, names, test)
    return Layout(names, train, test, notes, outside + loose + more)


def _innermost(listing: Listing) -> str:
    """The folder in which the classes or splits lie, as a prefix: what holds a single folder of folders is skipped."""
    base = ""
    while True:
        children = _children(listing, base)
        if len(children) != 1 or SPLIT_NAMES.get(children[0].lower()) == "train":
            return base
        inner = f"{base}{children[0]}/"
        depths = Counter(name.count("/") > inner.count("/") for name in listing.files if name.startswith(inner))
        if not _children(listing, inner) or depths[True] <= depths[False]:
            return base
        base = inner


def _children(listing: Listing, prefix: str) -> list[str]:
    """Folders directly in a folder."""
    return sorted(
        name[len(prefix) :] for name in listing.folders if name.startswith(prefix) and "/" not in name[len(prefix) :]
    )


def _classes(listing: Listing, prefix: str) -> tuple[tuple[str, ...], list[tuple[str, int]], tuple[str, ...]]:
    """Classes, their files with labels, and files in no class."""
    names = tuple(_children(listing, prefix))
    labels = {name: label for label, name in enumerate(names)}
    files, loose = [], []
    for name in listing.files:
        if not name.startswith(prefix):
            continue
        first, _, rest = name[len(prefix) :].partition("/")
        if rest:
            files.append((name, labels[first]))
        else:
            loose.append(name)
    files.sort(key=lambda one: one[0].rpartition("/")[::2])  # a folder's own files before those of its folders
    return names, files, tuple(loose)


def _check_filled(listing: Listing, prefix: str, names: tuple[str, ...], files: list[tuple[str, int]]) -> None:
    """Refuse a folder without classes, and a class without a file, with its place."""
    if not names:
        raise DatasetError(f"{listing.root} is no image folder: it needs one folder of pictures per class.")
    held = {label for _, label in files}
    empty = [name for label, name in enumerate(names) if label not in held]
    if empty:
        others = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
        raise DatasetError(
            f"{listing.root / prefix / empty[0]}{others} holds no picture: every class needs some, so fill the folder "
            "or remove it."
        )
