"""A rule tried on the last captures of a source: what it would change, and nothing saved."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from pipeline.extract import boilerplate
from pipeline.extract.boilerplate import Phrase
from pipeline.extract.variants import in_either_script
from pipeline.look import trying
from pipeline.look.asked import Asked
from pipeline.look.trying import Trial
from pipeline.records import Capture, Selector, Source
from pipeline.runs import Folders, load_sources
from tests.corpus.archives import story_page, write
from tests.look.conftest import Open

SOURCE = Source(name="a", home="https://a.example/", include=("https://a.example/1*",))


def tried(demo: Folders, kind: str, rule: str, name: str = "tech") -> Trial:
    """All its answers in one."""
    query = {"kind": kind, "rule": rule}
    trial = trying.read(Asked(folders=demo, path={"name": name}, query=query))
    changes = [*trial.changes]
    while trial.next is not None:
        more = {name: str(number) for name, number in trial.next.items()}
        trial = trying.read(Asked(folders=demo, path={"name": name}, query={**query, **more}))
        changes += trial.changes
    assert trial.changed == len(changes)
    return replace(trial, changes=tuple(changes))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_body_selector_shows_what_goes_and_where_it_matches_nothing(demo: Folders) -> None:
    narrower = tried(demo, "body", "p:nth-of-type(2)")
    assert narrower.tried >= 3
    assert all(len(change.lost) > len(change.gained) for change in narrower.changes)
    assert len(narrower.changes) == narrower.tried
    missing = tried(demo, "body", "div.no-such-thing")
    assert all("matches nothing" in change.told for change in missing.changes)
    assert narrower.line == 'body = "p:nth-of-type(2)"'


def test_a_drop_selector_takes_out_what_it_names(demo: Folders) -> None:
    trial = tried(demo, "drop", "p")
    assert trial.changes
    assert all("no article" in change.told for change in trial.changes)
    assert tried(demo, "drop", "div.no-such-thing").changes == ()
    declared = load_sources(demo.sources, ["tech"])[0].drop
    read_back = tomllib.loads(trial.line)["drop"]
    assert [each if isinstance(each, str) else each["css"] for each in read_back] == [
        *(selector.css for selector in declared),
        "p",
    ]


def test_a_phrase_takes_the_lines_that_begin_with_it(demo: Folders) -> None:
    (change, *others) = tried(demo, "phrase", "那么,槽").changes
    assert others == []
    assert [line[:4] for line in change.lost] == ["那么,槽"]
    trial = tried(demo, "phrase", "那么,槽")
    assert trial.file == "pipeline/rules/boilerplate.tsv"
    name, place, longest, pattern, _ = trial.line.split("\t")
    rule = Phrase(name=name, place=place, longest=int(longest), written=in_either_script(pattern))
    assert all(rule.pattern.match(line) and len(line) <= rule.longest for line in change.lost)


def test_a_phrase_is_words_and_no_pattern(demo: Folders) -> None:
    assert tried(demo, "phrase", "(a+)+$").changes == ()
    assert "\\(a\\+\\)\\+\\$" in tried(demo, "phrase", "(a+)+$").line


def test_an_include_pattern_shows_addresses_that_come_and_go(demo: Folders) -> None:
    trial = tried(demo, "include", "*/tech/d/20260311*")
    assert any(len(change.lost) >= 1 and "addresses" in change.title for change in trial.changes)
    assert all("20260311" not in url for change in trial.changes for url in change.lost)
    assert trial.line.startswith("include = [")
    assert trial.line.endswith('"*/tech/d/20260311*"]')


@pytest.mark.parametrize(
    ("kind", "rule", "said"),
    [
        ("drop", "p:::", "is not a CSS selector"),
        ("body", "][", "is not a CSS selector"),
        ("include", "news/*", "begin it with * or http"),
        ("include", "*[", "never closed"),
        ("phrase", "扫", "too short"),
        ("drop", "a" * 301, "longer than 300"),
    ],
)
def test_what_is_no_rule_is_said(client: TestClient, demo: Folders, kind: str, rule: str, said: str) -> None:
    trial = tried(demo, kind, rule)
    assert said in trial.problem
    assert trial.tried == 0
    assert said.replace("*", "*") in client.get("/try/tech", params={"kind": kind, "rule": rule}).text


def test_an_answer_ends_when_its_time_is_over_and_the_next_one_goes_on(
    demo: Folders, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tried(demo, "phrase", "那么,槽")
    monkeypatch.setattr(trying, "SECONDS", -1.0)
    first = trying.read(
        Asked(folders=demo, path={"name": "tech"}, query={"kind": "phrase", "rule": "那么,槽"})
    )
    assert (first.tried, first.next) == (1, {"tried": 1, "changed": 0, "longest": 0})
    assert tried(demo, "phrase", "那么,槽") == whole
    assert whole.tried > 2
    told = client.get("/try/tech?kind=drop&rule=p").text
    assert "is being tried on older ones" in told
    assert "tried=1" in told
    assert client.get("/try/tech?kind=drop&rule=p&tried=x").status_code == 404


def test_a_phrase_of_a_place_goes_there_alone(tmp_path: Path) -> None:
    said = "本站热线欢迎来电。"
    long = [
        f"<p>{chr(0x4E00 + n)}城的新桥昨天通车，来往的人都说方便了许多，第{n}辆车驶过桥面。</p>"
        for n in range(1, 9)
    ]
    listed = "".join(f"<li>旧闻之{n}</li>" for n in "一二三")

    def page(number: int, *parts: str) -> Capture:
        body = f"<html><title>新桥通车</title><h1>新桥通车</h1><div class=a>{''.join(parts)}</div></html>"
        return replace(story_page(number), body=body.encode())

    head = page(0, f"<p>{said}</p>", *long)
    middle = page(1, *long[:4], f"<p>{said}</p>", *long[4:])
    foot = page(2, *long, f"<p>{said}</p>")
    cut = page(3, *long, f"<p>{said}</p><ul>{listed}</ul>")
    write(tmp_path / "raw", [head, middle, foot, cut])
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/example.toml").write_text(
        'feeds = ["https://news.example/f.xml"]\nbody = "div.a"\nextractor = "container"\n'
    )
    where = Folders(raw=tmp_path / "raw", clean=tmp_path / "clean", sources=tmp_path / "sources")

    def gone(place: str) -> dict[str, tuple[str, ...]]:
        trial = tried(where, place, "本站热线", "example")
        assert trial.tried == 4
        assert trial.line.split("\t")[1:3] == ["any" if place == "phrase" else place, str(len(said) + 10)]
        return {change.url: change.lost for change in trial.changes}

    assert gone("phrase") == {each.url: (said,) for each in (head, middle, foot, cut)}
    assert gone("head") == {head.url: (said,)}
    assert gone("foot") == {foot.url: (said,)}
    assert gone("cut")[cut.url] == (said, "旧闻之一", "旧闻之二", "旧闻之三")
    assert head.url not in gone("cut")
    assert boilerplate.matching(said, "any") is None, "it held for the trial alone"


def test_no_more_than_the_newest_captures_are_read(demo: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "TRIED", 2)
    assert tried(demo, "drop", "p").tried == 2


def test_nothing_is_saved(demo: Folders) -> None:
    before = {folder: files(folder) for folder in (demo.sources, demo.clean, demo.raw)}
    for rule in trying.RULES:
        tried(demo, rule.word, rule.example)
    assert {folder: files(folder) for folder in before} == before


def test_selectors_with_days_are_written_as_they_stand() -> None:
    source = Source(name="a", home="https://a.example/", drop=(Selector(css="p.x"), Selector(css="div")))
    drop = next(rule for rule in trying.RULES if rule.word == "drop")
    assert drop.line(source, "b", 0) == ("sources/a.toml", 'drop = ["p.x", "div", "b"]')
    include = next(rule for rule in trying.RULES if rule.word == "include")
    assert include.line(SOURCE, "*/2", 0)[1] == 'include = ["https://a.example/1*", "*/2"]'


def test_it_answers_while_one_types(look: Open) -> None:
    page = look("/try/tech?kind=phrase")
    page.locator("#rule").fill("那么")
    page.locator("#line").wait_for()
    assert "那么" in page.locator("#line").inner_text()
    assert "rule=" in page.url
    page.locator("#rule").fill("扫")
    page.get_by_role("alert").wait_for()


def test_a_page_goes_on_by_itself_until_all_are_tried(look: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "SECONDS", -1.0)
    page = look("/try/tech?kind=drop&rule=p")
    expect(page.locator(".pager")).to_have_count(0)
    count = page.locator("#results .hits > li").count()
    assert count > 2
    assert f"change {count} of {count} captures." in page.locator("#summary").inner_text()


def test_of_no_source_is_said(client: TestClient) -> None:
    answer = client.get("/try/teck")
    assert answer.status_code == 404
    assert "did you mean tech?" in answer.text
