"""What a picture file is, by its first bytes."""

from __future__ import annotations

from importlib.util import find_spec

from PIL import features

FORMATS = {  # Pillow's names: ours
    "PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "GIF": "GIF", "BMP": "BMP", "TIFF": "TIFF", "AVIF": "AVIF",
    "HEIC": "HEIC",
}  # fmt: skip
ACCEPTED = "PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF"

# (offset, bytes there, name): the first that fits says what a file is, well enough to open it or to name it.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),  # BigTIFF
    (0, b"MM\0+", "TIFF"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"8BPS", "Photoshop"),
    (0, b"<svg", "SVG"),
    (4, b"jP  \r\n\x87\n", "JPEG 2000"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"icns", "ICNS"),
    (0, b"DDS ", "DDS"),
    (0, b"qoif", "QOI"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"PK\x03\x04", "ZIP"),
    *((0, b"P%d%c" % (kind, space), "PNM") for kind in range(1, 7) for space in b" \t\r\n"),
)

# Brands of ISO media files (ISO/IEC 14496-12, 4.3). A picture's own brand may stand behind a general one such as mif1.
AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
GENERAL_BRANDS = (b"mif1", b"msf1", b"mif2")


def format_of(data: bytes) -> str | None:
    """Format announced by the first bytes: a key of FORMATS, another name, or None."""
    if data[4:8] == b"ftyp":
        return _iso_format(data)
    for offset, signature, name in SIGNATURES:
        if data.startswith(signature, offset):
            return name
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "SVG" if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head) else None


def why_not_opened(kind: str | None) -> str | None:
    """A sentence that says why a file of this format cannot be opened here; None if it can."""
    if kind is None:
        return f"This file is not a picture; choose one saved as {ACCEPTED}."
    if kind == "HEIC" and find_spec("pillow_heif") is None:
        return (
            "This file is an HEIC picture, which needs the package pillow-heif on this machine; send it as JPEG (on an "
            "iPhone: Settings, Camera, Formats, Most Compatible)."
        )
    if kind not in FORMATS or (kind == "AVIF" and not features.check("avif")):
        return f"This file is {_with_article(kind)} file, which cannot be opened here; choose one saved as {ACCEPTED}."
    return None


def _iso_format(data: bytes) -> str:
    """AVIF, HEIC or MP4, by the major brand and the compatible ones that the box "ftyp" lists."""
    length = min(max(int.from_bytes(data[:4], "big"), 12), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, length - 3, 4))]
    for known, name in ((AVIF_BRANDS, "AVIF"), (HEIC_BRANDS, "HEIC")):
        if brands[0] in known:
            return name
    for known, name in ((AVIF_BRANDS, "AVIF"), (HEIC_BRANDS, "HEIC")):
        if any(brand in known for brand in brands):
            return name
    return "HEIC" if any(brand in GENERAL_BRANDS for brand in brands) else "MP4"


def _with_article(name: str) -> str:
    """ "a PDF", "an SVG": by the sound of the name."""
    return ("an " if name in ("AVIF", "HEIC", "MP4", "SVG", "ICO", "ICNS", "OpenEXR") else "a ") + name
