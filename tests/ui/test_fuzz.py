"""Whatever a client sends to any function of the server: a sentence or an answer, no traceback, and nothing that is
another's.

VIT_EXPLORER_FUZZ=100000 scripts/dev test tests/ui/test_fuzz.py takes longer; VIT_EXPLORER_FUZZ_SEED sets the seed.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import shutil
from pathlib import Path

import gradio as gr
import pytest
import torch
from PIL import Image

from tests import apart
from tests.files import save_npz
from tests.training.small import RECIPE
from tests.ui.fuzzing import Fuzzer
from vit_explorer.data.dataset import Dataset
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.zoo import create_model
from vit_explorer.training.runs.race import Race, list_races, owner_of
from vit_explorer.training.runs.runner import Runner
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app
from vit_explorer.ui.core import downloads
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.jobs import Jobs
from vit_explorer.ui.core.limits import Limits
from vit_explorer.ui.core.paths import HiddenPaths
from vit_explorer.ui.core.serve import ServerFunction
from vit_explorer.ui.core.session import Session

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("VIT_EXPLORER_FUZZ", 2500))
SEED = int(os.environ.get("VIT_EXPLORER_FUZZ_SEED", 18))
OWNER, OTHER = "the fuzzer's secret", "a secret of somebody else"
SIZES = {
    "vit": {"patch_size": 4, "d_model": 8, "n_heads": 2, "n_layers": 2, "d_ff": 8},
    "deit": {"patch_size": 4, "d_model": 8, "n_heads": 2, "n_layers": 2, "d_ff": 8},
    "cnn": {"widths": (4, 8)},
    "swin": {"d_model": 8, "depths": (2, 2), "n_heads": (2, 2), "window": 2},
}


class QuietService(TrainingService):
    """A service whose races are handed in and never trained: no process is started."""

    def submit(self, race: Race, until: str = "end") -> None:
        pass


@pytest.fixture(scope="module")
def world(tiny: Dataset, tmp_path_factory):
    """A page with small networks, own data, a race of the fuzzer and one of somebody else, and their uploads."""
    root = tmp_path_factory.mktemp("secret-place-of-the-server")
    data = save_npz(tiny, root / "tiny.npz")
    for name, sizes in SIZES.items():
        card = {
            "model": name,
            "overrides": {"img_size": 8, "n_classes": 3, **sizes},
            "dataset": {"name": "tiny", "classes": list(tiny.names)},
            "normalise": {"mean": [127.0] * 3, "std": [64.0] * 3},
            "recipe": {"epochs": 1},
        }
        save_checkpoint(create_model(name, **card["overrides"]), card, f"{name}-tiny", root / "weights")
    (root / "weights" / "damaged.json").write_text("{")
    runs = root / "runs"
    recipe = RECIPE.__class__.from_dict(RECIPE.to_dict() | {"data": str(data), "epochs": 1})
    for owner in (OWNER, OTHER):
        race = Race.create(runs, {"ViT": recipe}, title=f"Of {owner[:6]}", owner=owner_of(owner))
        with Runner(race, lambda recipe: open_dataset(recipe.data)) as runner:
            list(runner.events())
    (runs / "damaged").mkdir()
    (runs / "damaged" / "race.json").write_text("{")
    session = Session(
        root / "nowhere", [root / "weights", runs / "exported"], [data], offline=True, brought=runs / ".brought"
    )
    uploads = {owner: session.keep_upload(picture_bytes(), f"{owner}.png").name for owner in (OWNER, OTHER)}
    service = QuietService(runs)
    return root, service, build_app(session, service), uploads


def picture_bytes(format: str = "PNG", seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    noise = torch.randint(0, 256, (9, 12, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    Image.fromarray(noise.numpy()).save(buffer, format)
    return buffer.getvalue()


def functions_of(page: gr.Blocks) -> list[ServerFunction]:
    found = [function for block in page.blocks.values() for function in getattr(block, "server_fns", ())]
    return [function for function in found if isinstance(function, ServerFunction)]


def damaged_upload(lot: random.Random) -> str:
    """A picture in base64 of which some bytes are changed, or that is cut short."""
    data = bytearray(picture_bytes(lot.choice(("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")), lot.randrange(99)))
    for _ in range(lot.choice((0, 1, 3, 30))):
        data[lot.randrange(len(data))] = lot.randrange(256)
    text = base64.b64encode(bytes(data[: lot.choice((len(data), lot.randrange(len(data)))) or None])).decode()
    return text if lot.random() < 0.95 else text[:-1]


def spoilt(contender: dict, fuzzer: Fuzzer) -> dict:
    """A contender as the page sends it, with some of its fields changed or left out."""
    changed = {key: value for key, value in contender.items() if fuzzer.lot.random() > 0.01}
    for key in fuzzer.lot.sample(list(changed), fuzzer.lot.choice((0, 1, 1, 3))):
        changed[key] = fuzzer.odd()
    return changed


def strings(value: object):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(key)
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


@pytest.fixture
def quick(monkeypatch):
    """Nothing is measured, downloaded or drawn at length."""
    monkeypatch.setattr(Jobs, "_run", lambda self, job, events: (setattr(self, "_job", None), self._machine.release()))
    monkeypatch.setattr("vit_explorer.ui.core.session.download_cifar10", lambda _: Path())
    monkeypatch.setattr(downloads, "figure_bytes", lambda figure, format: b"")


def test_every_answer_is_a_sentence_or_an_answer(world, quick, caplog):
    with caplog.at_level("INFO"):
        apart.run(ask_everything(world, caplog))


async def ask_everything(world, caplog):
    root, service, page, uploads = world
    gateway = Gateway(Limits(rates={}), hidden=HiddenPaths([root]))
    functions = functions_of(page)
    assert len(functions) > 50
    lot = random.Random(SEED)
    found = {race.title: race.name for race in list_races(service.runs_folder)[0]}
    mine, races = found[f"Of {OWNER[:6]}"], list(found.values())
    shutil.copytree(service.runs_folder / mine, root / "copy", dirs_exist_ok=True)
    fuzzer = Fuzzer(
        lot,
        {
            "model": [*(f"{name}-tiny" for name in SIZES), "damaged", "../runs"],
            "picture": ["sample:cat", "tiny:0", "shapes:17", uploads[OWNER], "upload:" + "0" * 32],
            "second": ["sample:lion", uploads[OWNER]],
            "owner": [OWNER, "", "nobody"],
            "race": [*races, "damaged", "..", "none"],
            "label": ["ViT", "CNN"],
            "data": ["tiny", "shapes", "cifar10"],
            "source": ["tiny", "shapes", "cifar10"],
            "format": ["csv", "npz", "npy", "svg", "exe"],
            "with": races,
            "do": ["play", "pause", "stop", "step", "lr"],
            "what": ["batch", "epoch"],
            "preset": ["vit-cnn"],
            "title": ["A title", "caf\u00e9"],
            "text": ["1 2 3", "abc", "9" * 50],
            "ingredient": ["mixup", "cutmix", "erasing", "rand_augment"],
            "head_fusion": ["mean", "max", "min"],
            "mode": ["none", "shuffled", "zero"],
            "kind": ["vit", "cnn", "both"],
            "target": ["dark", "light"],
        },
    )
    secrets = [str(root), str(Path.home()), str(Path(__file__).parents[2]), owner_of(OTHER), OTHER, uploads[OTHER]]
    plan = next(one for one in functions if one.__name__ == "planned")
    planned = [
        {"label": one["label"], **one["recipe"]}
        for one in plan({"owner": OWNER, "preset": "vit-cnn", "data": "tiny", "subset": None, "epochs": 1})[
            "contenders"
        ]
    ]
    told: dict[str, str] = {}
    for case in range(CASES):
        function = lot.choice(functions)
        raw = fuzzer.request(function._kind)
        if function.__name__ in ("upload", "take") and isinstance(raw, dict) and lot.random() < 0.9:
            raw["data"] = damaged_upload(lot)
        if function.__name__ == "start" and isinstance(raw, dict) and lot.random() < 0.9:
            raw["contenders"] = [spoilt(one, fuzzer) for one in planned[: lot.choice((1, 1, 2))]]
        caplog.clear()
        if not (service.runs_folder / mine).exists():  # one that was deleted comes back
            shutil.copytree(root / "copy", service.runs_folder / mine)
        answer = json.loads(await gateway.answer(function, raw, "127.0.0.1"))
        faults = [*faults_of(answer, caplog.records), *shown_secrets(answer, secrets)]
        if faults:
            told.setdefault(
                f"{function.__name__}: {faults[0]}",
                f"case {case}: {str(raw)[:300]} -> {str(answer)[:300]}\n{caplog.text[-1500:]}",
            )
    assert not told, "\n\n".join(f"{fault}\n{how}" for fault, how in told.items())


def faults_of(answer: dict, records: list) -> list[str]:
    """What is wrong with an answer and with the lines that it left in the log."""
    found = ["a traceback in the log"] if any(record.exc_info for record in records) else []
    try:
        json.dumps(answer, allow_nan=False)
    except ValueError as error:
        found.append(f"no JSON: {error}")
    if set(answer) - {"missing"} == {"error"}:
        if not (answer["error"].endswith((".", "?")) and answer["error"].count(" ") > 2):
            found.append("no sentence")
        if len(records) != 1 or "\n" in records[0].getMessage():
            found.append(f"{len(records)} lines in the log")
    return found


def shown_secrets(answer: dict, secrets: list[str]) -> list[str]:
    return [f"it shows {secret}" for text in strings(answer) for secret in secrets if secret in text]
