"""Hostile pages in a real browser: none runs a script, asks for anything, or touches the page around it.

The two walls are tried apart: pages written anew without a policy or sandbox, and pages as they are behind policy and
sandbox alone; then both, as they are served. Without either the same pages do reach out, or the tests would say
nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from playwright.sync_api import Browser, Error, Frame, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pipeline import extract
from pipeline.look import serve
from pipeline.look.guard import guarded
from pipeline.look.replay import HEADERS, SANDBOX, marked, rewritten
from tests.look.hostile import ATTEMPTS

NAMES = list(ATTEMPTS)
SETTLE = 700
"""Milliseconds that pages have for what they try."""

IDLE = frozenset(
    [
        "base",
        "entities in attributes",
        "links",
        "meta refresh to a script",  # no browser follows one any more
        "mutation form",
        "mutation math",
        "mutation raw text",
        "mutation svg",
        "mutation template",
        "noscript",
        "style that ends early",
    ]
)
"""Attempts on a reader that writes badly what it read, and those that wait for a click: left alone they are quiet."""

OPEN = {"content-security-policy": "default-src * 'unsafe-inline' 'unsafe-eval' data:"}
"""What lets all through, in place of what our server says."""


class Canary(ThreadingHTTPServer):
    """A server on loopback that remembers who connected and what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: set[str] = set()
        self.connections = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def verify_request(self, request: object, client_address: object) -> bool:
        self.connections += 1
        return True

    @property
    def attempts(self) -> set[str]:
        """The attempts that reached it, by name."""
        numbers = [path.split("/")[1] for path in self.asked]
        return {NAMES[int(number)] for number in numbers if number.isdigit()}


class _Answer(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        self.server.asked.add(self.path)
        self.send_response(200)
        self.send_header("access-control-allow-origin", "*")
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(20)


@contextmanager
def framed(
    canary: Canary, *, is_rewritten: bool, is_walled: bool, names: Sequence[str] = NAMES
) -> Iterator[str]:
    """A server of ours with one page that frames some attempts; its address."""

    def around(_: Request) -> Response:
        sandbox = f'sandbox="{SANDBOX}"' if is_walled else ""
        frames = "".join(
            f'<iframe {sandbox} src="/{n}" height=120></iframe>' for n in map(NAMES.index, names)
        )
        return HTMLResponse(
            f"<!doctype html><title>untouched</title>{frames}", headers={} if is_walled else OPEN
        )

    def attempt(request: Request) -> Response:
        number = int(request.path_params["number"])
        html = ATTEMPTS[NAMES[number]].replace("CANARY", f"{canary.address}/{number}")
        if is_rewritten:
            html = marked(rewritten(extract.as_parsed(html.encode())), {})
        return HTMLResponse(html, headers=HEADERS if is_walled else OPEN)

    app = guarded(Starlette(routes=[Route("/", around), Route("/{number:int}", attempt)]))
    with serve.listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def visit(browser: Browser, address: str) -> Iterator[Page]:
    """A page in a context of its own, which its frames may leave before it is loaded."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(address, wait_until="commit")
        yield page
    finally:
        context.close()


def press(frame: Frame) -> None:
    """Click every link and button of a frame, as a person might."""
    for place in frame.locator("a, button, summary, input, .corpus-field").all():
        try:
            place.click(timeout=300, force=True, no_wait_after=True)
        except Error:
            continue


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("is_rewritten", "is_walled"),
    [(True, True), (True, False), (False, True)],
    ids=["as served", "written anew alone", "policy and sandbox alone"],
)
def test_no_page_gets_out(browser: Browser, canary: Canary, is_rewritten: bool, is_walled: bool) -> None:
    with (
        framed(canary, is_rewritten=is_rewritten, is_walled=is_walled) as address,
        visit(browser, address) as page,
    ):
        page.wait_for_load_state()
        page.wait_for_timeout(SETTLE)
        frames = page.frames[1:]
        assert len(frames) >= len(NAMES)
        for frame in frames:
            press(frame)
        page.wait_for_timeout(SETTLE)
        assert canary.asked == set()
        # no policy covers `preconnect`: a connection without a request, if a page came through as it is
        assert canary.connections <= (0 if is_rewritten else 1)
        assert page.title() == "untouched"
        assert page.url == address
        assert page.context.pages == [page]


def wait_for(page: Page, canary: Canary, attempts: set[str]) -> None:
    """Give attempts up to 15 seconds to reach the canary."""
    for _ in range(75):
        if attempts <= canary.attempts:
            return
        page.wait_for_timeout(200)


@pytest.mark.timeout(60)
def test_the_same_pages_reach_out_where_nothing_holds_them(browser: Browser, canary: Canary) -> None:
    with (
        framed(canary, is_rewritten=False, is_walled=False) as address,
        visit(browser, address) as page,
    ):
        wait_for(page, canary, set(NAMES) - IDLE)
    assert set(NAMES) - canary.attempts <= IDLE


@pytest.mark.timeout(60)
def test_and_so_do_their_links_when_they_are_pressed(browser: Browser, canary: Canary) -> None:
    with (
        framed(canary, is_rewritten=False, is_walled=False, names=["links"]) as address,
        visit(browser, address) as page,
    ):
        page.wait_for_load_state()
        page.frames[1].locator("#click").click()
        wait_for(page, canary, {"links"})
        assert page.title() == "taken"
    assert canary.attempts == {"links"}
