"""Who may import whom, what is pinned, and what must not be loaded at the start."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "vit_explorer"
STANDARD = sys.stdlib_module_names

# The rooms of the package that each room may import from.
ROOMS = {
    "models": {"models"},
    "data": {"data"},
    "explain": {"explain", "models"},
    "text": {"text"},
    "cost": {"cost", "models"},
    "training/loop": {"training", "models", "data", "explain"},
    "training/runs": {"training", "models", "data", "explain", "cost"},
    "training/service": {"training", "models", "data"},
    "training/studies": {"training", "models", "data", "figures"},
    "training/cli": {"training", "models", "data"},
    "figures": {"figures"},
}
# Of training's own rooms, those that each may import from.
TRAINING = {
    "loop": {"loop"},
    "runs": {"runs", "loop"},
    "service": {"service", "runs", "loop"},
    "studies": {"studies", "runs", "loop"},
    "cli": {"cli", "studies", "service", "runs", "loop"},
}
TABS = sorted(path.parent.name for path in (PACKAGE / "ui").glob("*/tab.py"))


class Import(NamedTuple):
    """One imported name in full, such as vit_explorer.models.zoo.MODELS; late if inside a function."""

    name: str
    line: int
    late: bool

    @property
    def room(self) -> str | None:
        """The part of our package it comes from."""
        parts = self.name.split(".")
        return parts[1] if parts[0] == "vit_explorer" and len(parts) > 1 else None


def imports(source: str, package: str) -> Iterator[Import]:
    """All imports of a module that lies in ``package``, those for type checkers left out."""

    def visit(node: ast.AST, late: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*base, node.module] if node.module else base)
            yield from (Import(f"{origin}.{alias.name}", node.lineno, late) for alias in node.names)
        elif not (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            inside = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, inside)

    return visit(ast.parse(source), late=False)


def files(room: str = "") -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def imports_of(path: Path) -> Iterator[Import]:
    return imports(path.read_text(encoding="utf-8"), ".".join(path.parent.relative_to(REPOSITORY).parts))


def is_within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


def test_the_reader_of_imports_sees_every_way_to_write_one():
    source = """
import a.b
from . import c
from ..ui import d
from matplotlib import pyplot as plt
if TYPE_CHECKING:
    import hidden
class K:
    import e
def f():
    try:
        from g import h
    except ImportError:
        pass
"""
    found = [(item.name, item.late) for item in imports(source, "vit_explorer.models")]
    assert found == [
        ("a.b", False),
        ("vit_explorer.models.c", False),
        ("vit_explorer.ui.d", False),
        ("matplotlib.pyplot", False),
        ("e", False),
        ("g.h", True),
    ]


def test_networks_are_asked_what_they_have_and_not_of_which_class_they_are():
    """Outside of models/ no isinstance on a subclass of Network: models/network.py has a property for it."""
    kinds = re.compile(r"isinstance\([^\n]*\b(ViT|DeiT|HybridViT|SwinTransformer|ConvNet|ResNet|\w*PatchEmbedding)\b")
    asked = [
        f"{path.relative_to(REPOSITORY)}: {match.group()}"
        for path in files()
        if not path.is_relative_to(PACKAGE / "models")
        for match in kinds.finditer(path.read_text(encoding="utf-8"))
    ]
    assert asked == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_the_rooms_below_it(room):
    assert files(room), f"there is no room {room}"
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for path in files(room)
        for item in imports_of(path)
        if item.room is not None and item.room not in ROOMS[room]
    ]
    assert wrong == []


def test_every_part_of_training_is_in_a_room():
    assert {path.name for path in (PACKAGE / "training").iterdir() if path.name != "__pycache__"} == {
        "__init__.py",
        *TRAINING,
    }


@pytest.mark.parametrize("room", TRAINING)
def test_the_rooms_of_training_build_on_each_other_one_way(room):
    allowed = {f"vit_explorer.training.{below}" for below in TRAINING[room]}
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for path in files(f"training/{room}")
        for item in imports_of(path)
        if item.room == "training" and not any(is_within(item.name, below) for below in allowed)
    ]
    assert wrong == []


def test_a_tab_imports_the_core_of_the_page_and_no_other_tab():
    assert {"attention", "frame", "train"} <= set(TABS)
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for tab in TABS
        for path in files(f"ui/{tab}")
        for item in imports_of(path)
        if is_within(item.name, "vit_explorer.ui")
        and not (is_within(item.name, "vit_explorer.ui.core") or is_within(item.name, f"vit_explorer.ui.{tab}"))
    ]
    assert wrong == []


def test_the_core_of_the_page_knows_no_tab():
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for path in files("ui/core")
        for item in imports_of(path)
        if is_within(item.name, "vit_explorer.ui") and not is_within(item.name, "vit_explorer.ui.core")
    ]
    assert wrong == []


IMPORTED = re.compile(
    r"""(?:^import\b[^"';]*?|^export\b[^"';]*?\bfrom\s*|\bimport\s*\()["'`]([^"'`]+)["'`]""", re.MULTILINE
)


def imported(source: str) -> list[str]:
    """What a script imports; types, which stand in comments, left out."""
    return IMPORTED.findall(re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))


def test_the_reader_of_scripts_sees_every_way_to_import():
    source = """
import * as a from "./a.js";
import {
  b,
} from "../core/b.js";
import "./c.js";
export { d } from "../d/d.js";
const { e } = await import("../e/e.js");
const text = "import nothing from here";
/** @type {import("../f").F} */
"""
    assert imported(source) == ["./a.js", "../core/b.js", "./c.js", "../d/d.js", "../e/e.js"]


@pytest.mark.parametrize("tab", [*TABS, "core"])
def test_the_scripts_of_a_tab_import_the_core_and_their_own(tab):
    scripts = sorted((PACKAGE / "ui" / tab).glob("*.js"))
    wrong = [
        f"{path.relative_to(REPOSITORY)} imports {name}"
        for path in scripts
        for name in imported(path.read_text(encoding="utf-8"))
        if not re.fullmatch(r"\./[\w-]+\.js|\.\./core/[\w-]+\.js", name) and "${" not in name
    ]
    assert scripts and wrong == []


def test_the_page_has_one_global():
    named = re.compile(r"\b(?:window|globalThis)\.(\w+)(?:\.\w+)*\s*=[^=]|\bvar\s+(\w+)")
    given = {
        (path.name, *found)
        for path in (PACKAGE / "ui").glob("*/*.js")
        for found in named.findall(path.read_text(encoding="utf-8"))
    }
    assert given == {("page.js", "vx", "")}


def test_one_script_knows_where_the_pointer_is():
    """Places in the window are those of an element only where nothing is scaled: core/pointer.js accounts for it."""
    asking = {
        path.name
        for path in (PACKAGE / "ui").glob("*/*.js")
        if re.search(r"\b(client|offset|page|layer)[XY]\b", path.read_text(encoding="utf-8"))
    }
    assert asking == {"pointer.js"}


def test_figures_know_numpy_and_matplotlib_only():
    allowed = {"numpy", "matplotlib", "vit_explorer", *STANDARD}
    wrong = {
        item.name for path in files("figures") for item in imports_of(path) if item.name.split(".")[0] not in allowed
    }
    assert wrong == set()


def test_only_the_page_knows_gradio_and_nothing_knows_the_page():
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for path in files()
        if not path.is_relative_to(PACKAGE / "ui")
        for item in imports_of(path)
        if is_within(item.name, "gradio") or is_within(item.name, "vit_explorer.ui")
    ]
    assert wrong == []


def test_torchvision_and_pyplot_are_imported_where_they_are_used():
    wrong = [
        f"{path.relative_to(REPOSITORY)}:{item.line} imports {item.name}"
        for path in [*files(), *REPOSITORY.glob("*.py")]
        for item in imports_of(path)
        if not item.late and (is_within(item.name, "torchvision") or is_within(item.name, "matplotlib.pyplot"))
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """Which packages are loaded by the package, and then by one room after another, in a process of their own."""
    program = """
import importlib, json, sys
import vit_explorer
loaded = {"": [name for name in ("torch", "numpy", "gradio") if name in sys.modules]}
loaded["first model"] = [vit_explorer.models.model_names()[0]]
for room in ("models", "data", "text", "explain", "cost", "training", "train"):
    importlib.import_module(f"vit_explorer.{room}")
    loaded[room] = [name for name in ("gradio", "torchvision", "matplotlib", "vit_explorer.ui") if name in sys.modules]
print(json.dumps(loaded))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_of_the_package_loads_none_of_its_dependencies(loaded):
    assert loaded[""] == []
    assert loaded["first model"] == ["vit"]  # and the rest is there once it is asked for


def test_the_lower_rooms_load_no_gradio_torchvision_or_matplotlib(loaded):
    rooms = ("models", "data", "text", "explain", "cost", "training", "train")
    assert {room: found for room in rooms if (found := loaded[room])} == {}


def pinned() -> list[str]:
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def test_six_pins_and_nothing_else():
    pins = pinned()
    assert all(re.fullmatch(r"[a-z]+==\d+(\.\d+)+", pin) for pin in pins), pins
    assert {pin.split("==")[0] for pin in pins} == {"torch", "torchvision", "gradio", "matplotlib", "numpy", "pillow"}
    assert len(pins) == 6
    assert {"torch==2.14.1", "torchvision==0.29.2"} <= set(pins)


def test_the_package_asks_for_what_is_pinned():
    """Each pin lies in the range that pyproject.toml allows, and no dependency is without a pin."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    versions = dict(pin.split("==") for pin in pinned())
    assert allowed.keys() == versions.keys()
    assert {name for name, version in versions.items() if version not in allowed[name]} == set()
