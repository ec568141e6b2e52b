"""What the Roots tab is sent of a sequence is what the text package computes."""

import base64

import numpy as np
import pytest
import torch

from vit_explorer.text import BOUNDARY, KVCache, SequenceTask, Tape, greedy_decode, load_text_checkpoint, step_cost
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.text.networks import NAMES, TextNetworks
from vit_explorer.ui.text.sequence import copied_share, sequence_payload

RELATIVE = 2e-4  # of the packing
FORCED, FREE = 0, 1


@pytest.fixture(scope="module")
def networks():
    return TextNetworks()


@pytest.fixture(scope="module")
def payload(networks):
    return bind(sequence_payload, networks)({"text": " black board"})


def unpacked(packed):
    codes = np.frombuffer(base64.b64decode(packed["data"]), dtype="<u2").astype(float)
    return np.where(codes == 65535, 0, 2 ** (-codes * packed["scale"])).reshape(packed["shape"])


@pytest.mark.parametrize("epoch", [0, 2, 30])
@torch.no_grad()
def test_given_the_right_answer_attention_and_probabilities_are_those_of_the_network(payload, epoch):
    checkpoint = load_text_checkpoint("reverse")
    model = checkpoint.snapshots()[epoch]
    source = torch.tensor([checkpoint.task.read("BLACKBOARD")])
    pairs = checkpoint.task.pairs(source.tolist())
    tape = Tape()
    logits = model(source, pairs.shown, tape)
    at = payload["epochs"].index(epoch)
    for name, recorded in (("cross", tape.cross), ("decoder_self", tape.decoder_self)):
        expected = torch.cat(recorded).numpy()  # (layers, heads, T, S or T)
        assert np.allclose(unpacked(payload[name])[at, FORCED], expected, rtol=RELATIVE, atol=1e-6)
    assert np.allclose(unpacked(payload["encoder_self"])[at], torch.cat(tape.encoder_self), rtol=RELATIVE, atol=1e-6)
    probabilities = logits.softmax(dim=2)[0]
    assert np.allclose(unpacked(payload["probabilities"])[at, FORCED], probabilities, rtol=RELATIVE, atol=1e-6)
    predicted = [payload["names"][token] for token in logits[0].argmax(dim=1)]
    assert payload["output"][at][FORCED] == predicted
    assert payload["given"][at][FORCED] == ["end", *payload["answer"]]


@pytest.mark.parametrize("epoch", [1, 3, 30])
@torch.no_grad()
def test_in_free_running_output_and_probabilities_are_those_of_greedy_decoding(payload, epoch):
    checkpoint = load_text_checkpoint("reverse")
    model = checkpoint.snapshots()[epoch]
    source = torch.tensor([checkpoint.task.read("BLACKBOARD")])
    decoded = greedy_decode(model, source)
    tokens = decoded.tokens[0].tolist()
    at = payload["epochs"].index(epoch)
    assert payload["output"][at][FREE] == [payload["names"][token] for token in tokens]
    found = unpacked(payload["probabilities"])[at, FREE]
    assert np.allclose(found[: len(tokens)], decoded.probabilities[0], rtol=RELATIVE, atol=1e-6)
    tape = Tape()
    model(source, torch.tensor([[BOUNDARY, *tokens[:-1]]]), tape)
    cross = unpacked(payload["cross"])[at, FREE]
    assert np.allclose(cross[:, :, : len(tokens)], torch.cat(tape.cross), rtol=RELATIVE, atol=1e-6)


def test_rows_after_the_end_of_an_output_are_zero(networks):
    for text in ("JLGHPHBBJR", "BLACKBOARD", "ABCABCABCA"):
        payload = bind(sequence_payload, networks)({"text": text})
        for at, (_, free) in enumerate(payload["output"]):
            sums = unpacked(payload["cross"])[at, FREE].sum(axis=-1)
            assert np.allclose(sums[:, :, : len(free)], 1, atol=1e-3) and not sums[:, :, len(free) :].any()


def test_no_output_looks_ahead(payload):
    ahead = np.triu(np.ones(unpacked(payload["decoder_self"]).shape[-2:]), k=1).astype(bool)
    assert not unpacked(payload["decoder_self"])[..., ahead].any()


def test_the_trained_network_is_right_and_reads_along_the_anti_diagonal(payload):
    assert payload["answer"] == "DRAOBKCALB"
    assert payload["output"][-1][FREE] == [*payload["answer"], "end"]
    untrained, trained = payload["copied"][0][FREE], payload["copied"][-1][FREE]
    assert np.max(untrained) < 0.15 and np.max(trained) > 0.6
    anti_diagonal = [
        [matrix[::-1].diagonal().mean() for matrix in layer]
        for layer in unpacked(payload["cross"])[-1, FREE, :, :, :10]
    ]
    assert np.allclose(trained, anti_diagonal, atol=1e-4) and payload["chance"] == pytest.approx(0.1)


def test_what_is_copied_is_the_mean_weight_on_the_inputs_of_each_output():
    cross = torch.zeros(4, 3)  # three outputs and the end
    cross[0, 2], cross[1, 1], cross[2, 0], cross[3, 0] = 0.9, 0.6, 0.3, 1.0
    task = SequenceTask()
    assert copied_share(cross, task.origins(task.read("ABC"))).item() == pytest.approx(0.6)
    both = SequenceTask("sort").origins(task.read("CAC"))  # A comes from one input, each C from either
    assert both.tolist() == [[False, True, False], [True, False, True], [True, False, True]]
    assert copied_share(cross, both).item() == pytest.approx((0 + 0 + 0.3) / 3)


@pytest.mark.parametrize(("task", "answer"), [("sort", "AABBCDKLOR"), ("reverse-halves", "KCALBDRAOB")])
def test_networks_of_other_tasks_answer_and_look_at_what_they_copy(networks, task, answer):
    payload = bind(sequence_payload, networks)({"text": "BLACKBOARD", "task": task})
    assert (payload["task"], payload["network"], payload["answer"]) == (task, task, answer)
    assert "".join(payload["output"][-1][FREE][:-1]) == answer
    assert np.max(payload["copied"][0]) < 1.5 * payload["chance"]
    assert np.max(payload["copied"][-1][FREE]) > 3 * payload["chance"]
    assert payload["limits"] == (10, 10)
    with pytest.raises(UserError, match="7 symbols: write 10 for this task"):
        bind(sequence_payload, networks)({"text": "CABBAGE", "task": task})


def test_an_unknown_task_is_refused_with_those_that_there_are(networks):
    with pytest.raises(UserError, match=r"reverse, reverse-halves.* sort"):
        bind(sequence_payload, networks)({"text": "BLACKBOARD", "task": "rotate"})


def test_costs_and_steps_are_those_of_formula_and_cache(payload):
    checkpoint = load_text_checkpoint("reverse")
    cost = payload["cost"]
    assert len(cost["steps"]) == 11 == len(cost["cached"]) == len(cost["plain"])
    for step in (0, 1, 10):
        assert cost["cached"][step] == step_cost(checkpoint.model, 10, step, cached=True).total
        assert cost["plain"][step] == step_cost(checkpoint.model, 10, step, cached=False).total
    assert cost["steps"][0] == {"computed": (0, 1), "read": (0, 0), "source_computed": (0, 10), "source_read": (0, 0)}
    assert cost["steps"][4] == {"computed": (4, 5), "read": (0, 4), "source_computed": (0, 0), "source_read": (0, 10)}
    cache = KVCache()
    greedy_decode(checkpoint.model, torch.tensor([checkpoint.task.read("BLACKBOARD")]), cache=cache)
    assert cost["numbers"][-1] == cache.numbers == 2 * 2 * (11 + 10) * 64


def test_history_is_that_of_the_card(payload):
    row = load_text_checkpoint("reverse").card["history"][2]
    assert payload["history"][2]["forced"] == row["test"]["teacher_forced"]["tokens"]
    assert payload["history"][2]["free"] == row["test"]["free_running"]["tokens"]
    assert payload["history"][2]["free"] < payload["history"][2]["forced"]


@pytest.mark.parametrize(
    ("text", "name"), [("BLACKBOARD", "reverse"), ("cab", "reverse-3-to-10"), ("ABCDEFGHI", NAMES["reverse"][1])]
)
def test_a_network_that_knows_the_length_reads_the_sequence(networks, text, name):
    payload = bind(sequence_payload, networks)({"text": text})
    assert payload["network"] == name
    assert payload["answer"] == text.upper()[::-1]
    assert payload["epochs"][0] == 0 and payload["epochs"][-1] == 30 and len(payload["epochs"]) >= 5
    assert "".join(payload["output"][-1][FREE][:-1]) == payload["answer"]


@pytest.mark.parametrize("text", ["", "  ", "AB", "ABCDEFGHIJK", "A" * 300])
def test_too_short_and_too_long_are_refused_with_the_limits(networks, text):
    with pytest.raises(UserError, match=r"3 to 10"):
        bind(sequence_payload, networks)({"text": text})


@pytest.mark.parametrize("text", ["BLACKZ", "AB1", "ÄÖÜ", "A-B-C", "<b>"])
def test_an_unknown_symbol_is_refused_with_the_alphabet(networks, text):
    with pytest.raises(UserError, match=r"A to R"):
        bind(sequence_payload, networks)({"text": text})
