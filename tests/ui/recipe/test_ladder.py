"""What the Ladder view says: its numbers are those of the results, its commands repeat the runs, its words follow."""

import base64
import csv
import io
import shlex
from dataclasses import replace
from statistics import mean, stdev

import pytest

from tests.training.ladders import BY_SEED, TESTS, ladder_results, write_results
from vit_explorer.training.cli.flags import recipes_said
from vit_explorer.training.cli.parser import make_parser
from vit_explorer.training.runs.export import COMMAND
from vit_explorer.training.studies.ladder import RUNGS, TEACHER, ladder_cells, steps, summary, teacher_step
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.ingredients import INGREDIENTS
from vit_explorer.ui.recipe.ladder import (
    COLUMNS,
    EXPORTED_TEACHER,
    LadderExport,
    describe_ladder,
    export_ladder,
    ladder_csv,
)
from vit_explorer.ui.recipe.ladder_words import headline, overfitting, whole_recipe


@pytest.fixture
def seen(tmp_path):
    """seen(results) -> a session beside whose checkpoints they lie."""

    def session(results=None) -> Session:
        if results is not None:
            write_results(tmp_path, results)
        return Session(checkpoint_folders=[tmp_path])

    return session


def test_every_rung_has_the_numbers_of_the_results(seen):
    view = describe_ladder(seen(ladder_results(3)))
    assert [rung["name"] for rung in view["rungs"]] == [rung.name for rung in RUNGS]
    assert [rung["number"] for rung in view["rungs"]] == list(range(1, 10))
    tests = {
        name: [test + more - (0.02 * seed if name == "rand-augment" else 0) for seed, more in enumerate(BY_SEED)]
        for name, test in TESTS.items()
    }
    for below, rung in zip([None, *view["rungs"]], view["rungs"], strict=False):
        result, own = rung["result"], tests[rung["name"]]
        assert result["tests"] == pytest.approx(own) and result["mean"] == pytest.approx(mean(own))
        assert result["spread"] == pytest.approx(stdev(own)) and result["train"] == pytest.approx(mean(own) + 0.11)
        if below is None:
            assert result["gain"] is None and result["gains"] == []
        else:
            gains = [one - other for one, other in zip(own, tests[below["name"]], strict=True)]
            assert result["gains"] == pytest.approx(gains) and result["gain"] == pytest.approx(mean(gains))
            assert result["clear"] == (max(gains) < 0 or min(gains) > 0)
            assert abs(result["gain"]) < view["limit"]
    assert [rung["name"] for rung in view["rungs"][1:] if not rung["result"]["clear"]] == ["rand-augment", "erasing"]
    assert view["teacher"]["result"]["mean"] == pytest.approx(mean(tests[TEACHER]))
    assert view["missing"] == "" and view["sweep"] == f"{COMMAND} --sweep ladder --seeds 3"
    assert "a machine of the test" in view["made"]


def said_by(command: str):
    words = shlex.split(command)[len(COMMAND.split()) :]
    options = make_parser().parse_args(words)
    (recipe,) = recipes_said(options).values()
    return recipe, options.export


def test_the_commands_repeat_the_runs_of_the_first_seed(seen, tmp_path):
    view = describe_ladder(seen(ladder_results(2)))
    cells = {cell.facts["rung"]: cell.recipe for cell in ladder_cells(tmp_path)}
    for rung in view["rungs"][:-1]:
        (command,) = rung["commands"]
        assert said_by(command) == (cells[rung["name"]], None)
    first, second = view["rungs"][-1]["commands"]
    assert [first] == view["teacher"]["commands"] and said_by(first) == (cells[TEACHER], EXPORTED_TEACHER)
    assert said_by(second) == (replace(cells["distillation"], teacher=EXPORTED_TEACHER), None)
    assert "RandAugment 9" in view["rungs"][3]["recipe"] and "RandAugment" not in view["rungs"][2]["recipe"]


def test_each_ingredient_has_the_strength_of_its_rung_and_the_page_offers_it(seen):
    view = describe_ladder(seen(ladder_results(1)))
    strengths = {one["name"]: one["strength"] for rung in view["rungs"] for one in rung["ingredients"]}
    assert strengths == {
        "crop-flip": 4, "smoothing": 0.1, "rand-augment": 9, "erasing": 0.25, "mixup": 0.8, "cutmix": 1.0,
        "depth": 0.1, "repeats": 3,
    }  # fmt: skip
    assert strengths.keys() == INGREDIENTS.keys()
    assert all(strengths[name] in INGREDIENTS[name].values for name in strengths)
    assert all(rung["what"] for rung in view["rungs"]) and all(rung["expected"] for rung in view["rungs"][1:])
    assert "81.8 % to 83.4 %" in view["rungs"][-1]["expected"]


def test_the_sentences_follow_the_numbers(seen):
    view = describe_ladder(seen(ladder_results(2)))
    for part in (
        "40.3 % to 50.4 %",
        "+10.1 points",
        "teacher, +6.9 ± 0.0 points.",
        "falls in the mean with 2 of 8 steps",
        "CutMix (−3.6), RandAugment (−0.6)",
        "11.0 points below",
    ):
        assert part in view["says"]
    for part in ("5,000 training pictures", "20 epochs", "2 seeds a row", "standard deviation", "2 of 8 steps"):
        assert part in view["caveat"]
    one = describe_ladder(seen(ladder_results(1)))
    assert "1 seed a row" in one["caveat"] and "chance" in one["caveat"]
    assert one["sweep"] == f"{COMMAND} --sweep ladder"


def said_of(results) -> str:
    found = steps(results)
    return headline(found, summary(found), teacher_step(results))


def whole_of(results) -> str:
    found = steps(results)
    return whole_recipe(found, summary(found), results["recipe"])


def with_training(results, **shares: float):
    """These training accuracies of the named rungs, for every seed."""
    for point in results["points"]:
        point["train_accuracy"] = shares.get(point["rung"], point["train_accuracy"])
    return results


def test_the_whole_recipe_is_explained_where_the_accuracies_show_why():
    below = {"plain": 0.48, "distillation": 0.46}
    for seeds, ends in ((1, "2.0 points below"), (3, "2.0 ± 0.0 points below")):
        held = whole_of(with_training(ladder_results(seeds, **below), plain=0.86, distillation=0.47))
        assert ends in held and "within 20 epochs it learns too slowly" in held
        assert "only 47.0 % of 5,000 training pictures right (plain: 86.0 %)" in held
    better = whole_of(with_training(ladder_results(1, plain=0.48, distillation=0.46), plain=0.6, distillation=0.61))
    assert "below the plain one." in better and "slowly" not in better  # the gap is larger: no reason is given
    above = whole_of(with_training(ladder_results(2), plain=0.86, distillation=0.55))
    assert "10.1 ± 0.0 points above" in above and "by heart" in above and "only" not in above
    level = ladder_results(3, plain=0.48, distillation=0.48)
    for point in level["points"]:
        if point["rung"] == "plain":
            point["test_accuracy"] += 0.01 * (point["seed"] - 1)
    assert "level" in whole_of(level) and "disagree" in whole_of(level)
    assert whole_of(ladder_results(2, left_out=("distillation",))) == whole_of(ladder_results(1, ("plain",))) == ""


def test_overfitting_is_read_off_training_and_test_accuracies():
    gaps = {"plain": 0.4, "crop-flip": 0.1}
    results = ladder_results(1, **{rung.name: 0.42 if rung is RUNGS[-1] else 0.4 for rung in RUNGS})
    for point in results["points"]:
        point["train_accuracy"] = point["test_accuracy"] + gaps.get(point["rung"], 0.05)
    found = steps(results)
    said = overfitting(found)
    assert "shrinks from +40.0 to +5.0 points, most of all by crop and flip (+40.0 to +10.0)." in said
    assert said.endswith("Training accuracy falls by less: from 80.0 % to 47.0 %.")
    for point in results["points"]:
        if point["rung"] == "distillation":
            point["test_accuracy"], point["train_accuracy"] = 0.35, 0.4
    assert "falls by more: from 80.0 % to 40.0 %" in overfitting(steps(results))
    assert overfitting(found[1:2]) == overfitting([]) == "" == overfitting(found[::-1])


def test_training_pictures_that_are_better_known_with_the_recipe_are_not_called_a_loss():
    results = ladder_results(1, plain=0.2, **{"crop-flip": 0.9})
    for point in results["points"]:
        point["train_accuracy"] = point["test_accuracy"] + (0.1 if point["rung"] == "plain" else 0.0)
    found = steps(results)[:2]
    assert overfitting(found) and "falls" not in overfitting(found)


def test_where_nothing_hurts_or_nothing_gains_it_says_so():
    rising = {rung.name: 0.1 * (k + 1) for k, rung in enumerate(RUNGS)}
    assert "No ingredient costs accuracy here." in said_of(ladder_results(1, **rising))
    assert "points above its teacher" in said_of(ladder_results(1, **rising))
    falling = {rung.name: 0.9 - 0.1 * k for k, rung in enumerate(RUNGS)}
    said = said_of(ladder_results(1, **falling))
    assert "Largest gain" not in said and "−80.0 points" in said and said.count("(−10.0)") == 8


def test_part_of_the_runs_is_told_as_a_part(seen):
    view = describe_ladder(seen(ladder_results(2, left_out=("smoothing", "repeats", TEACHER, "distillation"))))
    assert view["missing"].startswith("12 of 20 runs")
    without = [rung["name"] for rung in view["rungs"] if rung["result"] is None]
    assert without == ["smoothing", "repeats", "distillation"] and view["teacher"] is None
    by_name = {rung["name"]: rung for rung in view["rungs"]}
    assert by_name["rand-augment"]["result"]["gain"] is None  # the rung below it is missing
    assert "to 42.3 % up to stochastic depth: +2.0 points" in view["says"] and "teacher" not in view["says"]
    assert "in 1 of 4 steps" in view["caveat"]
    only = describe_ladder(seen(ladder_results(2, left_out=tuple(TESTS.keys() - {"plain"}))))
    assert only["says"] == "" and "in none of 0 steps" not in only["caveat"]


@pytest.mark.parametrize("results", [None, ladder_results(1, left_out=tuple(TESTS))])
def test_without_results_it_says_how_to_make_them(seen, results):
    session = seen(results)
    view = describe_ladder(session)
    assert view["rungs"] == [] and view["teacher"] is None
    assert "no results" in view["missing"] and view["sweep"] == f"{COMMAND} --sweep ladder"
    with pytest.raises(UserError, match="no results"):
        export_ladder(session, LadderExport("csv"))


# --- files ---


def rows_of(results) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ladder_csv(results))))


def test_the_table_holds_every_run_with_its_gain():
    results = ladder_results(2)
    rows = rows_of(results)
    assert tuple(rows[0]) == COLUMNS and len(rows) == 20
    points = {(point["rung"], str(point["seed"])): point for point in results["points"]}
    assert [row["rung"] for row in rows[::2]] == [*(rung.name for rung in RUNGS), TEACHER]
    for row in rows:
        point = points[row["rung"], row["seed"]]
        for field in ("test_accuracy", "train_accuracy", "images", "seconds"):
            assert float(row[field]) == point[field]
    assert rows[0]["gain"] == "" and float(rows[3]["gain"]) == pytest.approx(0.0524)
    assert rows[-1]["number"] == "" and [row["number"] for row in rows[:-2:2]] == [str(k) for k in range(1, 10)]


@pytest.mark.parametrize(("format", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_figures_are_what_they_say(seen, format, begins):
    file = export_ladder(seen(ladder_results(2)), LadderExport(format))
    assert file["filename"] == f"ladder.{format}" and base64.b64decode(file["data"]).startswith(begins)


def test_the_table_as_a_file_is_the_table(seen):
    results = ladder_results(1)
    file = export_ladder(seen(results), LadderExport("csv"))
    assert base64.b64decode(file["data"]).decode("utf-8-sig") == ladder_csv(results) and file["mime"] == "text/csv"


def test_what_cannot_be_is_refused_in_a_sentence(seen):
    session = seen(ladder_results(1))
    told = serve(session, export=export_ladder)[0]({"format": "exe"})
    assert told["error"].startswith("A file can be csv, png, ")


@pytest.mark.parametrize("text", ["{", '{"note": 1}', "[1]"])
def test_damaged_results_are_named(seen, text, tmp_path):
    session, path = Session(tmp_path, [tmp_path]), tmp_path / "sweeps" / "ladder.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    view = describe_ladder(session)
    assert str(path) in view["missing"] and view["rungs"] == []
