"""Pages made by scripts, rendered by a real Chromium: four makes, and what a hostile page or a dead browser costs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.corpus.build import build
from pipeline.corpus.job import Job
from pipeline.corpus.read import documents
from pipeline.crawl import rendering
from pipeline.crawl.backfill import Wish, backfill
from pipeline.crawl.backlog import Span
from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.crawl.rendering import is_shell
from pipeline.crawl.run import crawl
from pipeline.records import Document, Listing, Source
from pipeline.web import browser
from pipeline.web.browser import RenderLimits, chromium
from tests.corpus.archives import PLAIN
from tests.web.loopback import QUICK, Page, Site, article, kept, later, run, source_of

TITLE, LINES = PLAIN[0].title, tuple(PLAIN[0].body)
SCRIPT = "text/javascript; charset=utf-8"


@pytest.fixture(autouse=True)
def chromium_here(request: pytest.FixtureRequest) -> None:
    """Chromium as the system has it; without one the tests skip, in CI they fail."""
    if chromium() is None and "without" not in request.node.name:
        if os.environ.get("CI"):
            pytest.fail("no chromium here; .ci/run installs it")
        pytest.skip("no chromium here: apt-get install chromium")


def shell(script: str, body: str = "<div id=app></div>") -> Page:
    return Page(
        f"<!doctype html><html><head><title>{TITLE}</title></head><body>{body}{script}</body></html>".encode()
    )


FETCHED = """<script>
addEventListener('load', () => setTimeout(async () => {
  const found = await (await fetch('/api/1.json')).json();
  document.getElementById('app').innerHTML =
    '<h1>' + found.title + '</h1><article>' + found.lines.map((l) => '<p>' + l + '</p>').join('') + '</article>';
}, 400));
</script>"""
ROUTED = '<script type=module src="/static/app.js"></script>'
APP = """
import {show} from './view.js';
const number = location.pathname.match(/(\\d+)\\.html/)[1];
const request = new XMLHttpRequest();
request.open('GET', `/api/${number}.json`);
request.onload = () => {
  show(JSON.parse(request.responseText));
  history.pushState({}, '', `/story/${number}`);
};
request.send();
"""
VIEW = """export function show(found) {
  document.querySelector('#app').innerHTML =
    `<h1>${found.title}</h1><div class="article">${found.lines.map((l) => `<p>${l}</p>`).join('')}</div>`;
}"""
SHADOW = """<article-page></article-page><script src="/static/parts.js"></script>"""
PARTS = """customElements.define('article-page', class extends HTMLElement {
  async connectedCallback() {
    const root = this.attachShadow({mode: 'closed'});
    const found = await (await fetch('/api/1.json')).json();
    root.innerHTML = `<h1>${found.title}</h1><div>${found.lines.map((l) => `<p>${l}</p>`).join('')}</div>`;
  }
});"""
WRITTEN = '<script src="/static/story.js"></script>'
STORY = f"""document.write('<h1>{TITLE}</h1><div class="article">');
for (const line of {json.dumps(LINES)}) document.write('<p>' + line + '</p>');
document.write('</div>');"""

MAKES = {
    "fetch": shell(FETCHED),
    "router": shell(ROUTED),
    "shadow": shell(SHADOW, body=""),
    "write": shell(WRITTEN, body=""),
}


def serve(site: Site, page: Page, **more: Page) -> Source:
    """A source whose one page is the one given, with what it asks for."""
    story = Page(json.dumps({"title": TITLE, "lines": LINES}).encode(), "application/json")
    site.pages |= {"/a/1.html": page, "/api/1.json": story}
    for name, text in (("app", APP), ("view", VIEW), ("parts", PARTS), ("story", STORY)):
        site.pages[f"/static/{name}.js"] = Page(text.encode(), SCRIPT)
    site.pages |= more
    return source_of(site, urls=(f"{site.base}/a/1.html",), render="auto")


def rows(folder: Path, source: Source, table: str = "articles") -> list[Document]:
    build(
        Job(raw=folder / "raw", clean=folder / "clean", work=folder / ".build", sources=(source,), workers=1)
    )
    return list(documents(folder / "clean", table=table))


@pytest.mark.parametrize("make", MAKES)
def test_a_page_made_by_a_script_is_rendered_archived_and_built(
    site: Site, tmp_path: Path, make: str
) -> None:
    source = serve(site, MAKES[make])
    assert run(source, tmp_path / "raw").fetched == 1
    (row,) = rows(tmp_path, source)
    assert (row.title_raw, row.extracted.split("\n")) == (TITLE, list(LINES))
    assert row.rendered
    (capture,) = kept(tmp_path / "raw")
    assert capture.body == MAKES[make].body
    assert all(line in capture.rendered.decode() for line in LINES)
    asked = [note.split()[2] for note in capture.notes if note.startswith("render asked: ")]
    assert sorted(asked) == sorted(site.base + path for path in set(site.asked()[2:]))
    assert list(archive.verify(tmp_path / "raw")) == []


def test_what_renders_the_same_is_unchanged_and_what_does_not_is_kept(site: Site, tmp_path: Path) -> None:
    raw, source = tmp_path / "raw", serve(site, MAKES["fetch"])
    run(source, raw)
    run(source, raw, only_due=False, now=later(days=1))
    lines = [*LINES, "又过了一年，渠边种上了柳树，柳树下有了第一张石桌，老人们就在那里说话。"]
    site.pages["/api/1.json"] = Page(
        json.dumps({"title": TITLE, "lines": lines}).encode(), "application/json"
    )
    run(source, raw, only_due=False, now=later(days=2))
    assert [(c.outcome, bool(c.rendered)) for c in kept(raw)] == [
        ("ok", True),
        ("unchanged", False),
        ("ok", True),
    ]
    assert [row.extracted.split("\n") for row in rows(tmp_path, source)] == [lines]


def test_a_page_archived_before_its_source_said_so_is_rendered_at_its_next_look(
    site: Site, tmp_path: Path
) -> None:
    raw, source = tmp_path / "raw", serve(site, MAKES["fetch"])
    run(replace(source, render="never"), raw)
    assert rows(tmp_path, source) == []
    run(source, raw, only_due=False, now=later(days=1))
    assert [row.extracted.split("\n") for row in rows(tmp_path, source)] == [list(LINES)]


def test_never_asks_for_nothing_and_always_renders_what_has_an_article(site: Site, tmp_path: Path) -> None:
    source = serve(site, MAKES["fetch"])
    run(replace(source, render="never"), tmp_path / "never")
    assert site.asked() == ["/robots.txt", "/a/1.html"]
    site.pages["/a/1.html"] = article(1, "<script src=/static/story.js></script>")
    for mode, rendered in (("auto", False), ("always", True)):
        run(replace(source, render=mode), tmp_path / mode)
        assert [bool(c.rendered) for c in kept(tmp_path / mode)] == [rendered]


def test_robots_other_sites_pictures_and_fonts_are_not_asked(site: Site, other: Site, tmp_path: Path) -> None:
    sent = (
        f"<script>for (const at of ['/private/x.json', '{other.base}/track.json'])"
        " fetch(at).catch(() => 0);"
        f"fetch('/api/1.json', {{method: 'POST', body: 'x'}}).catch(() => 0);"
        f"new WebSocket('{other.base.replace('http', 'ws')}/socket');"
        f"navigator.sendBeacon('{other.base}/beacon');</script>"
        f"<img src=/a.png><img src={other.base}/b.png><link rel=stylesheet href=/a.css><iframe src=/frame></iframe>"
        "<video src=/a.mp4></video><style>@font-face {font-family: x; src: url(/a.woff)} body {font-family: x}</style>"
    )
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private/\n", "text/plain")
    source = serve(site, shell(sent + FETCHED))
    run(source, tmp_path / "raw")
    assert site.asked() == ["/robots.txt", "/a/1.html", "/api/1.json"]
    assert other.log == []
    (capture,) = kept(tmp_path / "raw")
    assert f"render asked: {site.base}/private/x.json not allowed" in capture.notes
    assert any(note.startswith("render refused: ") for note in capture.notes)
    assert {each.headers["user-agent"] for each in site.log} == {site.log[0].headers["user-agent"]}


def test_the_address_guard_holds_for_what_a_page_asks(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "same_site", lambda a, b: True)
    metadata = "<script>fetch('http://169.254.169.254/latest/meta-data/').catch(() => 0)</script>"
    run(serve(site, shell(metadata + FETCHED)), tmp_path / "raw")
    (capture,) = kept(tmp_path / "raw")
    assert any("169.254.169.254" in n and ("refused" in n or "not allowed" in n) for n in capture.notes)
    assert capture.rendered


def test_requests_wait_for_their_turn(site: Site, tmp_path: Path) -> None:
    source = replace(serve(site, MAKES["router"]), delay=0.3)
    run(source, tmp_path / "raw")
    times = [each.at for each in site.log]
    assert len(times) == 6
    assert all(b - a > 0.25 for a, b in pairwise(times))


def test_a_script_is_asked_for_once_a_run(site: Site, tmp_path: Path) -> None:
    source = serve(site, MAKES["router"])
    site.pages |= {"/a/2.html": MAKES["router"], "/api/2.json": site.pages["/api/1.json"]}
    run(replace(source, urls=(*source.urls, f"{site.base}/a/2.html")), tmp_path / "raw")
    assert [site.asked().count(path) for path in ("/static/app.js", "/api/1.json", "/api/2.json")] == [
        1,
        1,
        1,
    ]


ENDLESS = "<script>addEventListener('load', () => setTimeout(() => { while (true) {} }, 100));</script>"
FLOOD = "<script>setInterval(() => fetch('/api/' + Math.random()), 20);</script>"
GROWING = "<script>setInterval(() => document.body.append('水'.repeat(10000)), 50);</script>"


@pytest.mark.parametrize(
    ("page", "note"),
    [(ENDLESS, "time ran out"), (FLOOD + FETCHED, ""), (GROWING, "render: ")],
    ids=["endless", "flood", "growing"],
)
def test_a_hostile_page_costs_its_page_and_no_more(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, note: str
) -> None:
    limits = RenderLimits(seconds=3.0, wait=8.0, requests=5, html=100_000)
    monkeypatch.setattr("pipeline.crawl.session.Browser", lambda agent: browser.Browser(agent, limits))
    source = serve(site, shell(page))
    site.pages["/b/2.html"] = MAKES["fetch"]
    run(replace(source, urls=(*source.urls, f"{site.base}/b/2.html")), tmp_path / "raw")
    first, second = kept(tmp_path / "raw")
    assert all(line in second.rendered.decode() for line in LINES)
    assert len(first.rendered) < 400_000
    assert sum("render asked" in each for each in first.notes) <= 5
    assert any(note in each for each in first.notes)


def test_a_killed_browser_costs_its_page(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = serve(site, shell('<script src="/static/slow.js"></script>'))
    site.pages |= {"/static/slow.js": Page(b"", SCRIPT, wait=3.0), "/b/2.html": MAKES["fetch"]}
    started: list[int] = []
    launch = browser.Browser._started

    async def noting(self: browser.Browser) -> object:
        found = await launch(self)
        started.append(os.getpid())
        return found

    monkeypatch.setattr(browser.Browser, "_started", noting)

    def kill() -> None:
        end = time.monotonic() + 60
        while "/static/slow.js" not in site.asked() and time.monotonic() < end:
            time.sleep(0.02)
        for pid in own_browsers():
            os.kill(pid, 9)

    killer = threading.Thread(target=kill)
    killer.start()
    run(replace(source, urls=(*source.urls, f"{site.base}/b/2.html")), tmp_path / "raw")
    killer.join()
    first, second = kept(tmp_path / "raw")
    assert (first.outcome, first.rendered) == ("ok", b"")
    assert any("render: the browser failed" in note for note in first.notes)
    assert all(line in second.rendered.decode() for line in LINES)
    assert len(started) == 2
    assert own_browsers() == []


def test_a_run_that_is_stopped_while_it_renders_leaves_no_browser(site: Site, tmp_path: Path) -> None:
    source = serve(site, shell('<script src="/static/slow.js"></script>'))
    site.pages["/static/slow.js"] = Page(b"", SCRIPT, wait=4.0)
    stop = threading.Event()

    def interrupt() -> None:
        end = time.monotonic() + 60
        while "/static/slow.js" not in site.asked() and time.monotonic() < end:
            time.sleep(0.02)
        stop.set()

    threading.Thread(target=interrupt).start()
    run(source, tmp_path / "raw", stop=stop)
    assert own_browsers() == []
    assert kept(tmp_path / "raw") == []
    assert run(source, tmp_path / "raw", now=later(hours=2)).fetched == 1


def own_browsers() -> list[int]:
    """The Chromiums this process started, through Playwright's driver."""
    children: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                said = (entry / "stat").read_text()
            except OSError:
                continue
            name, rest = said[said.index("(") + 1 : said.rindex(")")], said[said.rindex(")") + 2 :].split()
            if rest[0] != "Z":
                children.setdefault(int(rest[1]), []).append(int(entry.name))
                names[int(entry.name)] = name
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        todo.extend(children.get(todo.pop(), ()))
        found.extend(pid for pid in todo[-50:] if "chrom" in names.get(pid, "") and pid not in found)
    return found


def test_auto_renders_a_share_of_a_run_and_says_so(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "LEAST", 1)
    source = serve(site, MAKES["write"])
    site.pages |= {f"/a/{n}.html": MAKES["write"] for n in range(2, 9)}
    (told,) = crawl(
        [replace(source, urls=tuple(f"{site.base}/a/{n}.html" for n in range(1, 9)))],
        tmp_path / "raw",
        limits=QUICK,
    )
    assert sum(bool(c.rendered) for c in kept(tmp_path / "raw")) == 2
    assert any(note.startswith("6 pages not rendered: at most 20% of a run") for note in told.notes)


def test_without_playwright_pages_come_as_they_are_and_the_run_says_why(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    told = run(serve(site, MAKES["fetch"]), tmp_path / "raw")
    assert [(c.outcome, c.rendered) for c in kept(tmp_path / "raw")] == [("ok", b"")]
    assert any("pip install 'zh-article-corpus[browser]'" in note for note in told.notes)


def test_without_chromium_the_run_says_why(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "chromium", lambda: None)
    told = run(serve(site, MAKES["fetch"]), tmp_path / "raw")
    assert any("CORPUS_CHROMIUM" in note for note in told.notes)


def test_other_tools_read_the_archive(site: Site, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(serve(site, MAKES["fetch"]), raw)
    (file,) = archive.sealed(raw)
    for command in (("warcio", "check"), ("fastwarc", "check")):
        done = subprocess.run(
            [Path(sys.executable).parent / command[0], command[1], raw / file.file],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("html", "is_one"),
    [
        ("<div id=app></div><script src=/app.js></script>", True),
        ("<div id=app></div>", False),
        ("<script src=/a.js></script>" + "村口的老槐树下。" * 20, False),
        ("<script>window.state = '" + r"\u6751\u53e3" * 60 + "'</script>", False),
        ("<noscript>请打开脚本</noscript><script>go()</script>", True),
    ],
)
def test_a_shell_without_an_article_in_its_markup(html: str, is_one: bool) -> None:
    assert is_shell(html) is is_one


def test_a_backfill_judges_the_day_that_only_the_rendered_page_prints(site: Site, tmp_path: Path) -> None:
    days = ("2020-01-09", "2020-01-10")
    for number, day in enumerate(days):
        said = (
            f"document.getElementById('app').innerHTML = '<p id=day>' + ['{day[:4]}', '{day[5:]}'].join('-')"
        )
        site.pages[f"/a/{number}.html"] = shell(f"<script>{said} + '</p>';</script>")
    source = replace(
        source_of(site), urls=tuple(f"{site.base}/a/{n}.html" for n in range(2)), render="always"
    )

    def printed(body: bytes, content_type: str, url: str) -> date | None:
        found = re.search(rb"<p id=.?day.?>([0-9-]+)", body)
        return date.fromisoformat(found[1].decode()) if found else None

    span = Span(since=date(2020, 1, 10), until=date(2020, 1, 11))
    wish = Wish(span=span, date_of=lambda _: printed, examples={}, max_requests=None)
    backfill([source], tmp_path, wish, limits=QUICK)
    outcomes = {capture.url[-6]: capture.outcome for capture in kept(tmp_path)}
    assert outcomes == {"0": "outside", "1": "ok"}


TITLED = """<script>
addEventListener('load', async () => {
  const number = location.pathname.match(/(\\d+)\\.html/)[1];
  const found = await (await fetch(`/api/${number}.json`)).json();
  document.title = found.title;
  document.getElementById('app').innerHTML = found.lines.map((l) => `<p>${l}</p>`).join('');
});
</script>"""


def told_under_many(site: Site, urls: list[str], number: int = 9) -> Source:
    """A source of pages that a script makes, each with the story of its number."""
    for n in range(1, number):
        lines = [f"第{n}篇的第{k}段：村口的老槐树下，几位老人说起第{n}年修渠引水的旧事。" for k in range(10)]
        story = {"title": f"修渠旧事之{n}", "lines": lines}
        site.pages[f"/api/{n}.json"] = Page(json.dumps(story).encode(), "application/json")
    for url in urls:
        site.pages[url] = shell(TITLED)
    return source_of(site, urls=tuple(site.base + url for url in urls), render="always")


def test_urls_of_one_page_that_a_script_makes_are_learned_by_what_they_show(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "POLL", 0.05)
    urls = [f"/a/{n}.html{query}" for n in range(1, 9) for query in ("", f"?wid={n * 7}")]
    source = replace(told_under_many(site, urls), urls=(), listings=(Listing(url=site.base + "/list"),))
    site.pages["/list"] = Page("".join(f'<a href="{url}">旧事</a>' for url in urls).encode())
    told = run(source, tmp_path)
    asked = [path for path in site.asked() if path.startswith("/a/")]
    assert asked == urls[:10] + [url for url in urls[10:] if "?" not in url]
    assert [note for note in told.notes if note.startswith("3 URLs of known pages not fetched: ?wid= on")]
    assert len({c.digest for c in kept(tmp_path)}) == 1, "by their bodies all are one page"
    with Ledger(tmp_path) as ledger:
        (rule,) = ledger.twins.rules()
    assert (rule.rule.what, rule.is_believed) == ("wid", True)
    rebuild(tmp_path)
    with Ledger(tmp_path) as ledger:
        assert ledger.twins.rules()[0].pairs == rule.pairs


def test_what_a_script_shows_under_every_url_teaches_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "POLL", 0.05)
    urls = [f"/a/1.html?wid={n}" for n in range(7)]
    run(told_under_many(site, urls), tmp_path)
    with Ledger(tmp_path) as ledger:
        assert not [each for each in ledger.twins.rules() if each.is_believed], "it may say so of any"
