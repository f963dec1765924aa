"""The pages in a real browser: each opened, its main action done; none asks for anything outside or complains."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.archive import withdrawn
from pipeline.corpus.read import documents, read_changes
from pipeline.runs import Folders
from tests.look.conftest import NARROW, WIDE, Open, Scheme, screenshots

AXE = (Path(__file__).parent / "axe/axe.min.js").read_text(encoding="utf-8")
"""axe-core 4.14.1, https://github.com/dequelabs/axe-core, MPL 2.0."""

LOOKS: tuple[tuple[int, Scheme], ...] = ((WIDE, "light"), (NARROW, "dark"), (NARROW, "light"), (WIDE, "dark"))


@pytest.fixture(scope="session")
def addresses(demo: Folders) -> dict[str, str]:
    """Name → address of a page of each kind."""
    cluster = next(row.cluster for row in documents(demo.clean, table="dropped") if row.reason == "duplicate")
    changed = next(c for c in read_changes(demo.clean, since="2.1").to_pylist() if c["kind"] == "changed")
    first = min(withdrawn.runs(demo.raw), key=lambda run: run.first)
    mended = max(documents(demo.clean), key=lambda row: (len(row.fixes), row.url))
    return {
        "home": "/",
        "source": "/source/news",
        "runs": "/runs",
        "run": f"/run/{first.run}",
        "versions": "/versions",
        "version": "/version/2.2.0",
        "diff": "/diff/2.1.0/2.2.0",
        "change": f"/change/2.1.0/2.2.0/{changed['id']}",
        "cluster": f"/cluster/{cluster}",
        "search": "/search?q=天气&table=all",
        "ahead": "/ahead",
        "document": f"/document/{mended.id}",
        "capture": f"/capture/{mended.captured_at.date()}/{mended.capture}",
        "try": "/try/tech?kind=drop&rule=p:nth-of-type(2)",
    }


NAMES = (
    "home",
    "source",
    "runs",
    "run",
    "versions",
    "version",
    "diff",
    "change",
    "cluster",
    "search",
    "ahead",
    "document",
    "capture",
    "try",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_readable_at_both_widths_and_in_both_schemes(
    look: Open, addresses: dict[str, str], name: str
) -> None:
    page = look(addresses[name])
    assert page.locator("h1").count() == 1
    for closed in page.locator("details.behind").all():
        closed.evaluate("found => { found.open = true; }")
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
        if scheme != ("light" if width == WIDE else "dark"):  # each width and each scheme is judged once
            continue
        assert serious(page) == []
        if (folder := screenshots()) is not None:
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)


def test_the_judge_sees_what_is_wrong(look: Open) -> None:
    page = look("/versions")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=/static/icon.svg>')"
    )
    assert any(told.startswith("image-alt") for told in serious(page))


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody from reading the page."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def test_home_is_walked_by_keyboard(look: Open) -> None:
    page = look("/")
    names = page.locator("#sources ~ .wide tbody tr td:first-child").all_inner_texts()
    assert len(names) == 11
    for name in names[:3]:
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == names[1]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/source/{names[1]}$"))


def test_search_is_reached_by_keyboard_and_its_answer_has_an_address(look: Open) -> None:
    page = look("/search")
    page.keyboard.press("/")
    page.keyboard.type("天气")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("天气")
    assert "q=%E5%A4%A9%E6%B0%94" in page.url
    page.select_option("select[name=table]", "all")
    expect(page.locator(".hits .tag").first).to_have_text("superseded")
    assert "table=all" in page.url
    page.go_back()
    with page.expect_download() as download:
        page.get_by_text("All of them as JSON Lines").click()
    assert download.value.suggested_filename == "corpus-2.2.0.jsonl"


def test_a_diff_opens_what_changed_in_place(look: Open) -> None:
    page = look("/diff/2.1.0/2.2.0")
    page.locator("ol.plain summary", has_text="changed by capture").click()
    expect(page.locator("ol.plain .lines del").first).to_be_visible()
    assert page.url.endswith("/diff/2.1.0/2.2.0")


def test_two_versions_are_chosen_in_the_form(look: Open) -> None:
    page = look("/diff/2.1.0/2.2.0")
    page.select_option("select[name=old]", "2.2.0")
    page.select_option("select[name=new]", "2.1.0")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile("/diff/2.2.0/2.1.0$"))
    expect(page.locator("tbody").first).to_contain_text("removed")


def test_a_version_tells_what_a_build_would_do(look: Open) -> None:
    page = look("/version/2.2.0")
    page.get_by_text("Look at archive and rules").click()
    expect(page.locator("#next")).to_contain_text("Nothing is new")
    page.locator("#dropped ~ details summary").first.click()
    page.get_by_role("link", name="duplicate", exact=True).click()
    expect(page.locator(".hits .tag").first).to_have_text("duplicate")


def test_a_run_and_a_source_show_their_numbers(look: Open, addresses: dict[str, str]) -> None:
    page = look(addresses["run"])
    page.locator("summary", has_text="By source").click()
    page.get_by_role("link", name="news", exact=True).click()
    expect(page.locator("h1")).to_contain_text("news")
    expect(page.locator("#rules ~ pre")).to_contain_text("expect_links = 5")


def test_members_of_a_cluster_are_laid_beside_each_other(look: Open, demo: Folders) -> None:
    rows = [row.cluster for row in documents(demo.clean, table="dropped") if row.reason == "duplicate"]
    cluster = next(name for name in rows if rows.count(name) == 2)
    page = look(f"/cluster/{cluster}")
    before = page.locator(".beside article h3").nth(1).inner_text()
    page.get_by_role("link", name="beside").click()
    expect(page).to_have_url(re.compile("right="))
    assert page.locator(".beside mark").count() > 0
    assert page.locator(".beside article").count() == 2
    assert before


def test_without_javascript_all_of_it_is_read(browser: Any, served: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search")
    page.fill("input[name=q]", "天气")
    page.get_by_role("button", name="Search").click()
    assert page.locator("mark").count() > 0
    page.goto("/diff/2.1.0/2.2.0")
    page.locator("ol.plain summary").first.click()
    page.get_by_role("link", name="Before and after").first.click()
    assert page.locator(".lines").count() == 1
    context.close()
