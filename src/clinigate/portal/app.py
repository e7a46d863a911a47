"""The portal as a web application. It answers GET and HEAD, and has no way to write."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from clinigate.errors import ClinigateError, IntegrityError
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.evidence.times import Clock, system_clock, timestamp
from clinigate.portal.access import Access, Sessions
from clinigate.portal.files import chunks, is_text, opened
from clinigate.portal.guard import Guard, refusal
from clinigate.portal.site import Site

__all__ = ["build_app"]

#: Whatever stands in a file of evidence, a browser runs nothing of it.
_FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_FILE = re.compile(r"runs/([^/]+)/files/(.+)", re.DOTALL)
_ZIP = re.compile(r"runs/([^/]+)/bundle\.zip")
_FOLDER = re.compile(r"|runs/([^/]+)/?")


def build_app(
    site: Site, access: Access, sessions: Sessions, *, clock: Clock = system_clock
) -> ASGIApp:
    """Return the application; what is let through and how is the guard's."""
    portal = _Portal(site, clock)
    methods = ["GET", "HEAD"]
    app = Starlette(routes=[Route("/{path:path}", portal.answer, methods=methods)])
    return Guard(app, access=access, sessions=sessions, clock=clock)


class _Portal:
    def __init__(self, site: Site, clock: Clock) -> None:
        self._site = site
        self._clock = clock

    def answer(self, request: Request) -> Response:
        """Answer by a page, a file or a refusal; runs in a thread of its own."""
        path = request.path_params["path"]
        try:
            found = self._found(path, request)
        except IntegrityError as error:
            return self._refuse(path, 409, "This cannot be believed", str(error))
        except ClinigateError as error:
            return self._refuse(path, 500, "This cannot be shown", str(error))
        if found is None:
            return self._refuse(path, 404, "Nothing here", "there is no page or file of this name")
        return found

    def _found(self, path: str, request: Request) -> Response | None:
        if folder := _FOLDER.fullmatch(path):
            last = f"{folder[1]}/" if folder[1] and not path.endswith("/") else ""
            return RedirectResponse(f"{quote(last)}index.html", status_code=307)
        if found := _FILE.fullmatch(path):
            return self._file(found[1], found[2])
        if found := _ZIP.fullmatch(path):
            return self._zip(found[1])
        page = self._site.page(path, viewer=request.scope.get("clinigate.viewer", ""))
        if page is None:
            return None
        policy = page.policy
        if "frame-ancestors" not in policy:
            policy = f"{policy}; frame-ancestors 'none'"
        headers = {"content-security-policy": policy}
        return Response(page.body, headers=headers, media_type="text/html; charset=utf-8")

    def _file(self, run: str, name: str) -> Response | None:
        """A file of a sealed run, as its bytes lie there."""
        folder = self._site.shelf.directory(run)
        if folder is None:
            return None
        try:
            # What a bundle may hold is checked as a whole before any of it is handed out.
            if name not in open_bundle(folder).names:
                return None
        except ClinigateError as error:
            return self._refuse("runs/x/files/x", 409, "This run shows no files", str(error))
        stack = ExitStack()
        try:
            stream, size = stack.enter_context(opened(folder, name))
        except ClinigateError:
            return None
        headers = {"content-length": str(size), "content-security-policy": _FILE_POLICY}
        if is_text(name):
            kind = "text/plain; charset=utf-8"
        else:
            kind = "application/octet-stream"
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(_last(name))}"
        return StreamingResponse(_streamed(stream, stack, size), headers=headers, media_type=kind)

    def _zip(self, run: str) -> Response | None:
        """A whole bundle in one file, made for this answer and gone with it."""
        folder = self._site.shelf.directory(run)
        if folder is None:
            return None
        stack = ExitStack()
        try:
            bundle = open_bundle(folder)
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinigate-")))
            archive = export_zip(bundle, scratch / f"{run}.zip")
            stream = stack.enter_context(archive.open("rb"))
        except ClinigateError as error:
            stack.close()
            return self._refuse("runs/x/x", 409, "There is no bundle to save", str(error))
        size = archive.stat().st_size
        headers = {
            "content-length": str(size),
            "content-security-policy": _FILE_POLICY,
            "content-disposition": f'attachment; filename="{run}.zip"',
        }
        body = _streamed(stream, stack, size)
        return StreamingResponse(body, headers=headers, media_type="application/zip")

    def _refuse(self, path: str, status: int, title: str, why: str) -> Response:
        up = "../" * path.count("/")
        return refusal(status, title, why, now=timestamp(self._clock()), up=up)


def _streamed(stream: IO[bytes], stack: ExitStack, size: int) -> Iterator[bytes]:
    """The promised number of bytes, also of a file that grows; then everything is closed."""
    with stack:
        left = size
        for piece in chunks(stream):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


def _last(name: str) -> str:
    return name.rpartition("/")[2]
