"""A race that is followed: what is new of it, told once, and its last word."""

from __future__ import annotations

import pytest
import torch

from tests.ui.train.visits import unpack
from vit_explorer.explain.positions import cosine_similarity
from vit_explorer.training.loop.events import Epoch, Snapshot, Step
from vit_explorer.ui.train.payload import similarity_maps, snapshot_payload


def test_a_followed_race_is_told_once_and_whole(visit):
    whole = visit.ask("follow", race=visit.race.name, cursors={})
    assert (whole["state"], whole["title"], whole["mine"]) == ("finished", "Two on tiny", True)
    assert whole["setting"]["classes"] == ["dark", "grey", "light"]
    assert whole["setting"]["probe"]["index"] == 4
    for part in whole["contenders"]:
        events = visit.race.runs[part["label"]].events()
        steps = [event for event in events if isinstance(event, Step)]
        told = unpack(part["steps"])
        assert told[:, 0].tolist() == [step.step for step in steps]
        assert told[:, 4] == pytest.approx([step.running_accuracy for step in steps])
        looks = {e.step: e.test_accuracy for e in events if isinstance(e, Epoch | Snapshot)}
        assert {one["step"]: one["accuracy"] for one in part["tests"]} == looks
        assert part["anew"] and part["info"]["n_test"] == 9
        assert part["finished"]["test_accuracy"] == events[-1].test_accuracy
        assert part["words"].endswith(".")
    again = visit.ask("follow", race=visit.race.name, cursors={p["label"]: p["cursor"] for p in whole["contenders"]})
    assert again["setting"] is None
    for part in again["contenders"]:
        assert not part["anew"] and part["steps"] is None and part["tests"] == part["snapshots"] == []


def test_snapshots_hold_what_the_model_was(visit):
    vit, cnn = visit.ask("follow", race=visit.race.name, cursors={})["contenders"]
    events = [event for event in visit.race.runs["ViT"].events() if isinstance(event, Snapshot)]
    assert len(vit["snapshots"]) == len(events) == 5
    for told, event in zip(vit["snapshots"], events, strict=True):
        plane = told["positions"]["plane"]
        assert plane["two_d"] == min(plane["row"], plane["column"]) >= 0
        similarity = cosine_similarity(event.positions)[1:, 1:]  # without CLS
        assert unpack(told["positions"]["maps"]) == pytest.approx(similarity.reshape(2, 2, 2, 2).numpy(), abs=0.004)
        assert unpack(told["map"]) == pytest.approx(event.probe_map.numpy(), abs=float(event.probe_map.max()) / 500)
        assert (told["answer"], told["probability"]) == (event.probe_answer, event.probe_probability)
    assert all(told["positions"] is None for told in cnn["snapshots"])


def test_what_was_cut_back_comes_anew(visit):
    """As when a killed run goes on from its last state: the file is shorter than what was told of it."""
    whole = visit.ask("follow", race=visit.race.name, cursors={})
    path = visit.race.runs["ViT"].path / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:9]))
    cursors = {part["label"]: part["cursor"] for part in whole["contenders"]}
    vit, cnn = visit.ask("follow", race=visit.race.name, cursors=cursors)["contenders"]
    assert vit["anew"] and not cnn["anew"]
    assert vit["cursor"] == path.stat().st_size


def test_a_large_grid_is_told_in_64_maps(visit):
    positions = torch.randn(1 + 20 * 12, 16, generator=torch.Generator().manual_seed(0))
    snapshot = Snapshot(1, 0.1, 1, 1.0, None, positions, torch.full((20, 12), 1 / 240), 0, 0.5)
    told = snapshot_payload(snapshot)["positions"]
    assert told["maps"]["shape"] == [8, 8, 20, 12] and told["of"] == 240
    similarity = cosine_similarity(positions)[1:, 1:]
    maps = similarity_maps(similarity, (20, 12))
    assert torch.equal(maps[0, 0].flatten(), similarity[0]) and torch.equal(maps[7, 7].flatten(), similarity[239])


def test_the_outcome_is_made_of_the_final_numbers(visit):
    outcome = visit.ask("follow", race=visit.race.name, cursors={})["outcome"]
    accuracies = {label: run.events()[-1].test_accuracy for label, run in visit.race.runs.items()}
    for label, accuracy in accuracies.items():
        assert f"{label} {100 * accuracy:.1f} %" in outcome["headline"]
    assert outcome["detail"].startswith("On 9 test pictures after 3 epochs on 18 pictures")
