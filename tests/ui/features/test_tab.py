"""What the Features tab is sent: the numbers of explain.features on the same trace, and refusals in sentences."""

import base64
import io

import numpy as np
import pytest
import torch

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.features import (
    feature_colours,
    feature_similarity,
    fit_features,
    foreground,
    outlier_tokens,
    token_norms,
)
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.colours import GalleryBases, feature_colour_maps
from vit_explorer.ui.features.export import export_features
from vit_explorer.ui.features.hidden import HiddenMap, PairRequest, load_pair
from vit_explorer.ui.features.similarity import STEP, feature_similarities

FIRST, SECOND = "shapes:3", "shapes:4"
DTYPES = {"float32": "<f4", "uint8": "u1", "int8": "i1"}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


def ask(model: str = "vit-cifar10", **fields) -> dict:
    return {"picture": FIRST, "second": SECOND, "model": model, "fit": "crop", **fields}


def unpack(packed: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(packed["data"]), DTYPES[packed["dtype"]])
    return data.reshape(packed["shape"]) * packed["scale"]


def traced(session: Session, model: str, picture: str) -> Trace:
    checkpoint = session.checkpoint(model)
    image = fit_picture(session.picture(picture).image, checkpoint.model.img_size, "crop")
    return trace(checkpoint.model, checkpoint.preprocess(image[None]))


@pytest.mark.parametrize("fit_on", ["picture", "both"])
def test_colours_and_norms_are_those_of_explain_in_every_block(session, fit_on):
    answer = bind(feature_colour_maps, session, GalleryBases())(ask(fit_on=fit_on, drop=False))
    one, two = (traced(session, "vit-cifar10", picture) for picture in (FIRST, SECOND))
    assert [each["name"] for each in answer["maps"]] == ["embedding", "layer 1", "layer 2", "layer 3", "layer 4"]
    like = None
    for each, here, there in zip(answer["maps"], one.hidden, two.hidden, strict=True):
        fitted = here[0, 1:] if fit_on == "picture" else torch.cat([here[0, 1:], there[0, 1:]])
        like = fit_features(fitted, like)
        rgba = unpack(each["colours"])
        assert rgba.shape == (2, 64, 4) and (rgba[..., 3] == 255).all()
        for colours, hidden in zip(rgba[..., :3] / 255, (here, there), strict=True):
            np.testing.assert_allclose(colours, feature_colours(hidden[0], 1, like), atol=0.5 / 255 + 1e-3)
        assert each["explained"] == pytest.approx(like.explained.tolist(), abs=1e-4)
        norms = token_norms(here[0])
        np.testing.assert_allclose(unpack(each["norms"]), norms[1:], rtol=1e-4)
        assert each["prefix_norms"] == pytest.approx(norms[:1].tolist(), rel=1e-4)
        assert each["outliers"] == outlier_tokens(here[0], 1).tolist()


def test_without_the_background_the_foreground_of_the_last_block_is_shown(session):
    answer = bind(feature_colour_maps, session, GalleryBases())(ask(fit_on="both", drop=True))
    for which, picture in enumerate((FIRST, SECOND)):
        mask = foreground(traced(session, "vit-cifar10", picture).hidden[-1][0], 1)
        assert 0 < mask.sum() < 64
        for each in answer["maps"]:
            assert ((unpack(each["colours"])[which, :, 3] == 255) == mask.numpy()).all()


@pytest.mark.parametrize("block", [0, 4])
def test_similarities_of_every_token_are_the_cosines_to_a_byte(session, block):
    answer = bind(feature_similarities, session)(ask(block=block))
    one, two = (traced(session, "vit-cifar10", picture).hidden[block][0] for picture in (FIRST, SECOND))
    here, there = unpack(answer["here"]), unpack(answer["there"])
    assert here.shape == there.shape == (65, 64)
    for token in (0, 1, 40, 64):
        np.testing.assert_allclose(here[token], feature_similarity(one, token, one, 1), atol=STEP / 2 + 1e-4)
        np.testing.assert_allclose(there[token], feature_similarity(one, token, two, 1), atol=STEP / 2 + 1e-4)


@pytest.mark.parametrize(
    ("model", "kind", "sides"), [("swin-cifar10", "windows", [16, 8]), ("cnn-cifar10", "none", [32, 16, 8])]
)
def test_a_network_of_stages_has_a_map_of_each(session, model, kind, sides):
    answer = bind(feature_colour_maps, session, GalleryBases())(ask(model, fit_on="picture", drop=True))
    assert answer["kind"] == kind and answer["prefix_names"] == []
    assert [(each["name"], each["grid"]) for each in answer["maps"]] == [
        (f"stage {k + 1}", [side, side]) for k, side in enumerate(sides)
    ]
    assert [unpack(each["norms"]).shape for each in answer["maps"]] == [(side * side,) for side in sides]
    similar = bind(feature_similarities, session)(ask(model, block=0))
    assert similar["grid"] == [16, 16]  # 32 x 32 similarities would be a million


def test_a_coarser_map_holds_means_of_squares():
    tokens = torch.arange(2 * 17.0).reshape(2, 17, 1)
    coarse = HiddenMap("map", tokens, (4, 4), 1, 0.5).at_most(2)
    assert coarse.grid == (2, 2)
    assert coarse.tokens[0, :, 0].tolist() == [0, 3.5, 5.5, 11.5, 13.5]
    assert coarse.at_most(2) is coarse


def test_files_hold_what_is_on_screen(session):
    request = ask(fit_on="both", drop=True, block=2, query=30)
    file = bind(export_features, session, GalleryBases())({**request, "format": "npz"})
    arrays = np.load(io.BytesIO(base64.b64decode(file["data"])))
    pair = load_pair(session, PairRequest(FIRST, "vit-cifar10", "crop", SECOND))
    expected = feature_similarity(pair.maps[2].tokens[0], 30, pair.maps[2].tokens[1], 1)
    np.testing.assert_allclose(arrays["similarity_there"][30], expected, atol=1e-5)
    assert arrays["colours_4"].shape == (2, 64, 3) and arrays["norms_4"].shape == (2, 65)
    assert (int(arrays["block"]), int(arrays["query"])) == (2, 30)
    for query in (0, 30):  # CLS has no place to mark
        svg = base64.b64decode(
            bind(export_features, session, GalleryBases())({**request, "query": query, "format": "svg"})["data"]
        )
        assert svg.startswith(b"<?xml")


def test_colours_fitted_on_the_gallery_are_the_same_for_a_patch_of_any_picture(session):
    there = bind(feature_colour_maps, session, GalleryBases())(ask(fit_on="gallery", drop=False))
    swapped = bind(feature_colour_maps, session, GalleryBases())(
        {**ask(fit_on="gallery", drop=False), "picture": SECOND, "second": FIRST}
    )
    for one, other in zip(there["maps"], swapped["maps"], strict=True):
        colours, exchanged = unpack(one["colours"]), unpack(other["colours"])
        assert np.abs(colours[::-1] - exchanged).max() <= 1 and colours[..., :3].std() > 10
        assert one["explained"] == pytest.approx(other["explained"])


def test_what_is_not_there_is_refused_in_a_sentence(session):
    with pytest.raises(UserError, match="0 to 4, not 5"):
        bind(feature_similarities, session)(ask(block=5))
    with pytest.raises(UserError, match="0 to 64, not 65"):
        bind(export_features, session, GalleryBases())(ask(fit_on="both", drop=False, block=1, query=65, format="png"))
    with pytest.raises(UserError, match="picture, both or gallery"):
        bind(feature_colour_maps, session, GalleryBases())(ask(fit_on="elsewhere", drop=False))
