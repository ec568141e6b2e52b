"""The endpoints as gradio_client uses them: typed, with the page's numbers and limits."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from vit_explorer.models.checkpoint import load_checkpoint
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui import door
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.limits import MINUTE, Limits, Rate
from vit_explorer.ui.core.payloads import prediction_payload
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.listening import listening_place, no_proxies

CAT = Path(__file__).parents[2] / "vit_explorer" / "data" / "photos" / "cat.jpg"


@pytest.fixture(scope="module")
def session():
    return Session()


@pytest.fixture(scope="module")
def client(session, tmp_path_factory):
    """A client of a page that takes two pictures a minute."""
    gateway = Gateway(Limits(rates={"uploads": Rate(2, MINUTE)}))
    service = TrainingService(tmp_path_factory.mktemp("runs"))
    page = build_app(session, service, gateway)
    host, port = listening_place("127.0.0.1", 0)
    with no_proxies():
        page.launch(server_name=host, server_port=port, prevent_thread_lock=True, quiet=True, **launch_options(gateway))
        yield Client(page.local_url, verbose=False)
    page.close(verbose=False)
    service.close()


def test_the_endpoints_state_their_types(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {"/models", "/classify", "/explain", "/attention", "/patches"} <= set(endpoints)
    image, model, fit, top = endpoints["/classify"]["parameters"]
    assert image["type"]["type"] == "string" and not image["parameter_has_default"]
    assert (model["parameter_default"], top["type"], fit["type"]) == (
        "vit-cifar10", {"type": "integer"}, {"enum": ["crop", "letterbox"]},
    )  # fmt: skip
    (answer,) = endpoints["/classify"]["returns"]
    assert set(answer["type"]["properties"]) == {"model", "classes"}


def test_a_picture_is_classified_as_on_the_page(client, session):
    shown = prediction_payload(session.picture("sample:cat"), session.checkpoint("vit-cifar10"), "crop")
    best = max(shown["probabilities"])
    for image in ("sample:cat", base64.b64encode(CAT.read_bytes()).decode()):
        answer = client.predict(image, top=3, api_name="/classify")
        assert answer["model"] == "vit-cifar10" and len(answer["classes"]) == 3
        assert answer["classes"][0]["label"] == shown["classes"][shown["probabilities"].index(best)]
        assert answer["classes"][0]["probability"] == pytest.approx(best, abs=1e-5)


def test_maps_of_a_class_are_as_large_as_the_grid(client):
    answer = client.predict("sample:cat", label="dog", api_name="/explain")
    rows, cols = load_checkpoint("vit-cifar10").model.grid
    assert answer["label"] == "dog" and 0 <= answer["probability"] <= 1
    assert {"rollout", "gradient_rollout"} <= set(answer["maps"])
    for found in answer["maps"].values():
        assert (len(found), len(found[0])) == (rows, cols)
        assert min(map(min, found)) >= 0 and max(map(max, found)) == pytest.approx(1)


def test_rows_of_attention_sum_to_one(client):
    whole = client.predict("sample:cat", api_name="/attention")
    assert whole["tokens"][0] == "CLS" and whole["tokens"][-1] == "7,7" and whole["head"] is None
    assert len(whole["weights"]) == len(whole["tokens"]) == len(whole["weights"][0])
    assert [sum(row) for row in whole["weights"]] == pytest.approx([1] * len(whole["tokens"]), abs=1e-5)
    row = client.predict("sample:cat", layer=whole["layer"], query=5, api_name="/attention")
    assert row["weights"][0] == pytest.approx(whole["weights"][5], abs=1e-6)


def test_patches_have_the_mean_colours_of_the_picture(client):
    answer = client.predict("sample:cat", api_name="/patches")
    assert (answer["rows"], answer["cols"], answer["size"]) == (8, 8, 4)
    assert all(0 <= value <= 255 for row in answer["colours"] for patch in row for value in patch)
    assert len(answer["norms"]) == 8 and all(norm > 0 for row in answer["norms"] for norm in row)


@pytest.mark.parametrize(
    ("endpoint", "values", "words"),
    [
        ("/classify", {"image": "sample:nobody"}, "no longer here"),
        ("/classify", {"image": "sample:cat", "model": "../x"}, "no checkpoint"),
        ("/classify", {"image": "sample:cat", "top": 0}, "Top must be 1 to 1,000"),
        ("/classify", {"image": "sample:cat", "fit": "stretch"}, "crop or letterbox"),
        ("/classify", {"image": 7}, "Image must be text"),
        ("/explain", {"image": "sample:cat", "label": "unicorn"}, "knows no class 'unicorn'"),
        ("/attention", {"image": "sample:cat", "model": "cnn-cifar10"}, "no attention"),
        ("/attention", {"image": "sample:cat", "layer": 99}, "Layer must be"),
        ("/patches", {"image": "sample:cat", "model": "cnn-cifar10"}, "does not embed patches"),
    ],
)
def test_what_cannot_be_is_a_sentence(client, endpoint, values, words):
    with pytest.raises(AppError, match=words):
        client.predict(**values, api_name=endpoint)


def test_pictures_of_ones_own_count_for_the_limit_of_the_page(client):
    refused = 0
    for _ in range(3):
        try:
            client.predict("AAAA", api_name="/classify")
        except AppError as error:
            refused += "2 pictures a minute" in str(error)
    assert refused >= 1
    assert client.predict("sample:cat", api_name="/classify")["classes"]


@pytest.mark.skipif(find_spec("mcp") is not None, reason="Gradio's extra for MCP is installed")
def test_mcp_without_its_package_is_one_line(capsys):
    assert door.main(["--port", "0", "--mcp"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "gradio[mcp]" in shown
