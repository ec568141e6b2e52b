"""Greedy decoding and beam search differ on a sequence that is found, and the search knows where they part."""

from tests.text.small import network
from vit_explorer.text import SequenceTask, beam_search, find_disagreement, greedy_decode, load_text_checkpoint

TASK = SequenceTask(min_length=4, max_length=8)


def test_both_outputs_are_those_of_the_source_alone():
    model = network()
    found = find_disagreement(model, TASK, width=6)
    assert found is not None and 1 <= found.tried <= 160
    assert found.greedy != found.beam.best
    assert found.source.shape[0] == 1 and 4 <= found.source.shape[1] <= 8
    drawn, _ = TASK.draw(160, 1, seed=0)
    assert drawn.source[found.tried - 1].tolist()[: found.source.shape[1]] == found.source[0].tolist()
    assert greedy_decode(model, found.source).tokens[0].tolist() == found.greedy
    assert beam_search(model, found.source, width=6)[0].best == found.beam.best


def test_the_greedy_path_is_followed_until_it_is_pruned():
    model = network()
    found = find_disagreement(model, TASK, width=6)
    path = found.beam.greedy_path
    assert [hypothesis.token for hypothesis in path] == found.greedy[: len(path)]
    assert all(hypothesis.kept for hypothesis in path[:-1])
    assert path[-1].finished or not path[-1].kept or len(path) == found.source.shape[1] + 1


def test_a_trained_network_agrees_with_itself_and_one_in_training_does_not():
    shipped = load_text_checkpoint()
    assert find_disagreement(shipped.model, shipped.task, limit=48) is None
    assert find_disagreement(shipped.snapshots()[2], shipped.task, limit=48) is not None
