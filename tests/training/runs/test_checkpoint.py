"""A run that is kept is a model in the list: its weights are those of the run, and its card is true of them."""

import os
import shutil
from dataclasses import replace
from itertools import islice

import pytest
import torch

from tests.training.small import OVERRIDES
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, EXPORT_FOLDER, list_checkpoints, load_checkpoint
from vit_explorer.training import Recipe, Trainer
from vit_explorer.training.loop.events import Epoch, Finished, Snapshot, Step
from vit_explorer.training.runs.checkpoint import check_name, export_checkpoint
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner

RECIPE = Recipe(
    overrides=OVERRIDES, epochs=3, batch_size=7, lr=3e-3, validation=0.25, test_subset=3, snapshots=5, data="tiny"
)


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """Makes the run of a recipe as a race makes it, as far as so many events; all of them if none are said."""

    def make(recipe: Recipe = RECIPE, events: int | None = None) -> RunFolder:
        race = Race.create(tmp_path_factory.mktemp("runs"), {"one": recipe}, title="A race")
        with Runner(race, lambda recipe: tiny) as runner:
            for _ in islice(runner.events(), events):
                pass
            runner.save()
        return race.runs["one"]

    return make


@pytest.fixture(scope="module")
def finished(made) -> RunFolder:
    """A run that came to its end. Keeping it does not change it."""
    return made()


def accuracy(kept, split) -> float:
    with torch.no_grad():
        return (kept.model(kept.preprocess(split.x)).argmax(dim=1) == split.y).float().mean().item()


def test_a_finished_run_becomes_a_model(finished, tiny, tmp_path):
    run = finished
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    path = export_checkpoint(run, "mine", tmp_path / "kept", dataset=tiny)
    assert path == tmp_path / "kept" / "mine.pt"
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before

    kept = load_checkpoint("mine", [tmp_path / "kept"])
    trained = run.peek_state()["model"]
    assert all(torch.equal(value, trained[name]) for name, value in kept.model.state_dict().items())
    events = run.events()
    told = events[-1]
    assert isinstance(told, Finished)
    assert kept.card["test_accuracy"] == told.test_accuracy == pytest.approx(accuracy(kept, tiny.test))
    assert kept.card["validation_accuracy"] == told.validation_accuracy
    assert kept.card["seconds"] == round(told.seconds, 1)
    assert kept.card["epochs_trained"] == 3
    assert kept.card["history"]["test_accuracy"] == [
        event.test_accuracy for event in events if isinstance(event, Epoch)
    ]
    assert Recipe.from_dict(kept.card["recipe"]) == RECIPE

    epochs, positions = kept.position_snapshots()
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    assert epochs == pytest.approx([event.epoch for event in snapshots], abs=1e-3)
    assert torch.equal(positions[-1:], kept.model.pos_embedding)
    assert torch.equal(positions[:-1], torch.stack([event.positions for event in snapshots[:-1]]))


def test_a_stopped_run_is_measured_where_it_stands(made, tiny, tmp_path):
    run = made(events=8)
    events = run.events()
    assert not any(isinstance(event, Finished) for event in events)
    state = run.peek_state()
    assert 0 < state["step"] < 9 and state["step"] not in {e.step for e in events if isinstance(e, Snapshot)}
    export_checkpoint(run, "half-way", tmp_path / "kept", dataset=tiny)

    kept = load_checkpoint("half-way", [tmp_path / "kept"])
    assert all(torch.equal(value, state["model"][name]) for name, value in kept.model.state_dict().items())
    assert kept.card["test_accuracy"] == pytest.approx(accuracy(kept, tiny.test))
    assert kept.card["validation_accuracy"] is not None
    done = state["step"] / 3
    assert kept.card["epochs_trained"] == pytest.approx(done, abs=1e-3)
    assert kept.card["recipe"]["epochs"] == 3
    epochs, positions = kept.position_snapshots()
    taken = [event.epoch for event in events if isinstance(event, Snapshot)]
    assert epochs == pytest.approx([*taken, done], abs=1e-3)
    assert torch.equal(positions[-1:], kept.model.pos_embedding)
    assert kept.trained_positions()[0] == pytest.approx(done, abs=1e-3)


def test_events_after_the_state_that_is_kept_are_left_out(finished, made, tiny, tmp_path):
    cut = made(events=8)
    passed = [event.epoch for event in cut.events() if isinstance(event, Epoch)]
    for event in finished.events():  # as a run leaves them that was killed before its next state
        if event.step > cut.peek_state()["step"]:
            cut.append(event)
    export_checkpoint(cut, "cut", tmp_path, dataset=tiny)
    kept = load_checkpoint("cut", [tmp_path])
    assert kept.card["epochs_trained"] < 3
    assert kept.card["test_accuracy"] == pytest.approx(accuracy(kept, tiny.test))
    assert max(kept.position_snapshots()[0]) == pytest.approx(kept.card["epochs_trained"], abs=1e-3)
    assert kept.card["history"]["epoch"] == passed == [1]


def test_a_model_without_positions_is_kept_without_them(made, tiny, tmp_path):
    for name, recipe in {
        "cnn": replace(RECIPE, model="cnn", overrides={"widths": (4, 8)}),
        "bag": replace(RECIPE, overrides=OVERRIDES | {"positions": "none"}),
    }.items():
        export_checkpoint(made(recipe), name, tmp_path / "kept", dataset=tiny)
        assert not (tmp_path / "kept" / f"{name}.positions.npz").exists()
        kept = load_checkpoint(name, [tmp_path / "kept"])
        assert kept.card["test_accuracy"] == pytest.approx(accuracy(kept, tiny.test))


def test_half_precision_is_measured_as_it_is_stored(finished, tiny, tmp_path, monkeypatch):
    def accuracy(trainer, split, precision="float32"):
        """1 for weights that float16 can hold, else 0."""
        return float(all(torch.equal(value, value.half().float()) for value in trainer.model.parameters()))

    monkeypatch.setattr(Trainer, "accuracy", accuracy)
    whole, half = (export_checkpoint(finished, name, tmp_path, name == "half", tiny) for name in ("whole", "half"))
    assert half.stat().st_size < whole.stat().st_size
    card = load_checkpoint("half", [tmp_path]).card
    assert card["test_accuracy"] == card["validation_accuracy"] == 1.0
    assert load_checkpoint("whole", [tmp_path]).card["test_accuracy"] == finished.events()[-1].test_accuracy


def test_the_data_are_opened_from_the_recipe(made, tiny_npz, tiny, tmp_path):
    run = made(replace(RECIPE, data=str(tiny_npz)))
    export_checkpoint(run, "found", tmp_path)
    assert load_checkpoint("found", [tmp_path]).class_names == list(tiny.names)
    tiny_npz.unlink()
    with pytest.raises(ValueError, match="no file"):
        export_checkpoint(run, "lost", tmp_path)
    assert list_checkpoints([tmp_path]) == ["found"]


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a/b", "../a", "ä", "a.b", "a\n", "a" * 41])
def test_a_name_that_cannot_be_is_refused(name, tmp_path):
    with pytest.raises(RunError, match="1 to 40 small letters, digits and hyphens"):
        check_name(name, tmp_path)


def test_names_at_the_limits_are_taken(tmp_path):
    for name in ("a", "7", "a-", "vit-2-b", "a" * 40):
        check_name(name, tmp_path)


def test_nothing_is_written_over_or_hidden(finished, tiny, tmp_path):
    export_checkpoint(finished, "mine", tmp_path / "kept", dataset=tiny)
    weights = (tmp_path / "kept" / "mine.pt").read_bytes()
    with pytest.raises(RunError, match="a model 'mine' already"):
        export_checkpoint(finished, "mine", tmp_path / "kept", dataset=tiny)
    assert (tmp_path / "kept" / "mine.pt").read_bytes() == weights

    shipped = list_checkpoints([CHECKPOINT_FOLDER])[0]
    with pytest.raises(RunError, match=f"a model '{shipped}' already"):
        check_name(shipped, EXPORT_FOLDER)
    check_name(shipped, tmp_path)  # where nothing would hide it


def test_of_two_who_keep_at_once_one_is_refused(finished, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "vit_explorer.training.runs.checkpoint.list_checkpoints", lambda folders: []
    )  # both have looked
    export_checkpoint(finished, "mine", tmp_path, dataset=tiny)
    files = {path.name: path.read_bytes() for path in tmp_path.glob("mine.*")}
    with pytest.raises(RunError, match=r"mine\.pt already"):
        export_checkpoint(finished, "mine", tmp_path, dataset=tiny)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("mine.*")} == files


def test_a_run_that_has_not_learned_is_not_kept(made, tiny, tmp_path):
    unstarted = RunFolder.create(tmp_path / "new", RECIPE)
    untrained = made(events=2)
    assert not any(isinstance(event, Step) for event in untrained.events())
    for run in (unstarted, untrained):
        with pytest.raises(RunError, match="nothing to export"):
            export_checkpoint(run, "mine", tmp_path / "kept", dataset=tiny)
    assert not (tmp_path / "kept").exists()


def test_a_damaged_run_is_said(finished, tiny, tmp_path):
    damaged = RunFolder(shutil.copytree(finished.path, tmp_path / "damaged"))
    (damaged.path / "last.pt").write_bytes(b"no")
    with pytest.raises(RunError, match="damaged"):
        export_checkpoint(damaged, "mine", tmp_path, dataset=tiny)


def test_what_cannot_be_written_is_said_and_leaves_nothing(finished, tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot hold a model"):
        export_checkpoint(finished, "mine", tmp_path / "file", dataset=tiny)

    def full(*args, **kwargs):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("numpy.savez_compressed", full)
    with pytest.raises(RunError, match="No space left on device"):
        export_checkpoint(finished, "mine", tmp_path / "kept", dataset=tiny)
    assert list((tmp_path / "kept").iterdir()) == []
