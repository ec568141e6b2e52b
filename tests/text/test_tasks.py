"""Tasks know their answers, draw by seed, keep test sequences apart, and refuse what cannot be."""

import pytest
import torch

from vit_explorer.text import BOUNDARY, FIRST_SYMBOL, PAD, SequenceTask


@pytest.mark.parametrize(
    ("name", "even", "odd"),
    [
        ("reverse", "BDAC", "EBDAC"),
        ("copy", "CADB", "CADBE"),
        ("sort", "ABCD", "ABCDE"),
        ("reverse-halves", "ACBD", "ACEBD"),
    ],
)
def test_the_answers(name, even, odd):
    task = SequenceTask(name)
    assert task.write(task.answer(task.read("cadb"))) == even
    assert task.write(task.answer(task.read("CADBE"))) == odd


def test_typed_letters_and_token_ids():
    task = SequenceTask()
    assert task.vocabulary == 20 and task.symbols == "ABCDEFGHIJKLMNOPQR"
    assert task.read(" a r\nB") == [2, 19, 3]
    assert task.write([BOUNDARY, 2, 19, 3, BOUNDARY, PAD]) == "ARB"


@pytest.mark.parametrize(
    ("text", "words"), [("ABZ", "'Z' .* 18 symbols, A to R"), (" ", "0 symbols.* 1 to 10"), ("A" * 11, "11 .* 1 to 10")]
)
def test_bad_text_is_refused_with_the_limit(text, words):
    with pytest.raises(ValueError, match=words):
        SequenceTask().read(text)


def test_pairs_are_framed_padded_and_shifted():
    task = SequenceTask(min_length=2, max_length=3)
    pairs = task.pairs([task.read("ABC"), task.read("DE")])
    assert pairs.source.tolist() == [[2, 3, 4], [5, 6, PAD]]
    assert pairs.target.tolist() == [[BOUNDARY, 4, 3, 2, BOUNDARY], [BOUNDARY, 6, 5, BOUNDARY, PAD]]
    assert pairs.shown.tolist() == [[BOUNDARY, 4, 3, 2], [BOUNDARY, 6, 5, BOUNDARY]]
    assert pairs.expected.tolist() == [[4, 3, 2, BOUNDARY], [6, 5, BOUNDARY, PAD]]
    assert len(pairs) == 2 and pairs[1:].source.tolist() == [[5, 6, PAD]]


def test_the_default_draw_is_3000_and_500_of_10_symbols():
    train, test = SequenceTask().draw(3000, 500, seed=0)
    assert train.source.shape == (3000, 10) and test.source.shape == (500, 10)
    assert train.source.min() == FIRST_SYMBOL and train.source.max() == 19
    counts = torch.bincount(train.source.flatten(), minlength=20)[2:]
    assert counts.min() > 1500 and counts.max() < 1850  # 1667 each on average
    assert torch.equal(train.target[:, 1:11], train.source.flip(1))


def test_sequences_are_all_different_drawn_by_the_seed_and_of_all_lengths():
    task = SequenceTask(n_symbols=4, min_length=2, max_length=5)
    train, test = task.draw(300, 100, seed=1)
    rows = [tuple(row) for part in (train, test) for row in torch.nn.functional.pad(part.source, (0, 1)).tolist()]
    assert len(set(rows)) == 400
    assert {sum(token != PAD for token in row) for row in rows} == {2, 3, 4, 5}
    again, other = task.draw(300, 100, seed=1)[0], task.draw(300, 100, seed=2)[0]
    assert torch.equal(train.source, again.source) and not torch.equal(train.source, other.source)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "rotate"}, "'rotate'.*reverse, copy, sort, reverse-halves"),
        ({"n_symbols": 27}, "1 to 26 symbols, not 27"),
        ({"min_length": 0}, "0 to 10"),
        ({"min_length": 11}, "11 to 10"),
    ],
)
def test_impossible_tasks_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        SequenceTask(**options)


def test_more_sequences_than_there_are_cannot_be_drawn():
    with pytest.raises(ValueError, match=r"9 different .* there are 16"):
        SequenceTask(n_symbols=4, min_length=2, max_length=2).draw(8, 1, seed=0)
