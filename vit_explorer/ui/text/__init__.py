"""The Roots tab: the text Transformer, its cross-attention, its decoding and its key-value cache."""
