"""Small networks and sequences for the tests of the text Transformer."""

import torch

from vit_explorer.text import BOUNDARY, FIRST_SYMBOL, PAD, TextTransformer


def network(seed=0, **sizes):
    """A network with fresh weights and a sharper output than those give, so that choices differ from step to step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TextTransformer(**sizes)
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.data += 0.1 * torch.randn(parameter.shape)  # biases and norms take part
        model.head.weight.data *= 3
    return model.eval()


def sequences(*lengths, vocabulary=20, seed=0):
    """Random symbols, one row per length, filled up with padding: (B, longest)."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(FIRST_SYMBOL, vocabulary, (len(lengths), max(lengths)), generator=generator)
    for row, length in enumerate(lengths):
        tokens[row, length:] = PAD
    return tokens


def ending_network():
    """A network that ends its outputs for ``sequences(10, 2, 6, 9, 4)`` after five different numbers of tokens."""
    model = network(6)
    model.head.bias.data[BOUNDARY] += 6
    return model


def endless_network(seed=0, **sizes):
    """A network that never generates the end, for outputs of a chosen length."""
    model = network(seed, **sizes)
    model.head.bias.data[BOUNDARY] = -30
    return model
