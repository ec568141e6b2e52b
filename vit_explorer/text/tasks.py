"""Sequence tasks with a known answer: reversal, copy, sorting, and reversal of each half."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vit_explorer.text.model import BOUNDARY, FIRST_SYMBOL, PAD

ALPHABET = string.ascii_uppercase
TITLES = {
    "reverse": "Reverse the sequence",
    "copy": "Copy the sequence",
    "sort": "Sort the sequence",
    "reverse-halves": "Reverse each half",
}


@dataclass(frozen=True)
class Pairs:
    """Sequences and their answers.

    Attributes:
        source: (n, S) token ids, filled up with ``PAD``.
        target: (n, S + 2), ``BOUNDARY``, the answer, ``BOUNDARY``, filled up with ``PAD``.
    """

    source: Tensor
    target: Tensor

    @property
    def shown(self) -> Tensor:
        """Decoder input under teacher forcing, (n, S + 1): the target without its last column."""
        return self.target[:, :-1]

    @property
    def expected(self) -> Tensor:
        """Tokens that the decoder has to predict, (n, S + 1): the target without its start."""
        return self.target[:, 1:]

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, rows: Tensor | slice) -> Pairs:
        return Pairs(self.source[rows], self.target[rows])


@dataclass(frozen=True)
class SequenceTask:
    """A task on sequences of symbols, which are written as capital letters.

    Args:
        name: "reverse", "copy", "sort" or "reverse-halves" (of an odd length the second half is the longer one).
        n_symbols: symbols in use, 1 to 26; with ``PAD`` and ``BOUNDARY`` the vocabulary has two ids more.
        min_length, max_length: symbols in a sequence, drawn evenly between both; if they differ, batches are padded.
    Raises:
        ValueError: for an unknown task or sizes that cannot work.
    """

    name: str = "reverse"
    n_symbols: int = 18
    min_length: int = 10
    max_length: int = 10

    def __post_init__(self) -> None:
        if self.name not in TITLES:
            raise ValueError(f"there is no task {self.name!r}: choose one of {', '.join(TITLES)}")
        if not 1 <= self.n_symbols <= len(ALPHABET):
            raise ValueError(f"a task has 1 to {len(ALPHABET)} symbols, not {self.n_symbols}")
        if not 1 <= self.min_length <= self.max_length:
            raise ValueError(f"lengths must be 1 or more and in order, not {self.min_length} to {self.max_length}")

    @property
    def vocabulary(self) -> int:
        """Token ids in use: padding, boundary and the symbols."""
        return FIRST_SYMBOL + self.n_symbols

    @property
    def symbols(self) -> str:
        """The symbols in the order of their ids, which begin at ``FIRST_SYMBOL``."""
        return ALPHABET[: self.n_symbols]

    def answer(self, sequence: Sequence[int]) -> list[int]:
        """The right answer to a sequence of token ids, without boundaries."""
        ids, half = list(sequence), len(sequence) // 2
        if self.name == "reverse":
            return ids[::-1]
        if self.name == "copy":
            return ids
        if self.name == "sort":
            return sorted(ids)
        return ids[:half][::-1] + ids[half:][::-1]

    def origins(self, sequence: Sequence[int]) -> Tensor:
        """Which inputs each letter of the answer is a copy of, bool (S, S), a row for each output.

        It is one input, except where a task asks for a letter and not for a place: in sorting all equal ones.
        """
        ids = torch.tensor(list(sequence))
        if self.name == "sort":
            return torch.tensor(self.answer(sequence))[:, None] == ids
        places = torch.tensor(self.answer(range(len(ids))))
        return places[:, None] == torch.arange(len(ids))

    def read(self, text: str) -> list[int]:
        """Token ids of a typed sequence; white space and the case of letters do not matter.

        Raises:
            ValueError: if it is empty, too long, or holds an unknown symbol; the message names the limit.
        """
        letters = "".join(text.split()).upper()
        if not 1 <= len(letters) <= self.max_length:
            raise ValueError(f"the sequence has {len(letters)} symbols: write 1 to {self.max_length}")
        unknown = next((letter for letter in letters if letter not in self.symbols), None)
        if unknown is not None:
            raise ValueError(f"{unknown!r} is not one of the {self.n_symbols} symbols, A to {self.symbols[-1]}")
        return [FIRST_SYMBOL + self.symbols.index(letter) for letter in letters]

    def write(self, tokens: Sequence[int]) -> str:
        """Letters of token ids; padding and boundaries are left out."""
        return "".join(self.symbols[token - FIRST_SYMBOL] for token in tokens if token >= FIRST_SYMBOL)

    def pairs(self, sequences: Sequence[Sequence[int]]) -> Pairs:
        """Sequences of token ids with their answers, padded to the longest."""
        sources = [torch.tensor(list(sequence)) for sequence in sequences]
        targets = [torch.tensor([BOUNDARY, *self.answer(sequence), BOUNDARY]) for sequence in sequences]
        return Pairs(*(pad_sequence(rows, batch_first=True, padding_value=PAD) for rows in (sources, targets)))

    def draw(self, n_train: int, n_test: int, seed: int) -> tuple[Pairs, Pairs]:
        """Training and test sequences drawn by a seed, all different from one another.

        Raises:
            ValueError: if there are not enough different sequences.
        """
        possible = sum(self.n_symbols**length for length in range(self.min_length, self.max_length + 1))
        wanted = n_train + n_test
        if 2 * wanted > possible:
            raise ValueError(f"{wanted} different sequences are too many: there are {possible}, draw at most half")
        generator = torch.Generator().manual_seed(seed)
        drawn: dict[tuple[int, ...], None] = {}  # a set that keeps the order
        while len(drawn) < wanted:
            length = int(torch.randint(self.min_length, self.max_length + 1, (), generator=generator))
            symbols = torch.randint(FIRST_SYMBOL, self.vocabulary, (length,), generator=generator)
            drawn[tuple(symbols.tolist())] = None
        sequences = list(drawn)
        return self.pairs(sequences[:n_train]), self.pairs(sequences[n_train:])
