"""Names of weights in other people's networks, as tables of rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from torch import Tensor

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.report import Known
from vit_explorer.models.windows import Padding

Family = Literal["vit", "swin", "resnet", "cnn"]
Rule = tuple[str, str]

PLACEHOLDERS = {"kind": "weight|bias"}  # all others stand for a whole number

REFUSED: tuple[Rule, ...] = (
    (r"\.logit_scale$|cpb_mlp|continuous_position_bias",
     "it is a Swin v2, whose cosine attention and continuous position bias differ from the Swin of 2021"),
    (r"\.mlp\.(w12|w3|fc1_g|weights_in|gate_proj)\b", "its MLPs are SwiGLU, which has a gate"),
    (r"(^|\.)(norm_pre|pre_layrnorm|pre_layernorm|ln_pre)\.",
     "it normalises the tokens before the first block, as CLIP does (pre-norm)"),
    (r"attn_grid|grid_attention|attn_block\.rel_pos|MBconv", "it is a MaxViT: convolutions, block and grid attention"),
    (r"\.(q_norm|k_norm|query_norm|key_norm)\.", "it normalises queries and keys in each head"),
    (r"attn_pool|MAPHead|\.attention_pool|^head\.probe", "its head has attention of its own, as in SigLIP"),
    (r"(^|\.)rope|\.freqs(_cis)?$", "its positions are rotary"),
    (r"^(blocks|encoder\.layer)\.\d+\.(attn|attention).*relative_position_bias|\.attn\.(q|v)_bias$",
     "it is a BEiT or EVA, whose attention has biases or positions of its own"),
    (r"absolute_pos_embed|^embeddings\.position_embeddings_swin", "it is a Swin with absolute positions"),
)  # fmt: skip

IGNORED: tuple[Rule, ...] = (
    (r"(^|\.)mask_token$", "stands for hidden patches in pre-training alone"),
    (r"relative_position_index$|attn_mask$", "is computed from the window"),
    (r"^(decoder|decoder_\w+|mask_embed|predictor|projector|prototypes)\b", "serves pre-training alone"),
    (r"^(dino|ibot)_(head|loss)\b|^head\.(mlp|last_layer)\b", "projects to prototypes in pre-training"),
    (r"^(decode_head|auxiliary_head|segmentation_head|neck|fpn)\b", "is the head of another task"),
    (r"^pooler\.", "is a layer that no classifier reads"),
    (r"^linear_head\.", "reads several layers at once"),
    (r"\.num_batches_tracked$", "counts batches of training"),
)  # fmt: skip


class Part(NamedTuple):
    """A tensor under our name, and the keys that it is made of."""

    tensor: Tensor
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Dialect:
    """How one library names the weights of one family of networks.

    Attributes:
        format: the library, as a report prints it.
        signature: patterns, each of which matches some key of such weights.
        renames: (their name, our name); placeholders in braces stand for the same in both, {kind} for weight or bias,
            others for a number. The first rule that fits counts.
        known: the library's defaults.
        padding: of Swin's maps, see :class:`WindowAttention`.
    """

    format: str
    family: Family
    signature: tuple[str, ...]
    renames: tuple[Rule, ...]
    known: Known
    padding: Padding = "masked"

    def speaks(self, keys: Iterable[str]) -> bool:
        """Whether these keys are of this dialect."""
        keys = list(keys)
        return all(any(re.search(pattern, key) for key in keys) for pattern in self.signature)

    def rename(self, key: str) -> str | None:
        """Our name for a key; None for one that the table does not know."""
        for theirs, ours in self.renames:
            found = _pattern(theirs).fullmatch(key)
            if found:
                return ours.format(**found.groupdict())
        return None


def translate(weights: dict[str, Tensor], dialect: Dialect) -> tuple[dict[str, Part], dict[str, str]]:
    """Put weights under our names.

    Returns:
        The parts by our names, and the keys that are left out, each with the reason.
    Raises:
        CheckpointError: for a tensor that the dialect does not know and that is not known to be dispensable.
    """
    parts: dict[str, Part] = {}
    ignored: dict[str, str] = {}
    unknown: list[str] = []
    for key, tensor in weights.items():
        reason = next((reason for pattern, reason in IGNORED if re.search(pattern, key)), None)
        name = dialect.rename(key)
        if name is not None:
            parts[name] = Part(tensor, (key,))
        elif reason is not None:
            ignored[key] = reason
        else:
            unknown.append(key)
    if unknown:
        raise CheckpointError(
            f"This network cannot be held here: {unknown[0]} has no place in a {dialect.format} of ours "
            f"({len(unknown)} such tensors)."
        )
    return parts, ignored


def check_refused(keys: Iterable[str]) -> None:
    """Refuse, with the reason, networks that are known to differ from ours. Raises CheckpointError."""
    keys = list(keys)
    for pattern, reason in REFUSED:
        found = next((key for key in keys if re.search(pattern, key)), None)
        if found is not None:
            raise CheckpointError(f"This network cannot be held here: {reason} ({found}).")


@cache
def _pattern(theirs: str) -> re.Pattern[str]:
    """A rule's left side as a regular expression with named groups."""
    pieces = re.split(r"\{(\w+)\}", theirs)
    pattern = "".join(
        f"(?P<{piece}>{PLACEHOLDERS.get(piece, '[0-9]+')})" if place % 2 else re.escape(piece)
        for place, piece in enumerate(pieces)
    )
    return re.compile(pattern)
