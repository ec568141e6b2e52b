"""The tree of the beam search is that of the text package; sequences on which greedy and beam differ."""

import base64

import numpy as np
import pytest
import torch

from vit_explorer.text import beam_search, greedy_decode, load_text_checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.text.decoding import FINISHED, GREEDY, KEPT, UNSURE, beam_payload, find_difference
from vit_explorer.ui.text.networks import TextNetworks


@pytest.fixture(scope="module")
def networks():
    return TextNetworks()


def column(packed):
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=np.dtype(packed["dtype"]).newbyteorder("<"))


@pytest.mark.parametrize(("epoch", "width"), [(2, 3), (30, 1), (3, 4)])
def test_every_hypothesis_of_the_search_is_sent(networks, epoch, width):
    payload = bind(beam_payload, networks)({"text": "BODKBDOIOF", "epoch": epoch, "width": width})
    checkpoint = load_text_checkpoint("reverse")
    source = torch.tensor([checkpoint.task.read("BODKBDOIOF")])
    (found,) = beam_search(checkpoint.snapshots()[epoch], source, width)
    every = found.hypotheses
    assert column(payload["token"]).tolist() == [one.token for one in every]
    assert column(payload["step"]).tolist() == [one.step for one in every]
    assert column(payload["parent"]).tolist() == [-1 if one.parent is None else one.parent for one in every]
    assert np.allclose(column(payload["own"]), [one.token_log_probability for one in every], atol=1e-3)
    assert np.allclose(column(payload["sum"]), [one.log_probability for one in every], atol=1e-3)
    bits = column(payload["bits"])
    assert ((bits & KEPT) > 0).tolist() == [one.kept for one in every]
    assert ((bits & FINISHED) > 0).tolist() == [one.finished for one in every]
    assert ((bits & GREEDY) > 0).tolist() == [one.greedy for one in every]
    assert payload["greedy"] == [one.number for one in found.greedy_path]
    assert payload["outputs"][0] == checkpoint.task.write(found.best)
    assert payload["scores"] == sorted(payload["scores"], reverse=True)


@pytest.mark.parametrize(("task", "seed"), [("reverse", 2), ("reverse-halves", 0), ("sort", 5)])
def test_a_sequence_is_found_on_which_both_differ(networks, task, seed):
    found = bind(find_difference, networks)({"width": 3, "seed": seed, "task": task})
    assert found["epoch"] in UNSURE and found["tried"] >= 1
    checkpoint = load_text_checkpoint(task)
    model = checkpoint.snapshots()[found["epoch"]]
    source = torch.tensor([checkpoint.task.read(found["text"])])
    greedy = checkpoint.task.write(greedy_decode(model, source).tokens[0].tolist())
    payload = bind(beam_payload, networks)({"text": found["text"], "epoch": found["epoch"], "width": 3, "task": task})
    assert payload["outputs"][0] != greedy


@pytest.mark.parametrize("width", [0, 9, -1])
def test_a_width_outside_of_its_range_is_refused(networks, width):
    with pytest.raises(UserError, match=r"1 to 8"):
        bind(beam_payload, networks)({"text": "BLACKBOARD", "epoch": 30, "width": width})


@pytest.mark.parametrize("epoch", [4, -1, 31])
def test_an_epoch_without_snapshot_is_refused(networks, epoch):
    with pytest.raises(UserError, match=r"0, 1, 2, 3, 5, 8, 13, 20, 30"):
        bind(beam_payload, networks)({"text": "BLACKBOARD", "epoch": epoch, "width": 3})
