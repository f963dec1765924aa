"""The pages there are, and the server that gives them: a Starlette app, made for some folders.

A page is a function of folders and address, run in a thread; what it cannot give is a page too, in plain words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import anyio
import duckdb
import pyarrow as pa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from pipeline.errors import CorpusError, UsageError
from pipeline.folders import Folders
from pipeline.look import capture, cluster, diff, document, home, replay, run, search, source, trying, version
from pipeline.look.asked import Asked
from pipeline.look.guard import guarded
from pipeline.look.render import STATIC, html, link


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page: where it is, what it shows, and how that is laid out."""

    path: str
    """Its path, as Starlette writes one."""
    read: Callable[[Asked], object]
    """What it shows; UsageError where there is nothing of that name, CorpusError where a file is damaged."""
    template: str
    """The template that lays it out."""
    here: str = ""
    """The entry of the navigation that it belongs to."""


VIEWS: tuple[View, ...] = (
    View(path="/", read=home.read, template="home.html", here="home"),
    View(path="/source/{name}", read=source.read, template="source.html"),
    View(path="/try/{name}", read=trying.read, template="try.html"),
    View(path="/document/{id}", read=document.read, template="document.html"),
    View(path="/capture/{day}/{id}", read=capture.read, template="capture.html"),
    View(path="/cluster/{id}", read=cluster.read, template="cluster.html"),
    View(path="/search", read=search.read, template="search.html", here="search"),
    View(path="/versions", read=version.read_list, template="versions.html", here="versions"),
    View(path="/version/{version}", read=version.read, template="version.html", here="versions"),
    View(path="/diff/{old}/{new}", read=diff.read, template="diff.html", here="versions"),
    View(path="/change/{old}/{new}/{id}", read=diff.read_one, template="change.html", here="versions"),
    View(path="/runs", read=run.read_list, template="runs.html", here="runs"),
    View(path="/run/{name}", read=run.read, template="run.html", here="runs"),
    View(path="/ahead", read=version.read_ahead, template="ahead.html", here="versions"),
)
"""All pages, in the order of the navigation."""

AT_ONCE = 1
"""Pages that are worked out at a time, the others wait: over 100,000 articles each may take 100 MB of its own. With
twelve readers the process reached 940 MB; so it does 460, in the same time, for DuckDB has all processors anyway."""


def _compare(request: Request) -> Response:
    """From the form that names two versions to the page that compares them."""
    old, new = (request.query_params.get(name, "") for name in ("old", "new"))
    return RedirectResponse(link("diff", old, new), 303)


def _json_lines(request: Request) -> Response:
    """All that a search finds, to take away."""
    what = asked(request)
    lines = search.json_lines(what)
    first = next(lines, "")  # what is wrong with the question is said before the answer begins
    name = f"corpus-{what.version.name}.jsonl"
    return StreamingResponse(
        chain([first], lines),
        media_type="application/x-ndjson",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _archived(request: Request) -> Response:
    """An archived page, for the frame that it is shown in."""
    return Response(capture.archived(asked(request)), headers=replay.HEADERS)


ANSWERS: tuple[Route, ...] = (
    Route("/compare", _compare),
    Route("/search.jsonl", _json_lines),
    Route("/archived/{day}/{id}", _archived),
)
"""What is asked for by pages and is no page itself: files to take away, archived pages in their frame."""


def make_app(folders: Folders, *, token: str | None = None) -> ASGIApp:
    """The server over some folders; without a token it answers to names of loopback alone (guard.py)."""
    turns = anyio.CapacityLimiter(AT_ONCE)
    pages: list[BaseRoute] = [Route(view.path, _page(view, turns)) for view in VIEWS]
    static = Mount("/static", StaticFiles(directory=STATIC))
    app = Starlette(
        routes=[*pages, *ANSWERS, static],
        exception_handlers={
            HTTPException: _refusal,
            UsageError: _refusal,
            CorpusError: _refusal,
            OSError: _refusal,
            pa.ArrowException: _refusal,
            duckdb.Error: _refusal,
        },
    )
    app.state.folders = folders
    return guarded(app, token)


def asked(request: Request) -> Asked:
    """A request as the modules of the pages see it."""
    return Asked(
        folders=request.app.state.folders,
        path=dict(request.path_params),
        query=dict(request.query_params),
    )


def _page(view: View, turns: anyio.CapacityLimiter) -> Callable[[Request], Awaitable[Response]]:
    def read(request: Request) -> str:
        what = asked(request)
        return html(view.template, view.read(what), here=view.here, asked=what)

    async def give(request: Request) -> Response:
        return HTMLResponse(await anyio.to_thread.run_sync(read, request, limiter=turns))

    return give


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A page that cannot be given, in words."""

    status: int
    """HTTP status."""
    told: str
    """Why."""


REFUSALS: Sequence[tuple[type[Exception], int, str]] = (
    (UsageError, 404, "{}"),
    (CorpusError, 500, "{}"),
    (FileNotFoundError, 404, "{}: it is not there any more; maintenance may have collected it meanwhile"),
    (Exception, 500, "a file cannot be read; `corpus verify` names it: {}"),
)
"""Error, status, and the words round what it says."""


def _refusal(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        told = "There is no such page." if error.status_code == 404 else error.detail
        page = Refusal(status=error.status_code, told=told)
    else:
        status, words = next((s, words) for kind, s, words in REFUSALS if isinstance(error, kind))
        page = Refusal(status=status, told=words.format(str(error).partition("\n")[0]))
    return HTMLResponse(html("refusal.html", page), page.status)
