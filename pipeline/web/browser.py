"""A Chromium that asks the web for nothing itself: each request of a page is answered by its caller, or refused.

So a rendered page is held to what every fetch is held to: robots.txt, pace, the address guard and the caps stand in the
caller's own client. The browser has no network at all: names resolve to nothing, WebSockets and service workers are
shut. Needs the extra `browser` (Playwright) and a Chromium of the system.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.web.fetched import Fetched
from pipeline.web.urls import same_site

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import Page, Request, Route

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""Commands a Chromium of the system goes by; the environment's CORPUS_CHROMIUM goes before."""

ASKED = frozenset({"script", "xhr", "fetch"})
"""Kinds of requests that may bring text or what makes it; pictures, media, fonts, styles and frames are refused."""

ARGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=512",
)

POLL = 0.3
"""Seconds between two looks at a page that is being made."""

STEADY = 3
"""Looks at which its text must be the same, with nothing on its way."""

PATIENCE = 5.0
"""Seconds that a page without a text is waited for once nothing is on its way."""

SHORT = 200
"""Code units from which a page shows a text: the shortest of 124 real articles has 71, menus and imprint the rest."""

CLOSING = 5.0
"""Seconds a page may take to close; after that its browser is killed."""

OPEN_SHADOWS = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (init) {
  return attach.call(this, {...init, mode: 'open', serializable: true});
};
"""

LENGTH = "document.body ? document.body.innerText.length : 0"

WRITTEN = """(most) => {
  const roots = [];
  const walk = (node) => {
    for (const each of node.querySelectorAll('*')) {
      if (each.shadowRoot) { roots.push(each.shadowRoot); walk(each.shadowRoot); }
    }
  };
  walk(document);
  const top = document.documentElement;
  const html = top.getHTML ? top.getHTML({serializableShadowRoots: true, shadowRoots: roots}) : top.innerHTML;
  return '<!DOCTYPE html><html>' + html.slice(0, most) + '</html>';
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderLimits:
    """What rendering one page may cost (ours)."""

    seconds: float = 60.0
    """The browser's own time; what the page's requests wait for their turn does not count."""
    wait: float = 240.0
    """All of it, waiting included."""
    requests: int = 40
    """Requests asked for; more are refused."""
    request_bytes: int = 16 * 1024 * 1024
    """All their bodies."""
    html: int = 4 * 1024 * 1024
    """Code units of the page as rendered that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came of rendering a page."""

    html: str = ""
    """The page as it stood; "": it could not be rendered."""
    asked: tuple[str, ...] = ()
    """Its requests, each with what came of it, in order."""
    refused: int = 0
    """Requests of it that were not made: other sites, pictures, over a cap."""
    note: str = ""
    """Why there is no page, or that time ran out over it."""


Ask = Callable[[str], Awaitable[Fetched | None]]
"""Fetches an address as any other, or None where it may not be asked for."""


def chromium() -> str | None:
    """Path of the Chromium of the system; None: there is none."""
    named = os.environ.get("CORPUS_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass(eq=False)
class _Page:
    """One page while it is rendered; without slots, for Playwright hangs what it remembers on whose method it calls."""

    fetched: Fetched
    ask: Ask
    limits: RenderLimits
    frame: Any = None
    """The main frame; frames in it are refused."""
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    size: int = 0
    waiting: int = 0
    """Requests on their way."""

    async def answer(self, route: Route) -> None:
        """Answer a request of the page, or refuse it."""
        from playwright.async_api import Error

        with suppress(Error):  # the page is gone meanwhile
            request = route.request
            if request.is_navigation_request():
                is_main = request.frame == self.frame and request.url.partition("#")[0] == self._url
                await (self._fulfill(route, self.fetched) if is_main else self._refuse(route))
            elif self._may(request):
                fetched = await self._fetch(request.url)
                await (self._fulfill(route, fetched) if fetched else route.abort("blockedbyclient"))
            else:
                await self._refuse(route)

    @property
    def _url(self) -> str:
        return self.fetched.final_url.partition("#")[0]

    def _may(self, request: Request) -> bool:
        within = len(self.asked) < self.limits.requests and self.size < self.limits.request_bytes
        wanted = request.method == "GET" and request.resource_type in ASKED
        return within and wanted and same_site(request.url, self._url)

    async def _fetch(self, url: str) -> Fetched | None:
        number = len(self.asked)
        self.asked.append(f"{url} on its way")
        self.waiting += 1
        try:
            fetched = await self.ask(url)
        finally:
            self.waiting -= 1
        said = f"{fetched.status} {fetched.outcome} {len(fetched.body)} bytes" if fetched else "not allowed"
        self.asked[number] = f"{url} {said}"
        self.size += len(fetched.body) if fetched else 0
        return fetched if fetched is not None and fetched.status else None

    async def _refuse(self, route: Route) -> None:
        self.refused += 1
        await route.abort("blockedbyclient")

    async def _fulfill(self, route: Route, fetched: Fetched) -> None:
        kind = next((v for n, v in fetched.headers if n.lower() == "content-type"), "text/html")
        origin = route.request.headers.get("origin")
        headers = {"content-type": kind}
        if origin:  # a host of the same site: what its own CORS rules say binds readers, not an archive
            headers |= {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
        await route.fulfill(status=fetched.status or 200, headers=headers, body=fetched.body)


class Browser:
    """A Chromium for the pages of one run, started by the first of them; one that dies is started again."""

    def __init__(self, user_agent: str, limits: RenderLimits | None = None) -> None:
        self._user_agent = user_agent
        self._limits = limits or RenderLimits()
        self._turn = asyncio.Lock()
        self._driver: Any = None
        self._chromium: Chromium | None = None

    async def close(self) -> None:
        """End the browser, if there is one."""
        await self._kill()
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(Exception):  # whatever a driver that died says
                await driver.stop()

    async def render(self, fetched: Fetched, ask: Ask) -> Rendered:
        """The page of an answer as a browser makes it; never raises for what page or browser do.

        One page at a time. Whether Playwright and a Chromium are here is asked before: `missing`.
        """
        from playwright.async_api import Error

        state = _Page(fetched=fetched, ask=ask, limits=self._limits)
        html, note = "", ""
        async with self._turn:
            try:
                async with asyncio.timeout(self._limits.wait):
                    html, note = await self._page(state)
            except TimeoutError:
                note = "time ran out"
                await self._kill()
            except (Error, OSError) as error:
                note = f"the browser failed: {(str(error).splitlines() or [type(error).__name__])[0][:200]}"
                await self._kill()
        return Rendered(html=html, asked=tuple(state.asked), refused=state.refused, note=note)

    async def _page(self, state: _Page) -> tuple[str, str]:
        chromium = await self._started()
        context = await chromium.new_context(
            user_agent=self._user_agent, service_workers="block", accept_downloads=False, locale="zh-CN"
        )
        try:
            await context.route("**/*", state.answer)
            await context.route_web_socket("**/*", lambda socket: socket.close())
            await context.add_init_script(OPEN_SHADOWS)
            page = await context.new_page()
            state.frame = page.main_frame
            await page.goto(state.fetched.final_url, wait_until="commit", timeout=self._limits.seconds * 1000)
            is_done = await self._settled(page, state)
            html = await asyncio.wait_for(page.evaluate(WRITTEN, self._limits.html), CLOSING)
            return str(html), "" if is_done else "still changing"
        finally:
            await asyncio.wait_for(context.close(), CLOSING)

    async def _settled(self, page: Page, state: _Page) -> bool:
        """Wait until a page has its text and changes no more; False: its time ran out first."""
        spent = idle = 0.0
        same, before = 0, -1
        while spent < self._limits.seconds:
            await asyncio.sleep(POLL)
            if state.waiting:
                same = 0
                continue  # its requests wait for their turn: `wait` bounds that
            spent, idle = spent + POLL, idle + POLL
            length = await asyncio.wait_for(page.evaluate(LENGTH), CLOSING)
            same, before = (same + 1, before) if length == before else (0, length)
            if same >= STEADY and (length >= SHORT or idle >= PATIENCE):
                return True
        return False

    async def _started(self) -> Chromium:
        from playwright.async_api import async_playwright

        if self._chromium is not None and self._chromium.is_connected():
            return self._chromium
        if self._driver is None:
            self._driver = await async_playwright().start()
        self._chromium = await self._driver.chromium.launch(
            executable_path=chromium(),
            args=list(ARGS),
            chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
            handle_sigint=False,
            handle_sigterm=False,
        )
        return self._chromium

    async def _kill(self) -> None:
        chromium, self._chromium = self._chromium, None
        if chromium is not None:
            with suppress(Exception):  # whatever a browser that died says
                await asyncio.wait_for(chromium.close(), CLOSING)


def missing() -> str:
    """What is missing to render pages, and how to get it; "": nothing."""
    try:
        import playwright.async_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install 'zh-article-corpus[browser]'"
    return "" if chromium() else "no Chromium was found: install one, or name it in CORPUS_CHROMIUM"
