"""TypeScript declarations of what the server sends, made from the TypedDicts of all views.

python -m vit_explorer.ui.payload_types    # writes core/payloads.d.ts
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import vit_explorer.ui

FILE = Path(__file__).parent / "core" / "payloads.d.ts"
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "any"}


def main() -> None:
    """Write the declarations."""
    FILE.write_text(declarations(), encoding="utf-8")


def declarations() -> str:
    """One interface for each TypedDict, and ``Answers``: the answer of each function that scripts call, by its name."""
    answers: dict[str, list[Any]] = {}
    for name, answer in served():
        answers.setdefault(name, []).append(answer)
    lines = [
        "/* Made by python -m vit_explorer.ui.payload_types from the TypedDicts of the server: do not edit. */",
        "",
    ]
    lines += ["export interface Answers {"]
    for name, kinds in sorted(answers.items()):
        lines.append(f"  {name}: {' | '.join(dict.fromkeys(typescript(kind) for kind in kinds))};")
    lines += ["}", ""]
    for kind in sorted(payloads(answers), key=lambda kind: kind.__name__):
        lines += [f"export interface {kind.__name__} {{"]
        for name, hint in get_type_hints(kind, include_extras=True).items():
            mark = "" if name in kind.__required_keys__ else "?"
            lines.append(f"  {name}{mark}: {typescript(hint)};")
        lines += ["}", ""]
    return "\n".join(lines)


def served() -> Iterator[tuple[str, Any]]:
    """Name and type of the answer of each function that a tab gives to ``serve``."""
    for module in modules():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "serve":
                for keyword in node.keywords:
                    if keyword.arg is not None:
                        yield keyword.arg, answer_of(module, keyword.value)


def answer_of(module: types.ModuleType, function: ast.expr) -> Any:
    """The type that a function returns; Any for one that cannot be found by its name in the module."""
    found: Any = module
    for name in ast.unparse(function).split("."):
        found = getattr(found, name, None)
    return get_type_hints(found).get("return", Any) if callable(found) else Any


def modules() -> Iterator[types.ModuleType]:
    """All modules of the page."""
    for found in pkgutil.walk_packages(vit_explorer.ui.__path__, f"{vit_explorer.ui.__name__}."):
        yield importlib.import_module(found.name)


def payloads(answers: dict[str, list[Any]]) -> list[Any]:
    """All TypedDicts of the page and of its answers. Raises ValueError for two of one name."""
    kinds: dict[str, Any] = {}

    def add(hint: Any) -> None:
        if is_typeddict(hint):
            if kinds.setdefault(hint.__name__, hint) is not hint:
                raise ValueError(f"{hint.__module__} and {kinds[hint.__name__].__module__} both define {hint.__name__}")
            hints = list(get_type_hints(hint, include_extras=True).values())
        else:
            hints = list(get_args(hint))
        for part in hints:
            if part is not hint and not isinstance(part, str) and getattr(part, "__name__", None) not in kinds:
                add(part)

    for module in modules():
        for value in vars(module).values():
            if is_typeddict(value):
                add(value)
    for kind in (kind for group in answers.values() for kind in group):
        add(kind)
    return list(kinds.values())


def typescript(hint: Any) -> str:
    """A type of Python as one of TypeScript. Raises TypeError for one that JSON does not carry."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if is_typeddict(hint):
        return str(hint.__name__)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(typescript(one) for one in inner))
    if origin is Literal:
        return " | ".join(f'"{one}"' if isinstance(one, str) else str(one).lower() for one in inner)
    if origin in (NotRequired, Required):
        return typescript(inner[0])
    if origin in (list, Sequence) or (origin is tuple and inner[-1] is ...):
        return f"Array<{typescript(inner[0])}>"
    if origin is tuple:
        return f"[{', '.join(typescript(one) for one in inner)}]"
    if hint == Mapping[str, Any]:  # an answer of which no more is said
        return "any"
    if origin in (dict, Mapping) or hint is dict:
        return f"Record<{typescript(inner[0])}, {typescript(inner[1])}>" if inner else "Record<string, any>"
    raise TypeError(f"{hint} has no counterpart in TypeScript")


if __name__ == "__main__":
    main()
