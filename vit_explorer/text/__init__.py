"""The Transformer for text: encoder, decoder with cross-attention, greedy decoding, beam search, key-value cache."""

from vit_explorer.text.attention import Tape
from vit_explorer.text.beam import BeamSearch, Hypothesis, beam_search
from vit_explorer.text.cache import CacheStep, KVCache
from vit_explorer.text.checkpoint import (
    TextCheckpoint,
    TextCheckpointError,
    list_text_checkpoints,
    load_text_checkpoint,
    save_text_checkpoint,
)
from vit_explorer.text.cost import StepCost, step_cost
from vit_explorer.text.disagreement import Disagreement, find_disagreement
from vit_explorer.text.greedy import Decoding, greedy_decode
from vit_explorer.text.model import BOUNDARY, FIRST_SYMBOL, PAD, TextTransformer
from vit_explorer.text.tasks import Pairs, SequenceTask
from vit_explorer.text.training import TextRecipe, train_text

__all__ = [
    "BOUNDARY",
    "FIRST_SYMBOL",
    "PAD",
    "BeamSearch",
    "CacheStep",
    "Decoding",
    "Disagreement",
    "Hypothesis",
    "KVCache",
    "Pairs",
    "SequenceTask",
    "StepCost",
    "Tape",
    "TextCheckpoint",
    "TextCheckpointError",
    "TextRecipe",
    "TextTransformer",
    "beam_search",
    "find_disagreement",
    "greedy_decode",
    "list_text_checkpoints",
    "load_text_checkpoint",
    "save_text_checkpoint",
    "step_cost",
    "train_text",
]
