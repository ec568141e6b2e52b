"""The encoder-decoder Transformer of Vaswani et al. 2017, "Attention Is All You Need", for short sequences."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vit_explorer.text.attention import MultiHeadAttention, Tape
from vit_explorer.text.cache import KVCache, LayerCache

PAD = 0  # fills up the shorter sequences of a batch; never attended, never generated
BOUNDARY = 1  # starts and ends every target sequence
FIRST_SYMBOL = 2


def sinusoidal_positions(n_positions: int, d_model: int) -> Tensor:
    """Position table, (n_positions, d_model). Vaswani et al. 2017, section 3.5.

    Column 2i is sin(position / 10000^(2i / d_model)), column 2i + 1 its cosine.

    Raises:
        ValueError: if ``d_model`` is odd.
    """
    if d_model % 2:
        raise ValueError(f"sines and cosines come in pairs: d_model must be even, not {d_model}")
    frequencies = 10000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angles = torch.arange(n_positions, dtype=torch.float64)[:, None] * frequencies  # (n_positions, d_model / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).float()


def causal_mask(n_queries: int, n_keys: int) -> Tensor:
    """Which of n_keys tokens each of the last n_queries may see, bool (n_queries, n_keys): itself and all before."""
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries)


class FeedForward(nn.Sequential):
    """Two linear layers with a ReLU between, (B, N, d_model) -> (B, N, d_model). Section 3.3."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))


class EncoderBlock(nn.Module):
    """Self-attention and MLP, each followed by residual and norm (post-norm), (B, S, d_model) -> the same."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.mlp = FeedForward(d_model, d_ff)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)

    def forward(self, tokens: Tensor, allowed: Tensor, tape: Tape | None = None) -> Tensor:
        record = None if tape is None else tape.encoder_self
        own = self.self_attention.keys_values(tokens)
        tokens = self.norm1(tokens + self.self_attention(tokens, own, allowed, record))
        return self.norm2(tokens + self.mlp(tokens))


class DecoderBlock(nn.Module):
    """Causal self-attention, cross-attention to the memory, and MLP (post-norm), (B, T, d_model) -> the same."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.mlp = FeedForward(d_model, d_ff)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.norm3 = nn.LayerNorm(d_model)

    def forward(
        self,
        tokens: Tensor,
        memory: Tensor,
        allowed: Tensor,
        source_allowed: Tensor,
        tape: Tape | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Decode tokens; with a cache they are the new ones, and earlier keys and values are read from it.

        Args:
            memory: encoder output, (B, S, d_model).
            allowed, source_allowed: bool, broadcast to (B, heads, T, target keys) and (B, heads, T, S).
        """
        own = self.self_attention.keys_values(tokens)
        if cache is None:
            source = self.cross_attention.keys_values(memory)
        else:
            own = cache.extend(own)
            source = cache.source(lambda: self.cross_attention.keys_values(memory))
        self_record, cross_record = (None, None) if tape is None else (tape.decoder_self, tape.cross)
        tokens = self.norm1(tokens + self.self_attention(tokens, own, allowed, self_record))
        tokens = self.norm2(tokens + self.cross_attention(tokens, source, source_allowed, cross_record))
        return self.norm3(tokens + self.mlp(tokens))


class TextTransformer(nn.Module):
    """Encoder-decoder Transformer: source (B, S) and target (B, T) token ids -> logits (B, T, vocabulary).

    Fresh weights are drawn from torch's global generator: Xavier uniform for matrices, and a standard deviation of
    d_model^-0.5 for embeddings, which are multiplied by sqrt(d_model) (section 3.4). There is no dropout.

    Args:
        vocabulary: number of token ids, ``PAD`` and ``BOUNDARY`` among them.
        max_length: rows of the position table, the longest sequence possible.
    Raises:
        ValueError: for sizes that cannot work.
    """

    positions: Tensor  # (max_length, d_model)

    def __init__(
        self,
        vocabulary: int = 20,
        d_model: int = 64,
        n_heads: int = 4,
        n_encoder_layers: int = 2,
        n_decoder_layers: int = 2,
        d_ff: int = 128,
        max_length: int = 256,
    ) -> None:
        super().__init__()
        if vocabulary <= FIRST_SYMBOL:
            raise ValueError(f"a vocabulary of {vocabulary} has no symbol beside padding and boundary: 3 or more")
        if min(n_encoder_layers, n_decoder_layers, d_ff, max_length) < 1:
            raise ValueError("layers, d_ff and max_length must be 1 or more")
        self.vocabulary = vocabulary
        self.d_model = d_model
        self.n_heads = n_heads
        self.d_ff = d_ff
        self.max_length = max_length
        self.source_embedding = nn.Embedding(vocabulary, d_model)
        self.target_embedding = nn.Embedding(vocabulary, d_model)
        self.register_buffer("positions", sinusoidal_positions(max_length, d_model), persistent=False)
        self.encoder = nn.ModuleList(EncoderBlock(d_model, n_heads, d_ff) for _ in range(n_encoder_layers))
        self.decoder = nn.ModuleList(DecoderBlock(d_model, n_heads, d_ff) for _ in range(n_decoder_layers))
        self.head = nn.Linear(d_model, vocabulary)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=d_model**-0.5)

    def forward(self, source: Tensor, target: Tensor, tape: Tape | None = None) -> Tensor:
        """Predict each next target token, (B, S) and (B, T) int64 -> logits (B, T, vocabulary).

        Raises:
            ValueError: see :meth:`encode` and :meth:`decode`.
        """
        return self.decode(target, self.encode(source, tape), source, tape)

    def encode(self, source: Tensor, tape: Tape | None = None) -> Tensor:
        """Encode the source, (B, S) -> memory (B, S, d_model).

        Raises:
            ValueError: for an empty or too long source, an unknown token, or a row of padding alone.
        """
        self._check(source, "source", 0)
        visible = source != PAD
        if not visible.any(dim=1).all():
            raise ValueError("a source of padding alone has no token to attend to")
        tokens = self._embed(self.source_embedding, source, 0)
        for block in self.encoder:
            tokens = block(tokens, visible[:, None, None], tape)
        return tokens

    def decode(
        self,
        target: Tensor,
        memory: Tensor,
        source: Tensor,
        tape: Tape | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Predict the token after each target token, (B, T) -> logits (B, T, vocabulary).

        Args:
            target: token ids, the first one ``BOUNDARY``; with a cache the new tokens alone.
            memory: of :meth:`encode`, (B, S, d_model).
            source: the ids behind the memory, (B, S), of which the padding is not attended.
            cache: holds the keys and values of the tokens before and takes up those of the new ones.
        Raises:
            ValueError: for an empty or too long target, an unknown token, or a target that begins with padding.
        """
        before = 0 if cache is None else cache.length
        self._check(target, "target", before)
        padding = target == PAD
        if not before and padding[:, 0].any():
            raise ValueError("a target begins with a token, not with padding")
        if cache is not None:
            padding = cache.begin_step(padding, len(self.decoder), source.shape[1])
        allowed = causal_mask(target.shape[1], padding.shape[1]).to(target.device) & ~padding[:, None, None]
        source_allowed = (source != PAD)[:, None, None]
        tokens = self._embed(self.target_embedding, target, before)
        for index, block in enumerate(self.decoder):
            layer_cache = None if cache is None else cache.layers[index]
            tokens = block(tokens, memory, allowed, source_allowed, tape, layer_cache)
        return self.head(tokens)

    @property
    def sizes(self) -> dict[str, int]:
        """The arguments that make a model of the same sizes."""
        return {
            "vocabulary": self.vocabulary,
            "d_model": self.d_model,
            "n_heads": self.n_heads,
            "n_encoder_layers": len(self.encoder),
            "n_decoder_layers": len(self.decoder),
            "d_ff": self.d_ff,
            "max_length": self.max_length,
        }

    def _embed(self, embedding: nn.Embedding, tokens: Tensor, before: int) -> Tensor:
        positions = self.positions[before : before + tokens.shape[1]]
        return embedding(tokens) * self.d_model**0.5 + positions

    def _check(self, tokens: Tensor, name: str, before: int) -> None:
        if tokens.ndim != 2 or tokens.is_floating_point():
            raise ValueError(
                f"the {name} must be token ids of shape (B, tokens), not {tokens.dtype} {tuple(tokens.shape)}"
            )
        length = before + tokens.shape[1]
        if not tokens.numel():
            raise ValueError(f"the {name} is empty: it must hold 1 to {self.max_length} tokens")
        if length > self.max_length:
            raise ValueError(f"the {name} of {length} tokens is longer than the position table, {self.max_length}")
        lowest, highest = (int(end) for end in tokens.aminmax())
        if lowest < 0 or highest >= self.vocabulary:
            wrong = lowest if lowest < 0 else highest
            raise ValueError(f"token {wrong} of the {name} is not in the vocabulary, 0 to {self.vocabulary - 1}")
