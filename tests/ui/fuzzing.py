"""Requests that no page sends: by the annotations of a request, right here and wrong there, from a seed."""

from __future__ import annotations

import json
import random
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from vit_explorer.ui.core.requests import Range

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 255, 10**6, 2**31, 2**63, -(2**63), 10**40, 0.5, -0.0, 1e-300, 1e300,
    float("nan"), float("inf"), "", " ", "a", "0", "None", "../../etc/passwd", "/etc/passwd", "C:\\", "a\0b", "\ud800",
    "\n", "\u202e", "x" * 5000, "sample:", ":", "cifar10:99999999999999999999", "shapes:-1", "shapes:\u00b2",
    "upload:../x", "__class__", [], {}, [[]], [None], [[1, 2]], [[-1, 99]], {"": ""}, {"a": [1]}, [0] * 300,
)  # fmt: skip
NUMBERS = (-1, 0, 1, 2, 3, 5, 8, 16, 63, 64, 197, 10**4, 2**31 - 1, 2**53, 10**30)


@dataclass(frozen=True)
class Fuzzer:
    """A source of requests.

    Attributes:
        names: strings that mean something to the server, by the field's name.
        wild: how often a value is replaced by an odd one.
    """

    lot: random.Random
    names: Mapping[str, Sequence[str]]
    wild: float = 0.12

    def request(self, kind: type | None) -> Any:
        """A request for this dataclass: an object of its fields most of the time."""
        if kind is None or self.lot.random() < 0.04:
            return self.odd()
        made = {key: self.value(hint, key) for key, hint in self.hints(kind).items() if self.lot.random() > 0.02}
        if self.lot.random() < 0.05:
            made[self.lot.choice(["extra", "__class__", ""])] = self.odd()
        return made

    def hints(self, kind: type) -> dict[str, Any]:
        hints = get_type_hints(kind, include_extras=True)
        return {field.name.rstrip("_"): hints[field.name] for field in fields(kind)}

    def odd(self) -> Any:
        value = self.lot.choice(ODD)
        return json.loads(json.dumps(value))  # a copy of its own

    def value(self, hint: Any, key: str) -> Any:
        if self.lot.random() < self.wild:
            return self.odd()
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return None if self.lot.random() < 0.3 else self.value(inner[0], key)
        if origin is Literal:
            return self.lot.choice(inner)
        if origin is Annotated:
            return self.number(inner[0], inner[1])
        if origin is tuple:
            if inner[-1] is Ellipsis:
                return [self.value(inner[0], key) for _ in range(self.lot.choice((0, 1, 1, 2, 5)))]
            return [self.value(one, key) for one in inner]
        if origin is dict:
            labels = self.names.get("keys:" + key, self.names["label"])
            if inner[1] is Any:
                return {label: self.value(str, label) for label in labels if self.lot.random() > 0.03}
            return {self.lot.choice(labels): self.value(inner[1], key) for _ in range(self.lot.choice((0, 1, 2)))}
        if is_dataclass(hint):
            return self.request(hint)
        if hint is bool:
            return self.lot.random() < 0.5
        if hint in (int, float):
            return self.number(hint, None)
        if key in self.names:
            return self.lot.choice(self.names[key])
        return self.lot.choice(("", "a", "vit", "cls", "x" * 90))

    def number(self, kind: type, bounds: Range | None) -> Any:
        if bounds is not None and self.lot.random() < 0.8:
            low, high = bounds.low, bounds.high
            return self.lot.randint(int(low), int(high)) if kind is int else self.lot.uniform(low, high)
        return self.lot.choice(NUMBERS) if kind is int else self.lot.choice((*NUMBERS, 0.1, 0.5, 1.5, -0.5))
