"""The figure of a sweep from the terminal: of its folder, of what ships, and what is refused."""

import json
from pathlib import Path

import pytest

from vit_explorer import train
from vit_explorer.training.runs import folder as run_folder
from vit_explorer.training.studies import sweep_figures

RESULTS = {
    "points": [
        {"model": "cnn", "size": size, "seed": 0, "images": 500, "test_accuracy": accuracy,
         "train_accuracy": 0.35, "seconds": 1.0}
        for size, accuracy in ((50, 0.3), (500, 0.4))
    ],
    "runs": 4, "recipe": {"data": "cifar10"}, "hardware": "a machine", "commit": "unknown",
}  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> Path:
    """Neither the runs of this checkout nor what ships with it is looked at."""
    monkeypatch.setattr(run_folder, "RUNS_FOLDER", tmp_path / "runs")
    monkeypatch.setattr(sweep_figures, "SHIPPED_FOLDER", tmp_path / "sweeps")
    return tmp_path


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(RESULTS))
    return path


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_results_of_a_folder_become_a_figure(tmp_path, capsys, suffix, magic):
    results, figure = write(tmp_path / "mine" / "results.json"), tmp_path / f"hunger.{suffix}"
    assert train.main(["--sweep", "hunger", "--run", str(results.parent), "--figure", str(figure)]) == 0
    assert figure.read_bytes().startswith(magic)
    assert capsys.readouterr().out == f"figure: {figure}, of {results}\n"


def test_without_a_folder_runs_made_here_come_before_those_that_ship(tmp_path, capsys):
    arguments = ["--sweep", "hunger", "--figure", str(tmp_path / "a.svg")]
    shipped = write(tmp_path / "sweeps" / "hunger.json")
    assert train.main(arguments) == 0 and capsys.readouterr().out.endswith(f"{shipped}\n")
    here = write(tmp_path / "runs" / "sweep-hunger" / "results.json")
    assert train.main(arguments) == 0 and capsys.readouterr().out.endswith(f"{here}\n")


def test_a_part_of_the_runs_is_said_to_be_one(tmp_path):
    write(tmp_path / "sweeps" / "hunger.json")
    assert train.main(["--sweep", "hunger", "--figure", str(tmp_path / "a.svg")]) == 0
    figure = sweep_figures.draw_data_scaling(RESULTS)
    (caption,) = (text.get_text() for text in figure.texts if "updates" in text.get_text())
    assert "from 500 on, CNN. These runs lack updates" in " ".join(caption.split())
    assert "2 of 4 runs so far on cifar10; a machine; commit unknown." in " ".join(caption.split())


def test_the_ladder_has_its_figure_too(tmp_path):
    rungs = (("plain", 0.4), ("crop-flip", 0.5), ("teacher", 0.6))
    points = [
        {"rung": rung, "seed": 0, "images": 500, "train_accuracy": 0.3, "test_accuracy": accuracy, "seconds": 1.0}
        for rung, accuracy in rungs
    ]
    results = RESULTS | {"points": points}
    figure = sweep_figures.draw_ladder(results)
    said = " ".join(
        text.get_text() for text in [*figure.texts, *figure.axes[0].texts, *figure.axes[0].get_yticklabels()]
    )
    said = " ".join(said.split())
    assert "3 of 4 runs so far" in said and "Plain ViT" in said and "+ crop and flip" in said and "60.0 %" in said
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "results.json").write_text(json.dumps(results))
    arguments = ["--sweep", "ladder", "--run", str(tmp_path / "mine"), "--figure", str(tmp_path / "a.svg")]
    assert train.main(arguments) == 0 and (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--figure", "a.png"], "--figure belongs to --sweep"),
        (["--sweep", "hunger", "--figure", "a.png"], "there are no results of the sweep 'hunger': looked for "),
        (["--sweep", "hunger", "--run", "nowhere", "--figure", "a.png"], "looked for nowhere/results.json"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert train.main(arguments) == 2
    assert said in capsys.readouterr().err and not Path("a.png").exists()


@pytest.mark.parametrize(
    ("name", "said"), [("a.gif", "a figure ends in .png, .svg, .pdf"), ("no/a.png", "cannot be written")]
)
def test_a_file_that_cannot_be_is_refused(tmp_path, capsys, name, said):
    write(tmp_path / "sweeps" / "hunger.json")
    assert train.main(["--sweep", "hunger", "--figure", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
