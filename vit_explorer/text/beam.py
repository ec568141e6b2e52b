"""Beam search with every hypothesis kept, so that the search can be drawn as a tree."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.text.cache import KVCache
from vit_explorer.text.greedy import check_unused, next_logits, output_limit, without_padding
from vit_explorer.text.model import BOUNDARY, PAD, TextTransformer


@dataclass(frozen=True)
class Hypothesis:
    """One node of the search: an output so far, its last token appended to its parent.

    Attributes:
        number: its place in :attr:`BeamSearch.hypotheses`.
        parent: the number of the hypothesis it extends; None at the first step.
        step: how many tokens it has, from 1.
        token: its last token.
        token_log_probability: of that token, given the source and the parent.
        log_probability: of all its tokens, the sum along its path.
        kept: among the best of its step; otherwise pruned.
        finished: its last token is the end.
        greedy: its last token is the parent's most likely one.
    """

    number: int
    parent: int | None
    step: int
    token: int
    token_log_probability: float
    log_probability: float
    kept: bool
    finished: bool
    greedy: bool


@dataclass(frozen=True)
class BeamSearch:
    """The search for one source.

    Attributes:
        hypotheses: every one that was looked at, step by step, in each step the most likely first.
        ranking: numbers of the outputs, finished or stopped at the limit, best first.
        scores: their log-probabilities after the length penalty.
    """

    hypotheses: tuple[Hypothesis, ...]
    ranking: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def best(self) -> list[int]:
        """Tokens of the best output."""
        return self.tokens(self.ranking[0])

    @property
    def greedy_path(self) -> list[Hypothesis]:
        """Steps that greedy decoding takes, as far as this search follows them: up to the end or a pruned one."""
        path: list[Hypothesis] = []
        for hypothesis in self.hypotheses:
            if hypothesis.greedy and hypothesis.parent == (path[-1].number if path else None):
                path.append(hypothesis)
        return path

    def path(self, number: int) -> list[Hypothesis]:
        """A hypothesis and all it extends, the first step first."""
        path = [self.hypotheses[number]]
        while path[-1].parent is not None:
            path.append(self.hypotheses[path[-1].parent])
        return path[::-1]

    def tokens(self, number: int) -> list[int]:
        """Tokens of a hypothesis, without the start, with the end if it is finished."""
        return [hypothesis.token for hypothesis in self.path(number)]


def length_penalty(n_tokens: int, strength: float) -> float:
    """Divisor of the log-probability of an output of n_tokens. Wu et al. 2016, "GNMT", equation 14."""
    return ((5 + n_tokens) / 6) ** strength


@torch.no_grad()
def beam_search(
    model: TextTransformer,
    source: Tensor,
    width: int = 4,
    penalty: float = 0.0,
    max_tokens: int | None = None,
    cache: KVCache | None = None,
) -> list[BeamSearch]:
    """Search for likely outputs of each source, (B, S) token ids.

    At every step all live hypotheses are extended by all tokens but ``PAD``, and the ``width`` most likely are kept. A
    hypothesis that ends leaves the beam, which is narrower by one from then on (Sutskever et al. 2014, section 3.2).
    Width 1 is greedy decoding; a width of all possible outputs is exhaustive search.

    Args:
        penalty: strength of the length penalty in the final ranking; 0 ranks by log-probability, which favours short
            outputs. All hypotheses of a step are equally long, so that pruning does not depend on it.
        max_tokens: tokens of an output, its end among them; see :func:`output_limit`.
        cache: a new :class:`KVCache` to decode with; its rows follow the beams.
    Raises:
        ValueError: for a width below 1, and as :func:`greedy_decode`.
    """
    if width < 1:
        raise ValueError(f"a beam is 1 hypothesis wide or more, not {width}")
    memory = model.encode(source)
    limit = output_limit(model, source, max_tokens)
    check_unused(cache)
    searches = [_Search(width) for _ in range(len(source))]
    owners = torch.arange(len(source), device=source.device)  # the source of each live row
    target = torch.full((len(source), 1), BOUNDARY, device=source.device)
    for step in range(1, limit + 1):
        logits = next_logits(model, target, memory[owners], source[owners], cache)
        log_probabilities = without_padding(logits.log_softmax(dim=1))
        rows: list[int] = []
        tokens: list[int] = []
        first = 0
        for search in searches:
            n_live = len(search.live)
            for row, token in search.extend(log_probabilities[first : first + n_live], step, last=step == limit):
                rows.append(first + row)
                tokens.append(token)
            first += n_live
        if not rows:
            break
        chosen = torch.tensor(rows, device=source.device)
        owners = owners[chosen]
        target = torch.cat([target[chosen], torch.tensor(tokens, device=source.device)[:, None]], dim=1)
        if cache is not None:
            cache.select(chosen)
    return [search.result(penalty) for search in searches]


class _Search:
    """One source's search in progress; ``live`` are the hypotheses still to be extended, None the empty output."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.live: list[Hypothesis | None] = [None]
        self.hypotheses: list[Hypothesis] = []
        self.outputs: list[Hypothesis] = []

    def extend(self, log_probabilities: Tensor, step: int, last: bool) -> list[tuple[int, int]]:
        """Extend the live hypotheses by one token and prune.

        Args:
            log_probabilities: of each next token, (live, vocabulary).
            last: the limit is reached: kept hypotheses are outputs, finished or not.
        Returns:
            Of each hypothesis that lives on, the row it extends and its token.
        """
        if not self.live:
            return []
        so_far = torch.tensor([0.0 if parent is None else parent.log_probability for parent in self.live])
        totals = log_probabilities.cpu().double() + so_far.double()[:, None]
        n_tokens = totals.shape[1]
        order = totals.flatten().argsort(descending=True, stable=True).tolist()
        each, sums = log_probabilities.tolist(), totals.tolist()
        greedy = log_probabilities.argmax(dim=1).tolist()
        places = self.width - len(self.outputs)
        survivors: list[tuple[int, int]] = []
        live: list[Hypothesis | None] = []
        for place, (row, token) in enumerate(divmod(index, n_tokens) for index in order):
            if token == PAD:
                continue
            parent = self.live[row]
            hypothesis = Hypothesis(
                number=len(self.hypotheses),
                parent=None if parent is None else parent.number,
                step=step,
                token=token,
                token_log_probability=each[row][token],
                log_probability=sums[row][token],
                kept=place < places,
                finished=token == BOUNDARY,
                greedy=token == greedy[row],
            )
            self.hypotheses.append(hypothesis)
            if hypothesis.kept and (hypothesis.finished or last):
                self.outputs.append(hypothesis)
            elif hypothesis.kept:
                live.append(hypothesis)
                survivors.append((row, token))
        self.live = live
        return survivors

    def result(self, penalty: float) -> BeamSearch:
        """Rank the outputs."""
        scored = [(output.log_probability / length_penalty(output.step, penalty), output) for output in self.outputs]
        scored.sort(key=lambda pair: -pair[0])
        return BeamSearch(
            tuple(self.hypotheses),
            tuple(output.number for _, output in scored),
            tuple(score for score, _ in scored),
        )
