"""The files of a folder or of a .zip archive, under names relative to it, read one by one and never unpacked."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vit_explorer.data.dataset import DatasetError

# What systems and programs leave in folders, in small letters; names that begin with a dot are left out as well.
SYSTEM_NAMES = {
    "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "@eadir", "__macosx", "$recycle.bin", "lost+found",
    "system volume information", "__pycache__",
}  # fmt: skip
DIRECTORY_BYTES = 2_000  # of an archive's directory, at most for a file: its name and what systems add
ENCRYPTED = 0x1  # a flag of a member of a .zip archive


@dataclass(frozen=True)
class Listing:
    """Files by their names with their sizes in bytes, and all folders; names are relative, with "/" between parts.

    Hidden and system files are not among them. ``unreadable`` names folders that could not be looked into.
    """

    root: Path
    files: dict[str, int]
    folders: set[str]
    unreadable: tuple[str, ...] = ()
    archive: zipfile.ZipFile | None = field(default=None, repr=False)
    members: dict[str, zipfile.ZipInfo] = field(default_factory=dict, repr=False)

    def read(self, name: str, limit: int) -> bytes:
        """At most ``limit`` bytes of a file. Raises OSError, or what a damaged archive makes its reader raise."""
        if self.archive is None:
            with open(self.root / name, "rb") as file:
                return file.read(limit)
        with self.archive.open(self.members[name]) as member:
            return member.read(limit)


def check_archive(path: Path, max_files: int, max_bytes: int) -> None:
    """Refuse a .zip or .npz archive that lists more, or would unpack to more.

    The directory at its end is measured before it is parsed: a small archive may list millions of files.

    Raises:
        DatasetError: with the limit.
    """
    try:
        with open(path, "rb") as file:
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # what ZipFile parses by
        if end is not None and end[zipfile._ECD_SIZE] > DIRECTORY_BYTES * max_files:  # type: ignore[attr-defined]
            raise DatasetError(f"{path} lists too many files: at most {max_files:,} are taken.")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}.") from error
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can make its reader raise anything
        raise DatasetError(f"{path} cannot be read as an archive: {error}.") from error
    if len(members) > 2 * max_files:  # with its folders and hidden files
        raise DatasetError(f"{path} lists {len(members):,} files: at most {max_files:,} are taken.")
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise DatasetError(f"{path} unpacks to {total / 2**20:,.0f} MB: at most {max_bytes >> 20:,} MB are taken.")


def list_files(path: Path) -> Listing:
    """The listing of a folder or of a .zip archive. Raises DatasetError."""
    return list_folder(path) if path.is_dir() else list_archive(path)


def list_folder(folder: Path) -> Listing:
    """List a folder. A link to a folder is followed unless it leads into this one or back to where it came from."""
    files: dict[str, int] = {}
    folders: set[str] = set()
    unreadable: list[str] = []
    home = Path(os.path.realpath(folder))
    seen = {str(home)}

    def visit(place: Path, prefix: str) -> None:
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            unreadable.append(prefix or str(folder))
            return
        for entry in entries:
            if is_hidden(entry.name):
                continue
            name = f"{prefix}{entry.name}"
            try:
                if entry.is_dir():
                    real = Path(os.path.realpath(entry.path))
                    inside = real == home or home in real.parents or real in home.parents
                    if str(real) in seen or (entry.is_symlink() and inside):
                        continue
                    seen.add(str(real))
                    folders.add(name)
                    visit(Path(entry.path), f"{name}/")
                elif stat.S_ISREG((found := entry.stat()).st_mode):
                    files[name] = found.st_size
            except OSError:
                unreadable.append(name)

    visit(folder, "")
    return Listing(folder, files, folders, tuple(unreadable))


def list_archive(path: Path) -> Listing:
    """List a .zip archive, which stays open as long as its listing is in use.

    Raises:
        DatasetError: if it cannot be read, is encrypted, or names files outside of itself.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}.") from error
    except Exception as error:  # a damaged archive can make its reader raise anything
        raise DatasetError(f"{path} cannot be read as a .zip archive: {error}.") from error
    files: dict[str, int] = {}
    folders: set[str] = set()
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        said = member.filename.replace("\\", "/")  # as some programs on Windows write them
        name = PurePosixPath(said)
        if name.is_absolute() or ".." in name.parts or said[1:2] == ":":
            raise DatasetError(f"{path} holds a file called {said[:80]!r}, which lies outside of it: it is not opened.")
        if member.flag_bits & ENCRYPTED:
            raise DatasetError(f"{path} is encrypted: pack it without a password.")
        if any(is_hidden(part) for part in name.parts) or not name.parts:
            continue
        folders.update(str(parent) for parent in name.parents if parent.parts)
        if member.is_dir():
            folders.add(str(name))
        elif not stat.S_ISLNK(member.external_attr >> 16):
            files[str(name)], members[str(name)] = member.file_size, member
    return Listing(path, files, folders, archive=archive, members=members)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden, or made by a system for itself."""
    return name.startswith(".") or name.casefold() in SYSTEM_NAMES


def file_times(folder: Path) -> Iterator[tuple[str, int]]:
    """Paths in a folder, itself included, and when each was last written, in ns; for noticing changes."""
    listing = list_folder(folder)
    for name in ("", *sorted(listing.folders), *sorted(listing.files)):
        place = folder / name
        yield str(place), place.stat().st_mtime_ns if place.exists() else 0
