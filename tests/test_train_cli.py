"""The terminal: from the first picture to a model in the list, for one model or several, and what it refuses."""

import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.small import OVERRIDES
from vit_explorer import train
from vit_explorer.data import open_dataset
from vit_explorer.models import list_checkpoints, load_checkpoint
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER
from vit_explorer.training.loop.events import Epoch, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs import folder as run_folder
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race, list_races
from vit_explorer.training.runs.slots import Slot

SMALL = [word for name, value in OVERRIDES.items() for word in ("--set", f"vit:{name}={value}")]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch) -> Path:
    """Nothing is written into the checkout, and no training of somebody else on this machine is waited for."""
    folder = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    monkeypatch.setattr(run_folder, "RUNS_FOLDER", folder / "runs")
    return folder


def arguments(data: Path, *more: object) -> list[str]:
    return ["--data", str(data), *SMALL, "--batch-size", "6", "--lr", "3e-3", *map(str, more)]


def without_times(text: str) -> list[str]:
    """The lines that say how a run went, less their seconds."""
    return [line.rsplit("  ", 1)[0] for line in text.splitlines() if "epoch " in line]


def test_from_pictures_to_a_checkpoint(tiny_npz, tmp_path, capsys):
    before = list_checkpoints([CHECKPOINT_FOLDER])
    run, kept = tmp_path / "run", tmp_path / "kept"
    more = ("--epochs", 8, "--validation", 0.25, "--run", run, "--keep", "mine", "--keep-in", kept)
    assert train.main(arguments(tiny_npz, *more)) == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # no bar where nobody looks
    assert f"run: {run}" in shown.out
    assert "18 training, 6 validation and 9 test pictures; step 0 of 24" in shown.out
    assert len(without_times(shown.out)) == 8
    assert f"exported: {kept / 'mine.pt'}" in shown.out

    loaded = load_checkpoint("mine", [kept])
    test = open_dataset(str(tiny_npz)).test
    with torch.no_grad():
        predicted = loaded.model(loaded.preprocess(test.x)).argmax(dim=1)
    accuracy = (predicted == test.y).float().mean().item()
    assert accuracy == pytest.approx(loaded.card["test_accuracy"])
    assert accuracy > 0.6
    assert f"test accuracy {accuracy:.2%}" in shown.out
    assert loaded.card["dataset"]["name"] == "tiny"
    assert loaded.class_names == ["dark", "grey", "light"]
    assert loaded.card["history"]["epoch"] == list(range(1, 9))
    assert list_checkpoints([CHECKPOINT_FOLDER]) == before

    events = RunFolder(run).events()
    rest = [type(event) for event in events if not isinstance(event, Snapshot | Step)]
    assert rest == [Started, *[Epoch] * 8, Finished]
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, 25))

    epochs, positions = loaded.position_snapshots()
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    assert epochs == pytest.approx([event.epoch for event in snapshots], abs=1e-3)
    assert (epochs[0], epochs[-1]) == (0, 8)
    assert torch.equal(positions[-1:], loaded.model.pos_embedding)
    untrained = Trainer(RunFolder(run).recipe(), open_dataset(str(tiny_npz))).model.pos_embedding[0]
    assert (positions[0] - untrained).abs().max() < 1e-4


def test_half_precision_weights_are_kept_smaller(tiny_npz, tmp_path):
    common = ("--epochs", 2, "--export-in", tmp_path)
    assert train.main(arguments(tiny_npz, *common, "--run", tmp_path / "a", "--export", "whole")) == 0
    assert train.main(arguments(tiny_npz, *common, "--run", tmp_path / "b", "--export", "half", "--half")) == 0
    whole, half = (load_checkpoint(name, [tmp_path]).model.state_dict() for name in ("whole", "half"))
    assert all(torch.equal(whole[name].half().float(), half[name]) for name in whole)
    assert (tmp_path / "half.pt").stat().st_size < (tmp_path / "whole.pt").stat().st_size


def test_several_models_race(tiny_npz, tmp_path, capsys):
    more = ("--model", "vit", "cnn", "--set", "cnn:widths=4,8", "--epochs", 2, "--keep", "two", "--keep-in", tmp_path)
    assert train.main(arguments(tiny_npz, *more)) == 0
    shown = capsys.readouterr()
    ((race,), problems) = list_races(run_folder.RUNS_FOLDER)
    assert problems == []
    assert (race.title, list(race.runs), race.finished()) == ("vit, cnn", ["vit", "cnn"], True)
    assert f"race: {race.path}" in shown.out
    lines = without_times(shown.out)
    assert sorted(line.split()[0] for line in lines) == ["cnn", "cnn", "vit", "vit"]
    assert [line.split()[0] for line in lines] != ["vit", "vit", "cnn", "cnn"]  # in turns
    assert list_checkpoints([tmp_path]) == ["two-cnn", "two-vit"]
    assert [type(load_checkpoint(name, [tmp_path]).model).__name__ for name in ("two-cnn", "two-vit")] == [
        "ConvNet",
        "ViT",
    ]


def test_a_race_of_a_preset_in_a_named_folder(tiny_npz, tmp_path, capsys):
    more = ("--data", tiny_npz, "--preset", "positions", "--epochs", 1, "--run", tmp_path / "race", "--snapshots", 2)
    assert train.main([str(word) for word in more]) == 0
    race = Race.at(tmp_path / "race")
    assert (race.title, race.preset, race.owner, race.finished()) == ("No position embeddings", "positions", None, True)
    assert len(race.runs) == 2
    capsys.readouterr()
    assert train.main(["--resume", str(tmp_path / "race")]) == 0
    assert capsys.readouterr().out.count("finished already") == 2


def test_a_run_without_a_name_is_called_after_its_model_and_the_time(tiny_npz, elsewhere, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "now")
    assert train.main(arguments(tiny_npz, "--epochs", 1)) == 0
    assert (elsewhere / "runs" / "now-vit" / "last.pt").is_file()


def test_own_pictures_of_their_own_size_in_a_folder(tmp_path, capsys):
    from PIL import Image

    for label, name in enumerate(("red", "blue")):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(10):
            picture = Image.new("RGB", (30, 20), (230 - 200 * label - number, 0, 30 + 200 * label))
            picture.save(tmp_path / "own" / name / f"{number}.png")
    more = ("--img-size", 12, "--epochs", 8, "--run", tmp_path / "run", "--keep", "own", "--keep-in", tmp_path / "kept")
    assert train.main(arguments(tmp_path / "own", *more)) == 0
    loaded = load_checkpoint("own", [tmp_path / "kept"])
    assert loaded.class_names == ["blue", "red"]
    assert loaded.model.img_size == 12
    assert loaded.card["test_accuracy"] == 1


def test_a_run_that_fails_says_why_and_can_be_taken_up_before_it(tiny_npz, tmp_path, capsys, monkeypatch):
    step = Trainer._train_step

    def spoiled(trainer):
        if trainer.step == 5:
            with torch.no_grad():
                trainer.model.head.weight[0, 0] = torch.nan
        return step(trainer)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_train_step", spoiled)
        more = ("--epochs", 2, "--run", tmp_path / "run", "--save-every", 0)
        assert train.main(arguments(tiny_npz, *more)) == 1
    assert "The loss became nan at step 6: try a lower learning rate." in capsys.readouterr().out
    assert isinstance(RunFolder(tmp_path / "run").events()[-1], Failed)
    assert train.main(["--resume", str(tmp_path / "run")]) == 0
    events = RunFolder(tmp_path / "run").events()
    assert not any(isinstance(event, Failed) for event in events)
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, 9))


# --- one training at a time ---


def test_another_training_on_the_machine_is_waited_for(tiny_npz, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train, "ASK_EVERY", 0.01)
    other = Slot()
    assert other.try_take()
    ended = threading.Timer(1.0, other.release)
    ended.start()
    began = time.monotonic()
    assert train.main(arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run")) == 0
    assert time.monotonic() - began > 1
    assert capsys.readouterr().out.count("Another training is under way on this machine: waiting for its end") == 1


def test_more_at_once_do_not_wait(tiny_npz, tmp_path, capsys):
    other = Slot()
    assert other.try_take()
    assert train.main(arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run", "--at-once", 2)) == 0
    assert "Another training" not in capsys.readouterr().out
    other.release()


# --- what it refuses ---


def refused(capsys, words: str, *given: object) -> None:
    assert train.main([str(word) for word in given]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("python -m vit_explorer.train: ")
    assert shown.err.count("\n") == 1
    assert words in shown.err
    assert shown.out == ""


def test_what_cannot_be_done_is_said_in_one_line_and_leaves_no_folder(tiny_npz, tmp_path, capsys, elsewhere):
    run = ("--run", tmp_path / "run")
    data = ("--data", tiny_npz)
    refused(capsys, "nowhere': give 'cifar10'", "--data", "nowhere", *run)
    refused(capsys, "nowhere.npz", "--data", "nowhere.npz", *run)
    refused(capsys, "CIFAR-10 was not found in data", *run)
    refused(capsys, "CIFAR-10 was not found in here, data", "--root", "here", *run)
    refused(capsys, "epochs must lie between 1 and 10000, not 0", *data, "--epochs", 0, *run)
    refused(capsys, "lr must lie between", *data, "--lr", "nan", *run)
    refused(capsys, "subset of 100 pictures cannot be taken from 24", *data, "--subset", 100, *run)
    refused(capsys, "test_subset must lie between 1 and 9", *data, "--test-subset", 100, *run)
    refused(capsys, "probe must lie between 0 and 8", *data, "--probe", 9, *run)
    refused(capsys, "8 pixels a side and stay so", *data, "--img-size", 16, *run)
    refused(capsys, "--set takes OPTION=VALUE, not 'd_model'", *data, "--set", "d_model", *run)
    refused(capsys, "3 heads cannot share 128", *data, "--set", "n_heads=3", *run)
    refused(capsys, "8 pixels cannot be cut into patches of 5", *data, "--set", "patch_size=5", *run)
    refused(capsys, "colour", *data, "--set", "colour=red", *run)
    refused(capsys, "-128", *data, "--set", "d_model=-128", *run)
    refused(capsys, "n_layers must be a whole number between 1 and 1,000, not 0", *data, "--set", "n_layers=0", *run)
    refused(capsys, "--set takes OPTION=VALUE, not 'widths='", *data, "--model", "cnn", "--set", "widths=", *run)
    narrow = ("--model", "cnn", "--set", "widths=4,4,4,4", "--set", "norm=batch", "--batch-size", 23)
    refused(capsys, "batches of 23 leave one of the 24", *data, *narrow, *run)
    refused(capsys, "device 'nonsense' cannot be used here", *data, "--device", "nonsense", *run)
    refused(capsys, "'No Name' cannot be a model's name", *data, *run, "--keep", "No Name", "--keep-in", "none")
    refused(capsys, "needs at least 2,000 training pictures", *data, "--preset", "data", *run)
    refused(capsys, "neither race.json nor recipe.json", "--resume", tmp_path / "none")
    refused(capsys, "at_once must be 1 or more, not 0", *data, *run, "--at-once", 0)
    refused(capsys, "cannot hold a run", *arguments(tiny_npz, "--run", tiny_npz / "below"))
    refused(capsys, "cannot hold a race", *arguments(tiny_npz, "--model", "vit", "cnn", "--run", tiny_npz / "below"))
    assert not (tmp_path / "run").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_name_that_is_taken_is_refused_before_training_starts(tiny_npz, tmp_path, capsys):
    more = ("--epochs", 1, "--keep", "mine", "--keep-in", tmp_path)
    assert train.main(arguments(tiny_npz, *more, "--run", tmp_path / "a")) == 0
    capsys.readouterr()
    refused(capsys, "There is a model 'mine' already", *arguments(tiny_npz, *more, "--run", tmp_path / "b"))
    assert not (tmp_path / "b").exists()


def test_a_run_or_a_race_is_not_written_over(tiny_npz, tmp_path, capsys):
    one = arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run")
    two = arguments(tiny_npz, "--epochs", 1, "--model", "vit", "cnn", "--run", tmp_path / "race")
    for given in (one, two):
        assert train.main(given) == 0
    events = (tmp_path / "run" / "events.jsonl").read_bytes()
    capsys.readouterr()
    refused(capsys, "already holds a run", *one)
    refused(capsys, "race exists already", *two)
    refused(capsys, "already holds a race", *one[:-1], tmp_path / "race")
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == events


@pytest.mark.parametrize("flag", ["--epochs 3", "--model cnn", "--preset fast", "--set d_ff=3", "--lr-change 3:2"])
def test_a_run_that_goes_on_keeps_its_recipe(tmp_path, capsys, flag):
    name = flag.split()[0]
    refused(
        capsys, f"{name} cannot be said beside --resume: a run keeps its recipe", "--resume", tmp_path, *flag.split()
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--model vgg", "invalid choice: 'vgg'"),
        ("--model vit --preset fast", "argument --preset: not allowed with argument --model"),
        ("--preset slow", "invalid choice: 'slow'"),
        ("--optimizer sgd", "invalid choice: 'sgd'"),
        ("--epochs few", "invalid int value: 'few'"),
        ("--colour red", "unrecognized arguments: --colour red"),
    ],
)
def test_what_argparse_refuses(capsys, words, sentence):
    with pytest.raises(SystemExit) as caught:
        train.main(words.split())
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("python -m vit_explorer.train: error: ")
    assert sentence in last


def test_help_shows_ranges_and_defaults(capsys):
    with pytest.raises(SystemExit) as caught:
        train.main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "1e-07 to 10 (default: 0.001)" in text
    assert "8 to 128" in text


def test_download_that_fails_is_said_in_one_line(capsys, monkeypatch):
    import socket

    from torchvision.datasets import CIFAR10

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{unused.getsockname()[1]}/cifar.tar.gz")
        refused(capsys, "CIFAR-10 could not be downloaded into data", "--download")


def test_the_recipe_that_was_said_is_the_one_that_is_written(tiny_npz, tmp_path):
    more = ("--epochs", 1, "--lr-change", "2:0.5", "--snapshots", 3, "--test-subset", 6, "--run", tmp_path / "run")
    assert train.main(arguments(tiny_npz, *more)) == 0
    written = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert {name: written[name] for name in ("model", "data", "epochs", "batch_size", "lr", "overrides")} == {
        "model": "vit", "data": str(tiny_npz), "epochs": 1, "batch_size": 6, "lr": 3e-3, "overrides": OVERRIDES,
    }  # fmt: skip
    assert (written["lr_changes"], written["snapshots"], written["test_subset"]) == ([[2, 0.5]], 3, 6)
    rates = [event.lr for event in RunFolder(tmp_path / "run").events() if isinstance(event, Step)]
    assert rates == pytest.approx([3e-3, 3e-3, 1.5e-3, 1.5e-3])


def test_kept_snapshots_are_small(tiny_npz, tmp_path):
    more = ("--epochs", 2, "--run", tmp_path / "run", "--keep", "mine", "--keep-in", tmp_path)
    assert train.main(arguments(tiny_npz, *more)) == 0
    with np.load(tmp_path / "mine.positions.npz") as kept:
        assert kept["positions"].dtype == np.float16
        assert kept["positions"].shape == (len(kept["epochs"]), 5, 16)
