"""A document beside its page, and every visit that has none."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator
from starlette.testclient import TestClient

from pipeline.archive import index
from pipeline.corpus import documents
from pipeline.corpus.quality import RULES
from pipeline.look import replay
from pipeline.look.alongside import Told, lines_of
from pipeline.look.changed import pieces
from pipeline.look.document import facts, history
from pipeline.look.paragraphs import paragraphs
from pipeline.look.render import html
from pipeline.look.words import why
from pipeline.records import USABLE, Document, Flag, Outcome, Reason, Span
from pipeline.runs import Folders
from tests.corpus.rows import row
from tests.look.conftest import NARROW, Open, screenshots

PAGE_SECONDS = 3.0
"""CPU seconds that a page of the demo may take: ten times what it takes, for lines counted and slow machines."""


@pytest.fixture(scope="module")
def rows(demo: Folders) -> dict[str, list[Document]]:
    """Rows of the demo by what became of them; "" are published."""
    found: dict[str, list[Document]] = {}
    for table in ("articles", "dropped"):
        for each in documents(demo.clean, table=table):
            found.setdefault(each.reason or "", []).append(each)
    return found


@pytest.fixture(scope="module")
def mended(rows: dict[str, list[Document]]) -> Document:
    """The document with the most fixes."""
    return max(rows[""], key=lambda each: (len(each.fixes), each.url))


def address(document: Document) -> str:
    return f"/document/{document.id}?capture={document.capture}"


def fragment(paragraph: Locator) -> str:
    """The id of the line of the archived page that a paragraph stands for."""
    return (paragraph.locator("a.at").get_attribute("href") or "").partition("#")[2]


def test_every_row_has_a_page_that_says_why(client: TestClient, rows: dict[str, list[Document]]) -> None:
    for reason, some in rows.items():
        answer = client.get(address(some[0]))
        assert answer.status_code == 200, some[0].url
        assert ("Why it is not published" in answer.text) == bool(reason)
        assert f'<span class="tag">{reason}</span>' in answer.text or not reason
        assert "cannot be shown" not in answer.text or reason in ("gone", "robots", "not_html"), reason


def test_a_page_shows_text_facts_fixes_and_rules(client: TestClient, mended: Document) -> None:
    said = client.get(address(mended)).text
    for fact in facts(mended):
        assert fact.name in said
    for fix in mended.fixes:
        assert f"<code>{fix}</code>" in said
    assert "二" in said
    assert re.search(r'<del>,</del><ins title="marks: , → ，">，</ins>', said)
    assert said.count("data-line") > mended.text.count("\n")
    assert "<code>credit</code>" in said


def test_a_page_is_fast(client: TestClient, mended: Document) -> None:
    client.get(address(mended))
    begun = time.process_time()
    client.get(address(mended))
    assert time.process_time() - begun < PAGE_SECONDS


def test_what_is_not_there_is_said(client: TestClient) -> None:
    assert "no document of this id" in client.get("/document/" + "0" * 32).text
    assert client.get("/document/x'; drop").status_code == 404
    assert client.get("/capture/2026-01-01/urn:uuid:1").status_code == 404
    assert "a day looks like" in client.get("/archived/yesterday/urn:uuid:1").text
    assert client.get("/archived/..%2F..%2Fetc/passwd").status_code == 404


def test_every_kind_of_visit_has_a_page(client: TestClient, demo: Folders) -> None:
    refs = {(ref.kind, ref.outcome): ref for ref in index.find(demo.raw)}
    assert {"page", "feed", "robots", "listing"} <= {kind for kind, _ in refs}
    for (kind, outcome), ref in refs.items():
        at = f"{ref.fetched_at.date()}/{ref.id}"
        answer = client.get(f"/capture/{at}")
        assert answer.status_code == 200, (kind, outcome)
        assert (outcome in answer.text) or outcome in USABLE
        archived = client.get(f"/archived/{at}")
        assert archived.status_code == 200
        assert {name: archived.headers[name] for name in replay.HEADERS} == replay.HEADERS
        if kind == "feed" and outcome == "ok":
            assert "&lt;" in archived.text


def test_marks_can_be_left_out(client: TestClient, mended: Document) -> None:
    at = f"/archived/{mended.captured_at.date()}/{mended.capture}"
    assert "corpus-cut" in client.get(at).text.partition("<body")[2]
    assert "corpus-cut" not in client.get(f"{at}?marks=no").text.partition("<body")[2]


def test_what_comes_from_pages_is_escaped() -> None:

    assert (
        html("refusal.html", type("P", (), {"status": 404, "told": "<b>\x1b[2J\u202e"})()).count("<b>") == 0
    )


def test_a_flag_stands_where_it_is() -> None:
    text = "一二三四五\n六七八"
    document = row(
        1,
        text=text,
        extracted=text.replace("八", ",八"),
        flags=(Flag(name="censor_mark", start=1, end=3, text="二三"), Flag(name="x", start=7, end=9)),
        structure=(Span(kind="heading", level=2, start=0, end=5),),
    )
    told = Told(kept=True, rule="", text=text[:5], line=4, day=date(2026, 11, 1), capture="urn:uuid:1")
    first, second = paragraphs(document, pieces(document), [told, None])
    assert (first.kind, first.level, first.at, second.at) == ("heading", 2, told, None)
    assert [(s.piece.after, s.flag and s.flag.name) for s in first.shown] == [
        ("一", None),
        ("二三", "censor_mark"),
        ("四五", None),
    ]
    assert "".join(s.piece.after for s in second.shown) == "六七八"
    assert {s.flag.name for s in second.shown if s.flag} == {"x"}
    assert lines_of(document, ()) == [None, None]


def test_the_history_tells_of_each_release(demo: Folders, rows: dict[str, list[Document]]) -> None:
    told = [list(history(demo.clean, each.id)) for each in rows[""]]
    assert all(steps[-1].kind == "added" for steps in told)
    (changed,) = [steps for steps in told if len(steps) > 1]
    assert (changed[0].version, changed[0].kind, changed[0].cause) == ("2.2.0", "changed", "capture")
    assert changed[0].text_changed


@pytest.mark.parametrize(
    "word", [*Reason, *(o for o in Outcome if o not in USABLE), *(rule.reason for rule in RULES)]
)
def test_every_reason_has_words(word: str) -> None:
    assert why(word) != "The visit brought no page."
    assert why("failed:KeyError") == "Reading the page failed (KeyError)."


def test_a_line_of_the_page_that_is_pointed_at_shows_the_number_of_its_paragraph(
    browser: Browser, served: str, mended: Document
) -> None:
    page = browser.new_page()  # Playwright itself tries scripts in the frame, which says so in the console
    page.goto(served + address(mended))
    frame = page.frame(name="archived")
    assert frame is not None
    paragraph = page.locator(".para[data-line]").nth(2)
    line = frame.locator(f"#{fragment(paragraph)}")
    box = line.bounding_box()
    assert box is not None
    shown = "e => getComputedStyle(e, '::after').content"
    page.mouse.move(5, 5)
    assert line.evaluate(shown) == "none"
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    assert "¶" in line.evaluate(shown)
    assert paragraph.locator(".at").inner_text() == f"¶{line.get_attribute('data-line')}"
    page.close()


def test_a_body_that_a_script_would_show_is_seen(browser: Browser, served: str, demo: Folders) -> None:
    """As of WeChat, whose body has visibility:hidden until then."""
    hidden = next(row for row in documents(demo.clean) if "/s/huiyi" in row.url)
    page = browser.new_page()
    page.goto(served + address(hidden))
    frame = page.frame(name="archived")
    assert frame is not None
    body = frame.locator(".corpus-kept")
    assert body.count() > 3
    assert all(line.is_visible() for line in body.all())
    assert body.first.evaluate("e => getComputedStyle(e.parentElement).visibility") == "hidden"
    page.close()


def test_a_paragraph_that_is_pointed_at_lights_up_in_the_page(look: Open, mended: Document) -> None:
    page = look(address(mended))
    frame = page.frame(name="archived")
    assert frame is not None
    for number in (2, 4):
        paragraph = page.locator(".para[data-line]").nth(number)
        if number == 2:
            page.mouse.move(5, 5)
            paragraph.hover()
        else:
            paragraph.locator("a").focus()
        lit = frame.locator(f"#{fragment(paragraph)}:target")
        lit.wait_for()
        assert "255, 211, 61" in lit.evaluate("e => getComputedStyle(e).backgroundColor")
    assert page.evaluate("history.length") == 2
    if folder := screenshots():
        page.locator("#changes").check()
        page.screenshot(path=folder / "document.png")


def test_it_does_so_without_our_script_too(look: Open, mended: Document) -> None:
    page = look(address(mended), width=NARROW)
    page.route("**/beside.js", lambda route: route.abort())
    page.locator(".para .at").nth(1).click(force=True)
    frame = page.frame(name="archived")
    assert frame is not None
    frame.locator(":target").wait_for()
    page.keyboard.press("j")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_changes_are_shown_when_asked_for(look: Open, mended: Document) -> None:
    page = look(address(mended))
    assert not page.locator(".para del").first.is_visible()
    page.locator("#changes").check()
    assert page.locator(".para del").first.is_visible()


def test_an_article_of_two_pages_lights_up_on_both(
    look: Open, client: TestClient, rows: dict[str, list[Document]]
) -> None:
    joined = next(each for each in rows[""] if each.url.endswith("/gb/feature/baidu.html"))
    told = client.get(address(joined)).text
    assert told.count('class="para"') == told.count("data-line") - told.count("<tr data-line") == 8
    page = look(address(joined))
    page.locator(".para a.at").last.focus()
    frame = page.frame(name="archived")
    assert frame is not None
    frame.locator(f"#{fragment(page.locator('.para').last)}:target").wait_for()
    assert frame.url.split("#")[0] != page.locator("iframe").get_attribute("src")
