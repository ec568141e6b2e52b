"""The catalogue states the figures of its sources, and its networks load, from this machine and from a server."""

from __future__ import annotations

import dataclasses
import io
import runpy
import sys
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.pretrained.others import assert_same, pictures, timm_named
from tests.models.pretrained.server import offering, serving
from vit_explorer.models import (
    CheckpointError,
    DownloadError,
    create_model,
    load_checkpoint,
    load_pretrained,
    pretrained_models,
    save_checkpoint,
)
from vit_explorer.models.pretrained import Preprocessing, catalogue, command, load, resize_and_crop
from vit_explorer.models.pretrained.labels import imagenet_names
from vit_explorer.models.summary import model_summary
from vit_explorer.ui import door

TORCHVISION = {
    "vit-b-16": "ViT_B_16_Weights.IMAGENET1K_V1",
    "vit-b-32": "ViT_B_32_Weights.IMAGENET1K_V1",
    "swin-t": "Swin_T_Weights.IMAGENET1K_V1",
    "swin-s": "Swin_S_Weights.IMAGENET1K_V1",
    "resnet-50": "ResNet50_Weights.IMAGENET1K_V2",
}
TIMM = {
    "deit-tiny": "deit_tiny_patch16_224.fb_in1k",
    "deit-tiny-distilled": "deit_tiny_distilled_patch16_224.fb_in1k",
    "deit-small": "deit_small_patch16_224.fb_in1k",
    "dino-vit-s-16": "vit_small_patch16_224.dino",
    "dinov2-vit-s-14": "vit_small_patch14_dinov2.lvd142m",
    "dinov2-vit-s-14-registers": "vit_small_patch14_reg4_dinov2.lvd142m",
}
BY_NAME = {entry.name: entry for entry in pretrained_models()}


def test_names_are_told_apart_and_the_default_is_small():
    assert set(BY_NAME) == {*TORCHVISION, *TIMM} and len(BY_NAME) == len(pretrained_models()) == 11
    assert pretrained_models()[0].name == "deit-tiny" and pretrained_models()[0].megabytes < 25
    assert len({entry.filename for entry in pretrained_models()}) == 11
    for entry in pretrained_models():
        assert entry.url.startswith("https://") and entry.licence and entry.source and entry.img_size == 224
        assert entry.sha256_prefix == "" or entry.filename.endswith(f"-{entry.sha256_prefix}.pth")
        assert (entry.top1 is None) == (entry.n_classes == 0) == (entry.knn is not None) == (not entry.sha256_prefix)


@pytest.mark.parametrize("name", TORCHVISION)
def test_figures_of_torchvision_are_its_own(name):
    import torchvision

    builder, _, version = TORCHVISION[name].partition(".")
    weights = getattr(getattr(torchvision.models, builder), version)
    entry, transforms = BY_NAME[name], weights.transforms()
    assert entry.url == weights.url
    assert 100 * entry.top1 == pytest.approx(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"])
    assert entry.megabytes == pytest.approx(weights.meta["_file_size"] * 2**20 / 10**6, abs=0.1)
    assert (entry.preprocessing.resize, entry.img_size) == (transforms.resize_size[0], transforms.crop_size[0])
    assert entry.preprocessing.interpolation == transforms.interpolation.value
    assert [entry.preprocessing.mean, entry.preprocessing.std] == [tuple(transforms.mean), tuple(transforms.std)]


@pytest.mark.parametrize("name", TIMM)
def test_addresses_and_preprocessing_are_those_of_timm(name):
    import timm

    config, entry = timm.get_pretrained_cfg(TIMM[name]), BY_NAME[name]
    assert entry.url == config.url
    assert [entry.preprocessing.mean, entry.preprocessing.std] == [config.mean, config.std]
    assert entry.preprocessing.interpolation == config.interpolation
    if entry.family == "deit":
        assert entry.preprocessing.resize == int(224 / config.crop_pct)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(300, 200), (201, 333), (64, 64)])
def test_pictures_are_resized_and_cropped_as_in_torchvision(size, interpolation):
    from torchvision.transforms import v2
    from torchvision.transforms.functional import InterpolationMode

    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8))
    theirs = v2.Compose([v2.Resize(73, InterpolationMode(interpolation)), v2.CenterCrop(64), v2.PILToTensor()])
    found = resize_and_crop(picture, Preprocessing(resize=73, crop=64, interpolation=interpolation))
    assert torch.equal(found, theirs(picture))


def test_what_cannot_be_cropped_is_refused():
    with pytest.raises(ValueError, match="224"):
        resize_and_crop(Image.new("RGB", (9, 9)), Preprocessing(resize=200))
    with pytest.raises(ValueError, match="mode is L"):
        resize_and_crop(Image.new("L", (9, 9)), Preprocessing())


# --- loading ---


@pytest.fixture(scope="module")
def tiny():
    return timm_named("deit_tiny_patch16_224", depth=1, img_size=224, num_classes=1000)


@pytest.fixture(scope="module")
def content(tiny, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("weights") / "tiny.pth"
    torch.save({"model": tiny.state_dict()}, path)
    return path.read_bytes()


@pytest.fixture
def offered(content):
    with offering(content) as server:
        yield server


def test_a_network_is_downloaded_when_asked_and_found_afterwards(offered, tiny, tmp_path):
    with pytest.raises(CheckpointError, match=r"not on this machine.*get deit-tiny.*23 MB"):
        load_pretrained("deit-tiny", folder=tmp_path)
    assert offered.asked == []
    checkpoint = load_pretrained("deit-tiny", download=True, folder=tmp_path)
    assert_same(tiny, checkpoint.model, pictures(224))
    load_pretrained("deit-tiny", download=True, folder=tmp_path)
    load_pretrained("deit-tiny", folder=tmp_path)
    assert len(offered.asked) == 1


def test_its_card_says_all_that_the_page_needs(offered, tmp_path):
    checkpoint = load_pretrained("deit-tiny", download=True, folder=tmp_path)
    card = checkpoint.card
    assert checkpoint.class_names[:2] == ["tench", "goldfish"] and len(checkpoint.class_names) == 1000
    assert card["normalise"]["mean"] == pytest.approx([123.675, 116.28, 103.53])
    assert (card["preprocessing"]["resize"], card["preprocessing"]["crop"]) == (248, 224)
    assert card["dataset"]["name"] == "ImageNet-1k" and card["model"] == "vit"
    assert card["pretrained"]["licence"] == "Apache-2.0" and card["pretrained"]["url"] == offered.url
    white = torch.full((1, 3, 224, 224), 255, dtype=torch.uint8)
    expected = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    assert torch.allclose(checkpoint.preprocess(white)[0, :, 0, 0], expected, atol=1e-5)
    summary = model_summary(checkpoint)
    assert (summary["title"], summary["test_accuracy"], summary["n_classes"]) == ("DeiT-Tiny", 0.722, 1000)
    epochs, table = checkpoint.position_snapshots()
    assert epochs == [300.0] and table.shape == (1, 197, 192)


def test_a_converted_network_can_be_saved_and_loaded_as_ours(offered, tmp_path):
    checkpoint = load_pretrained("deit-tiny", download=True, folder=tmp_path)
    save_checkpoint(checkpoint.model, {**checkpoint.card, "epochs_trained": None}, "kept", tmp_path)
    again = load_checkpoint("kept", [tmp_path])
    with torch.no_grad():
        assert torch.equal(again.model(pictures(224)), checkpoint.model(pictures(224)))
    assert again.trained_positions()[0] is None


def test_another_file_in_its_place_is_refused_and_named(offered, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"another")
    with pytest.raises(CheckpointError, match=r"weights\.pth.*SHA-256.*Delete it"):
        load_pretrained("deit-tiny", folder=tmp_path)


def test_a_file_of_another_network_is_refused(monkeypatch, tmp_path):
    entry = BY_NAME["dino-vit-s-16"]
    torch.save(timm_named("deit_tiny_patch16_224", depth=1, img_size=224).state_dict(), tmp_path / entry.filename)
    with pytest.raises(CheckpointError, match="5 classes; DINO ViT-S/16 has 0"):
        load_pretrained(entry.name, folder=tmp_path)


def test_a_failed_download_is_an_error_of_the_checkpoint(offered, tmp_path):
    offered.status = 404
    with pytest.raises(CheckpointError, match="is gone") as failed:
        load_pretrained("deit-tiny", download=True, folder=tmp_path)
    assert isinstance(failed.value, DownloadError)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(CheckpointError, match=r"'deit'.*deit-tiny, .*resnet-50"):
        load_pretrained("deit")


def test_the_folder_is_that_of_torch_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert load.weights_path(BY_NAME["swin-t"]) == tmp_path / "hub" / "checkpoints" / "swin_t-704ceda3.pth"


# --- the command ---


def test_list_says_what_there_is(tmp_path, capsys):
    (tmp_path / "swin_t-704ceda3.pth").write_bytes(b"")
    assert command.main(["list", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert [line.split()[0] for line in lines if "on this machine" in line] == ["swin-t"]
    assert "23 MB" in lines[0] and "72.2%" in lines[0] and "Apache-2.0" in lines[0]


def test_get_downloads_checks_and_goes_on_after_a_failure(offered, tmp_path, capsys):
    picture = tmp_path / "grey.png"
    Image.new("L", (300, 260), 90).save(picture)
    given = ["get", "no-such", "deit-tiny", "--folder", str(tmp_path), "--check", "--pictures", str(picture)]
    assert command.main(given) == 1
    out = capsys.readouterr().out
    assert "no-such" in out and str(tmp_path / "weights.pth") in out
    (line,) = [line for line in out.splitlines() if "grey.png" in line]
    assert line.count("%") == 5
    assert command.main(["get", "deit-tiny", "--folder", str(tmp_path)]) == 0
    assert len(offered.asked) == 1


KNOWN = ["tabby", "cheetah", "lion", "missile", "espresso"]  # what five of the gallery's eight named photos show


@pytest.mark.parametrize(
    ("favourites", "status"), [(KNOWN, 0), (["tench", "cheetah", "goldfish", "hen", "ostrich"], 1)]
)
def test_all_are_got_and_checked_on_the_photos_of_the_gallery(favourites, status, monkeypatch, tmp_path, capsys):
    """``vit-explorer get --all --check`` on a catalogue of two, one with a head that always names its favourites."""
    with_head = timm_named("deit_tiny_patch16_224", depth=1, img_size=224, num_classes=1000)
    with torch.no_grad():
        with_head.head.weight.zero_()
        with_head.head.bias[[imagenet_names().index(name) for name in favourites]] += 9
    networks = {
        "deit-tiny": with_head,
        "dino-vit-s-16": timm_named("vit_small_patch16_224.dino", depth=1, num_classes=0),
    }
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ExitStack() as servers:
        offers = []
        for name, network in networks.items():
            buffer = io.BytesIO()
            torch.save(network.state_dict(), buffer)
            server = servers.enter_context(serving(buffer.getvalue()))
            address = server.url.replace("weights.pth", BY_NAME[name].filename)
            prefix = server.sha256[:8] if BY_NAME[name].sha256_prefix else ""
            offers.append(dataclasses.replace(BY_NAME[name], url=address, sha256_prefix=prefix))
        monkeypatch.setattr(catalogue, "CATALOGUE", tuple(offers))
        assert door.main(["get", "--all", "--check"]) == status
    said = capsys.readouterr().out.splitlines()
    assert {path.name for path in (tmp_path / "hub" / "checkpoints").glob("*.pth")} == {one.filename for one in offers}
    assert f"SHA-256 {offers[0].sha256_prefix}" in said[1]
    photos = [line.strip() for line in said if line.strip().startswith(("Cheetah:", "Rocket:", "Eiffel tower:"))]
    assert all(favourites[1] in line and line.count("%") == 5 for line in photos[:3])
    assert len(photos) == 6 and all("no head" in line for line in photos[3:])
    (summary,) = [line for line in said if "photos: what it shows" in line]
    assert summary.split()[:3] == (["6", "of", "8"] if status == 0 else ["2", "of", "8"])
    assert any("Too few" in line for line in said) == bool(status)


def test_get_wants_names_or_all(capsys):
    for words in (["get"], ["get", "--all", "swin-t"]):
        with pytest.raises(SystemExit):
            command.main(words)
    assert "--all" in capsys.readouterr().err


def test_python_dash_m_runs_the_command(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["python -m", "list"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("vit_explorer.models.pretrained", run_name="__main__", alter_sys=True)
    said = capsys.readouterr()
    assert not ended.value.code and "deit-tiny" in said.out and said.err == ""


@pytest.mark.parametrize("entry", pretrained_models(), ids=lambda entry: entry.name)
def test_each_network_of_the_catalogue_has_the_parameters_of_its_file(entry):
    """Four bytes a parameter make the file; the network is built without memory for its weights."""
    options = {
        "deit-tiny": {"d_model": 192, "n_heads": 3, "n_layers": 12, "d_ff": 768},
        "deit-small": {"d_model": 384, "n_heads": 6, "n_layers": 12, "d_ff": 1536},
        "vit-b-16": {"d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072},
        "swin-t": {"d_model": 96, "depths": (2, 2, 6, 2), "n_heads": (3, 6, 12, 24)},
    }
    model, sizes = {
        "deit-tiny": ("vit", {"patch_size": 16, **options["deit-tiny"]}),
        "deit-tiny-distilled": ("deit", {"patch_size": 16, **options["deit-tiny"]}),
        "deit-small": ("vit", {"patch_size": 16, **options["deit-small"]}),
        "vit-b-16": ("vit", {"patch_size": 16, **options["vit-b-16"]}),
        "vit-b-32": ("vit", {"patch_size": 32, **options["vit-b-16"]}),
        "swin-t": ("swin", {"patch_size": 4, "window": 7, **options["swin-t"]}),
        "swin-s": ("swin", {"patch_size": 4, "window": 7, **options["swin-t"], "depths": (2, 2, 18, 2)}),
        "dino-vit-s-16": ("vit", {"patch_size": 16, **options["deit-small"]}),
        "dinov2-vit-s-14": ("vit", {"patch_size": 14, "layer_scale": True, **options["deit-small"], "img_size": 518}),
        "dinov2-vit-s-14-registers": (
            "vit",
            {"patch_size": 14, "layer_scale": True, "n_registers": 4, **options["deit-small"], "img_size": 518},
        ),
        "resnet-50": ("resnet", {}),
    }[entry.name]
    with torch.device("meta"):
        network = create_model(model, **{"img_size": 224, "n_classes": entry.n_classes, **sizes})
    bytes_of_weights = 4 * sum(parameter.numel() for parameter in network.parameters())
    assert entry.megabytes == pytest.approx(bytes_of_weights / 10**6, rel=0.01)
