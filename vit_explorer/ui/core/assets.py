"""The page's scripts and its stylesheet: files that the browser fetches and keeps.

Their address holds a hash of them all, so that files of two editions never meet in one page, and is relative to the
page's own: it holds under a sub-path, behind a proxy and inside an iframe. Gradio's own way for styles, ``css=``, is
not taken: it drops ``@container``, ``@supports`` and all of ``@media`` that lies outside of its own container.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = Path(__file__).parents[1]
CORE = "core"
ENTRY = f"{CORE}/page.js"
STYLE = "page.css"
YEAR = 365 * 24 * 60 * 60  # seconds
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ICON = PAGE / "frame" / "icon.svg"  # beside the name, and in the browser's tab


class Assets:
    """All .js and .svg files below a folder, and its .css files as one, as they were when this was made.

    Args:
        folder: the page's folder, with one folder for each tab.
    """

    def __init__(self, folder: Path = PAGE) -> None:
        paths = sorted([*folder.glob("*/*.js"), *folder.glob("*/*.svg")])
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        styles = sorted(folder.glob("*/*.css"), key=lambda path: (path.parent.name != CORE, path))
        self.files[STYLE] = b"\n".join(path.read_bytes() for path in styles)
        digest = hashlib.sha256()
        for name, source in self.files.items():
            digest.update(f"{name} {len(source)}\n".encode() + source)
        self.edition = digest.hexdigest()[:16]

    @property
    def head(self) -> str:
        """What the page's head needs: the views that Gradio places wait in ``vx`` until the entry module is there."""
        return (
            f'<link rel="stylesheet" href="./vx/{self.edition}/{STYLE}">\n'
            "<script>window.vx = { waiting: [], get() {}, mount(...view) { this.waiting.push(view); } };</script>\n"
            f'<script type="module" src="./vx/{self.edition}/{ENTRY}"></script>'
        )

    @property
    def route(self) -> Route:
        """Where the server answers for them; another edition's files are not there."""
        return Route(f"/vx/{self.edition}/{{name:path}}", self._answer)

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        source = self.files.get(name)
        if source is None:
            raise HTTPException(404)
        return Response(
            source,
            headers={"Cache-Control": f"public, max-age={YEAR}, immutable"},
            media_type=KINDS[Path(name).suffix],
        )
