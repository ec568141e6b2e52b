"""From a nested file of weights to one flat state dict: which of several copies, and under which prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vit_explorer.models.checkpoint import CheckpointError

# Keys of dicts that hold a state dict, the average of weights before the weights, a teacher before its student.
CONTAINERS = (
    "state_dict_ema", "model_ema", "ema_state_dict", "ema", "teacher", "state_dict", "model_state_dict", "model",
    "student", "module", "net", "network", "backbone",
)  # fmt: skip
# In front of every key of a network that was part of another; the first that occurs is taken off, until none does.
PREFIXES = (
    "module.", "_orig_mod.", "teacher.", "student.", "model.", "network.", "net.", "backbone.", "vision_encoder.",
    "vit.", "deit.", "swin.", "dinov2_with_registers.", "dinov2.",
)  # fmt: skip
RIVALS = {"teacher.": "student."}  # where both occur the second is left out


def flatten(nested: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The state dict inside of a file's dict.

    Returns:
        The tensors by their keys, and the entries beside them that are left out, each with the reason.
    Raises:
        CheckpointError: where there are no tensors.
    """
    ignored: dict[str, str] = {}
    path = ""
    while True:
        chosen = next((key for key in CONTAINERS if isinstance(nested.get(key), Mapping) and nested[key]), None)
        if chosen is None:
            break
        for key in nested:
            if key != chosen:
                kind = "another copy of the weights" if key in CONTAINERS else "is no weight"
                ignored[f"{path}{key}"] = f"{kind}; {path}{chosen} was read"
        path, nested = f"{path}{chosen}.", nested[chosen]
    if not any(isinstance(value, Tensor) for value in nested.values()):
        found = ", ".join(str(key) for key in list(nested)[:5]) or "nothing"
        raise CheckpointError(f"These are no weights of a network: there is no state dict, but {found}.")
    tensors = {key: value for key, value in nested.items() if isinstance(value, Tensor)}
    ignored |= {f"{path}{key}": "is no tensor" for key in nested if key not in tensors}
    return tensors, ignored


def without_prefixes(weights: Mapping[str, Tensor]) -> tuple[dict[str, str], dict[str, str]]:
    """Each key without the prefixes of wrappers: {short key: key}, and the keys left out, each with the reason."""
    keys = {key: key for key in weights}
    ignored: dict[str, str] = {}
    while True:
        prefix = next((prefix for prefix in PREFIXES if any(key.startswith(prefix) for key in keys)), None)
        if prefix is None:
            return keys, ignored
        rival = RIVALS.get(prefix)
        for short in [short for short in keys if rival and short.startswith(rival)]:
            ignored[keys.pop(short)] = f"belongs to the {rival[:-1]}; the {prefix[:-1]} was read"
        shortened: dict[str, str] = {}
        for short, key in keys.items():
            shorter = short.removeprefix(prefix)
            if shorter in shortened or (shorter != short and shorter in keys):
                raise CheckpointError(f"These weights hold two networks: both have {shorter}.")
            shortened[shorter] = key
        keys = shortened
