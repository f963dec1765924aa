"""An archived page written anew: what it looks like stays, what could act or fetch does not come through."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline import extract
from pipeline.look.replay import ALLOWED, ATTRIBUTES, GONE, Mark, as_source, marked, rewritten
from pipeline.look.styles import harmless
from tests.look.hostile import ATTEMPTS
from tests.timing import TIME_LIMIT

CANARY = "http://canary.example"
PAGES = sorted(Path(__file__).parent.parent.joinpath("pages").glob("*/*/page.html"))


def shown(html: str) -> str:
    return marked(rewritten(html), {})


def acts(html: str) -> list[str]:
    """What a browser would run, follow or fetch of a page, by its elements, attributes and style sheets."""
    tree = LexborHTMLParser(html)
    found = [node.tag or "" for node in tree.css(",".join(GONE - {"head", "meta", "title", "style"}))]
    for node in tree.css("*"):
        found += [
            f"{node.tag} {name}"
            for name, value in node.attributes.items()
            if not (
                name in ATTRIBUTES or name in ("data-rule", "charset") or (value or "").startswith("data:")
            )
        ]
    styles = [node.text() for node in tree.css("style")] + [
        node.attributes["style"] or "" for node in tree.css("[style]")
    ]
    return found + [css for css in styles if re.search(r"url\(|@import|image-set\(|[\\]", css, re.I)]


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_of_an_attempt_comes_through(name: str) -> None:
    html = ATTEMPTS[name].replace("CANARY", CANARY)
    assert acts(html) or name.startswith("mutation"), "the attempt is none, so the test says nothing"
    assert acts(shown(html)) == []


@given(
    st.lists(st.sampled_from([*"<>\"'=/ &;-!", *ATTEMPTS.values(), "svg", "math", "style", "p"]), max_size=9)
)
def test_nor_of_any_mixture_of_them(parts: list[str]) -> None:
    assert acts(shown(extract.as_parsed("".join(parts).encode()))) == []


def test_a_page_looks_as_it_did() -> None:
    html = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/x.dtd">'
        "<style>.a{color:red}</style><body bgcolor=#eee><table width=90%><tr><td colspan=2 class='a b' id=x>甲&lt;乙"
        "<font color=red>丙</font></table><ul><li>一<li>二</ul><pre>a\n  b</pre>"
    )
    made = shown(html)
    assert made.startswith("<!DOCTYPE html PUBLIC")
    assert ".a{color:red}" in made
    assert '<body bgcolor="#eee">' in made
    assert '<td colspan="2" class="a b" id="x">' in made
    assert "甲&lt;乙" in made
    assert [node.text() for node in LexborHTMLParser(made).css("body")] == ["甲<乙丙一二a\n  b"]


def test_an_address_is_said_and_not_followed() -> None:
    made = shown('<a href="http://a.example/?q=&quot;1" title=x>去</a><img src=/b.png alt=图 width=20>')
    assert 'title="http://a.example/?q=&quot;1"' in made
    assert 'title="/b.png">图<' in made
    assert "href" not in made
    assert "<img" not in made
    assert rewritten('<img src=a><link rel="stylesheet" href=b>').absent == 2


def test_a_picture_that_stands_in_the_page_is_shown() -> None:
    assert '<img alt="" src="data:image/png;base64,AAAA" width="3">' in shown(
        '<img src="data:image/png;base64,AAAA" width=3 onerror=x>'
    )
    assert "data:" not in shown('<img src="data:image/svg+xml;base64,AAAA">').replace('title="data:', "")


def test_the_page_cannot_take_our_names() -> None:
    made = marked(rewritten("<p id=corpus-0 class='corpus-cut x'>甲乙丙</p>"), {0: Mark(kind="kept")})
    assert made.count('id="corpus-0"') == 1
    assert "corpus-cut" not in made.partition("<body>")[2]


def test_no_control_character_comes_through() -> None:
    assert "\x1b" not in shown("<p title='\x1b[2J'>甲\x1b[31m乙</p>")
    assert "\x1b" not in as_source("\x1b[2J")


def test_a_line_is_marked_where_it_stands() -> None:
    page = rewritten("<p>甲<b>乙</b>丙</p><div class=ad>广告<br>再来</div>", drop=["div.ad", "p:::"])
    assert page.lines == ["甲乙丙", "广告", "再来"]
    assert page.dropped == {1: "div.ad", 2: "div.ad"}
    made = marked(page, {0: Mark(kind="kept"), 1: Mark(kind="cut", rule='drop "x"')})
    tree = LexborHTMLParser(made)
    assert [node.text() for node in tree.css(".corpus-kept")] == ["甲", "乙", "丙"]
    assert [node.text() for node in tree.css("#corpus-0")] == ["甲"]
    assert [node.attributes["data-rule"] for node in tree.css("#corpus-1")] == ['drop "x"']
    assert ":root:has(#corpus-0:target) .corpus-l0" in made
    assert "corpus-l1{" not in made


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
def test_its_lines_are_those_that_extraction_reads(page: Path) -> None:
    body = page.read_bytes()
    report = extract.line_report(body, url="https://www.example.cn/a/1.html")
    own = rewritten(extract.as_parsed(body)).lines
    same = sum(line in set(own) for _, _, line in report)
    assert same >= 0.9 * len(report)


@pytest.mark.parametrize(
    "css",
    [
        "a{b:url(x)}",
        "a{b:U\\52L(x)}",
        "a{b:u\\72 l(x)}",
        "a{b:u\\72l(x)}",
        "@import 'x'",
        "@\\69mport 'x'",
        "@imp/**/ort url(x)",
        "a{b:image-set('x' 1x)}",
        "a{b:-webkit-image-set('x' 1x)}",
        "@font-face{src:url(x)}",
        "a{b:url (x)}",
        "a{b:src('x')}",
        "</style><script>",
        "<!--",
        "/* unclosed url(x)",
    ],
)
def test_a_style_names_no_address(css: str) -> None:
    assert not re.search(r"\burl\s*\(|@import|image-set\(|src\(|@font-face|[<\\]", harmless(css), re.I)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "甲",
        "<b>" * 50_000 + "甲",
        "<p style='" + "u\\" * 200_000 + "'>甲",
        f"<style>{'/*' * 200_000}</style>",
        f"<style>{'url (' * 100_000}</style>",
        "<br>甲" * 100_000,
    ],
    ids=["nested", "bold", "escapes", "comments", "urls", "lines"],
)
def test_a_hostile_page_costs_little(html: str) -> None:
    begun = time.process_time()
    shown(extract.as_parsed(html.encode()))
    assert time.process_time() - begun < TIME_LIMIT


def test_what_is_allowed_takes_no_address() -> None:
    assert ALLOWED.isdisjoint(GONE)
    addresses = (
        "href src srcset action formaction data poster background cite ping longdesc usemap target name"
    )
    assert ATTRIBUTES.isdisjoint(addresses.split())
