"""One demo corpus, one server over it and one browser for all tests of the pages."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from starlette.testclient import TestClient

from pipeline import runs
from pipeline.demo.server import SampleSite, write_sources
from pipeline.look import serve
from pipeline.look.app import make_app
from pipeline.runs import Folders

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDE, NARROW = 1000, 390
"""Widths that every page is read at, CSS pixels."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Two refreshes of the sample site, as `corpus demo` makes them; to be read, not changed."""
    folder = tmp_path_factory.mktemp("look")
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean", workers=1)
    with SampleSite() as site:
        write_sources(where.sources, site)
        for turn in (1, 2):
            site.turn = turn
            runs.refresh(where, everything=True)
    return where


@pytest.fixture(scope="session")
def client(demo: Folders) -> TestClient:
    """Asks the app without a browser."""
    return TestClient(make_app(demo), base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture(scope="package")
def served(demo: Folders) -> Iterator[str]:
    """The address of a server over the demo, without a slash at its end."""
    with served_at(demo) as address:
        yield address


@contextmanager
def served_at(folders: Folders, token: str | None = None) -> Iterator[str]:
    """A server in a thread, for as long as the block lasts; its address."""
    with serve.listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(make_app(folders, token=token), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


# not of the session: while Playwright's loop runs in this thread no other test can run one of its own
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; without one the tests skip, in CI they fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium here; .ci/run installs it")
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


Scheme = Literal["light", "dark"]

Open = Callable[..., Page]
"""Opens a page in a context of its own: keywords as of `Browser.new_context`."""


@pytest.fixture
def look(browser: Browser, served: str) -> Iterator[Open]:
    """Opens pages of the server; at the end none may have complained or asked for anything outside."""
    contexts: list[BrowserContext] = []
    outside: list[str] = []
    complaints: list[str] = []

    def asked(request: Request) -> None:
        if not is_own(request.url, served):
            outside.append(request.url)

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def open_page(path: str, *, width: int = WIDE, scheme: Scheme = "light") -> Page:
        context = browser.new_context(
            base_url=served, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", asked)
        page.on("console", said)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert complaints == []


def is_own(url: str, served: str) -> bool:
    """Whether a request stays with the server."""
    return urlsplit(url).scheme in ("data", "about") or url.startswith(served + "/")


def screenshots() -> Path | None:
    """Where screenshots are kept, as CI asks for by LOOK_SCREENSHOTS; None: nowhere."""
    folder = os.environ.get("LOOK_SCREENSHOTS")
    return Path(folder) if folder else None
