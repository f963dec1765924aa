"""A source's fault stays its own; what would harm articles that stand is not published without a word."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline import upkeep
from pipeline.archive.withdrawn import withdraw
from pipeline.cli import main
from pipeline.corpus import gates, harm, shards
from pipeline.corpus.build import build
from pipeline.corpus.edition import link_tree
from pipeline.corpus.gates import Crowd, Limits
from pipeline.corpus.held import read_held, show
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import documents, list_versions, version_folder
from pipeline.corpus.versions import verify
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import Decision
from pipeline.errors import RefusedError, UsageError
from pipeline.health.acks import Ack
from pipeline.health.status import SourceStatus, read_status
from pipeline.records import Capture, Selector, Source
from pipeline.runs import Folders
from tests.cli.test_widths import too_wide
from tests.corpus.archives import START, html, job, story_page, write
from tests.corpus.articles import article
from tests.corpus.rows import row
from tests.corpus.test_build import killed_at

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def page(source: str, number: int, moment: datetime, text: str | None = None, **more: Any) -> Capture:
    """A page of a source that prints the article with a number, or another text."""
    url = f"https://{source}.example/a/{number}.html"
    body = (text if text is not None else article(number)).split("\n")
    told = {"source": source, "url": url, "url_key": url, "final_url": url, "fetched_at": moment}
    return story_page(0, **{**told, "body": html(f"第{number}号报道", body), **more})


def pages(source: str, numbers: Sequence[int], day: int = 0, **more: Any) -> list[Capture]:
    return [
        page(source, n, START + day * DAY + timedelta(seconds=at), **more) for at, n in enumerate(numbers)
    ]


def published(folder: Path) -> dict[str, int]:
    """Articles by source in the newest version."""
    counts = read_manifest(version_folder(folder / "clean")).counts
    return {name: each["articles"] for name, each in counts.items() if each.get("articles")}


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of the corpus, with its inode and its bytes."""
    files = (path for path in sorted((folder / "clean").rglob("*")) if path.is_file())
    return {str(path): (path.stat().st_ino, path.read_bytes()) for path in files}


def news(**more: Any) -> Source:
    return Source(name="news", home="https://news.example/", **more)


def mirror(**more: Any) -> Source:
    return Source(name="mirror", home="https://mirror.example/", **more)


COPIED = range(75)


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty articles of one source; on the next day five new ones, and a mirror that copies 75."""
    folder = tmp_path_factory.mktemp("mirrored")
    write(folder / "raw", pages("news", range(80)))
    build(job(folder, news()))
    write(folder / "raw", [*pages("news", range(80, 85), 1), *pages("mirror", COPIED, 1)], "run-2")
    report = build(job(folder, news(), mirror()))
    assert (report.published, list(report.held), report.held_anew) == (True, ["mirror"], ("mirror",))
    return folder


@pytest.fixture
def corpus(mirrored: Path, tmp_path: Path) -> Path:
    shutil.copytree(mirrored, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def test_a_mirror_waits_and_the_others_are_published_in_the_same_run(corpus: Path) -> None:
    assert published(corpus) == {"news": 85}
    (held,) = read_held(corpus / "clean")
    assert (held.source, held.rows, held.since) == ("mirror", 75, START + DAY)
    assert held.why == (
        "copies: 75 of 75 new documents are copies, excerpts or compilations of others; expect_own is 0.5"
    )
    assert verify(version_folder(corpus / "clean")) == []
    assert not build(job(corpus, news(), mirror())).published, "nothing new, nothing tried again"


def test_what_waits_says_what_it_would_be(corpus: Path) -> None:
    rows = show(corpus / "clean", "mirror")
    assert {row.would_be for row in rows} == {"duplicate"}
    assert {(row.url, row.of) for row in rows} == {
        (f"https://mirror.example/a/{n}.html", f"https://news.example/a/{n}.html") for n in COPIED
    }


def test_the_next_day_of_the_mirror_waits_too_and_blocks_nobody(corpus: Path) -> None:
    write(corpus / "raw", [*pages("news", [90, 91], 2), *pages("mirror", [76, 77], 2)], "run-3")
    report = build(job(corpus, news(), mirror()))
    assert (report.published, list(report.held), report.held_anew) == (True, ["mirror"], ())
    assert published(corpus) == {"news": 87}
    assert read_held(corpus / "clean")[0].rows == 77


def test_a_person_lets_it_in_and_it_is_not_asked_again(corpus: Path) -> None:
    sources = news(), mirror()
    report = build(job(corpus, *sources, accept=frozenset({"mirror"})))
    assert (report.published, report.held, list(report.let_in)) == (True, {}, ["mirror"])
    assert read_held(corpus / "clean") == ()
    assert published(corpus) == {"news": 85}
    assert read_manifest(version_folder(corpus / "clean")).counts["mirror"] == {"duplicate": 75}
    assert not build(job(corpus, *sources)).published
    assert not build(job(corpus, *sources, full=True)).held, "a full build judges what is new alone"
    assert verify(version_folder(corpus / "clean")) == []


def test_a_mirror_that_says_so_is_let_in_by_its_file(corpus: Path) -> None:
    report = build(job(corpus, news(), mirror(expect_own=0.0)))
    assert (report.published, report.held, report.let_in) == (True, {}, {})
    assert read_manifest(version_folder(corpus / "clean")).accepted == {}


def test_a_mirror_with_articles_of_its_own_is_let_in_by_itself(corpus: Path) -> None:
    write(corpus / "raw", pages("mirror", range(200, 276), 2), "run-3")
    report = build(job(corpus, news(), mirror()))
    assert (report.held, published(corpus)) == ({}, {"mirror": 76, "news": 85})


def test_the_word_for_one_lets_no_other_through(corpus: Path) -> None:
    write(corpus / "raw", pages("parrot", COPIED, 2), "run-3")
    report = build(job(corpus, news(), mirror(), accept=frozenset({"mirror"})))
    assert (list(report.held), list(report.let_in)) == (["parrot"], ["mirror"])


def test_a_version_that_holds_or_let_in_is_made_again_byte_for_byte(corpus: Path) -> None:
    build(job(corpus, news(), mirror(), accept=frozenset({"mirror"})))
    declare(corpus, news="", mirror="")
    where = Folders(
        sources=corpus / "sources",
        raw=corpus / "raw",
        clean=corpus / "clean",
        work=corpus / ".build",
        workers=1,
    )
    for version in ("2.2", "2.3"):
        assert upkeep.verify_rebuild(where, version).other == (), version


def test_a_source_that_is_held_is_told_until_somebody_says_it_is_known(corpus: Path) -> None:
    def state(acks: dict[str, Ack]) -> tuple[SourceStatus, ...]:
        return read_status([news(), mirror()], corpus / "raw", corpus / "clean", acks, START + 2 * DAY)

    well, held = state({})
    assert (well.held, held.state, held.since, held.is_unwell) == (None, "held", date(2026, 11, 2), True)
    assert held.told.startswith("copies: 75 of 75")
    known = Ack(source="mirror", state="held", until=date(2026, 11, 3), why="we look at it on Monday")
    assert not state({"mirror": known})[1].is_unwell
    build(job(corpus, news(), mirror(), accept=frozenset({"mirror"})))
    assert state({})[1].state != "held"


@pytest.mark.slow
def test_killed_at_any_write_of_a_build_that_holds_the_next_ends_in_the_same_bytes(
    corpus: Path, tmp_path: Path
) -> None:
    write(corpus / "raw", [*pages("news", range(90, 92), 2), *pages("parrot", range(25), 2)], "run-3")

    def made(folder: Path) -> None:
        build(job(folder, news(), mirror()))

    calm = tmp_path / "calm"
    shutil.copytree(corpus, calm, symlinks=True)
    made(calm)
    assert published(calm) == {"news": 87}
    # the shards stand already, so that every kill falls into the making of the version
    shutil.copytree(calm / ".build", corpus / ".build", dirs_exist_ok=True)
    number, died = 1, True
    while died:
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(corpus, folder, symlinks=True)
        died = killed_at(number, lambda folder=folder: made(folder))  # type: ignore[misc]
        for version in list_versions(folder / "clean"):
            assert verify(folder / "clean" / version) == [], f"after a kill at write {number}"
        made(folder)
        newest = [version_folder(each / "clean") / "SHA256SUMS" for each in (calm, folder)]
        assert newest[0].read_bytes() == newest[1].read_bytes(), f"after a kill at write {number}"
        shutil.rmtree(folder)
        number += 17
    assert number > 100


def test_what_waited_goes_with_the_run_that_is_taken_back(corpus: Path) -> None:
    withdraw(corpus / "raw", "run-2", "a wrong list")
    report = build(job(corpus, news(), mirror()))
    assert (report.published, report.held, published(corpus)) == (True, {}, {"news": 80})


def test_a_full_build_holds_what_an_increment_held(corpus: Path, tmp_path: Path) -> None:
    def rows(folder: Path) -> dict[tuple[str, int], Any]:
        found = [d for t in ("articles", "dropped") for d in documents(folder / "clean", table=t)]
        return {(d.capture, d.part): d for d in found}

    once = job(tmp_path / "once", news(), mirror(), raw=corpus / "raw")
    assert list(build(once).held) == ["mirror"]
    assert rows(tmp_path / "once") == rows(corpus)
    report = build(job(corpus, news(), mirror(), full=True))
    assert (report.changes, list(report.held), report.held_anew) == ({}, ["mirror"], ())


def test_the_same_archive_and_the_same_words_give_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    build(job(corpus, news(), mirror(), accept=frozenset({"mirror"})))
    again = tmp_path / "again"
    shutil.copytree(corpus / "raw", again / "all")
    files = sorted((again / "all").rglob("*.warc.gz"))
    for number, file in enumerate(files):
        (again / "raw").mkdir(exist_ok=True)
        for beside in (again / "all").rglob(file.name.removesuffix(".warc.gz") + "*"):
            target = again / "raw" / beside.relative_to(again / "all")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(beside, target)
        build(job(again, news(), *([mirror()] if number else [])))
    build(job(again, news(), mirror(), accept=frozenset({"mirror"})))
    one, other = (version_folder(folder / "clean") / "SHA256SUMS" for folder in (corpus, again))
    assert one.read_bytes() == other.read_bytes()


def boxed(number: int) -> bytes:
    """A page whose article stands in one box, and one line of it in another."""
    lines = article(number).split("\n")
    return html(f"第{number}号报道", lines).replace(b"<h1>", f"<p class=lead>{lines[0]}</p><h1>".encode())


BODY = (Selector(css="div.article"),)
MISTAKEN = (Selector(css="p.lead"),)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources of 68 and 10 articles."""
    folder = tmp_path_factory.mktemp("two")
    captures = [replace(each, body=boxed(n)) for n, each in enumerate(pages("news", range(68)))]
    write(folder / "raw", [*captures, *pages("other", range(100, 110))])
    build(job(folder, news(body=BODY)))
    assert published(folder) == {"news": 68, "other": 10}
    return folder


@pytest.fixture
def whole(two: Path, tmp_path: Path) -> Path:
    shutil.copytree(two, tmp_path / "corpus", symlinks=True)
    return tmp_path / "corpus"


def test_a_selector_that_cuts_what_is_published_is_refused_with_a_preview(whole: Path) -> None:
    before = tree(whole)
    with pytest.raises(RefusedError) as caught:
        build(job(whole, news(body=MISTAKEN)))
    assert tree(whole) == before
    said = str(caught.value)
    assert "68 of 68 published articles of news: 68 cut (by cause: 68 extract)" in said, said
    assert "\n    -" in said
    assert "corpus build --confirm news" in said
    (told,) = caught.value.details["harm"]
    assert (told["source"], told["articles"], len(told["samples"])) == ("news", 68, harm.SAMPLES)
    sample = told["samples"][0]
    assert f"  cut (cause: extract): {sample['title']}  {sample['url']}" in said
    assert sample["before"].startswith(sample["after"])
    preview = build(job(whole, news(body=MISTAKEN), full=True, preview=True))
    assert preview.refused == {"news": told["why"]}
    assert tree(whole) == before


def test_articles_that_nothing_is_found_of_any_more_are_told_with_the_reason(whole: Path) -> None:
    nothing = (Selector(css="h1"),)
    with pytest.raises(RefusedError, match=r"news: 68 removed as \w+ \(by cause: 68 \w+\)"):
        build(job(whole, news(body=nothing)))


def test_the_word_for_that_source_lets_it_through_and_for_another_does_not(whole: Path) -> None:
    with pytest.raises(RefusedError, match="--confirm news"):
        build(job(whole, news(body=MISTAKEN), accept=frozenset({"other"})))
    report = build(job(whole, news(body=MISTAKEN), accept=frozenset({"news"})))
    assert (report.changes, list(report.let_in)) == ({"changed:extract": 68}, ["news"])
    assert not build(job(whole, news(body=MISTAKEN))).published


def test_a_plain_confirm_lets_everything_through(whole: Path) -> None:
    report = build(job(whole, news(body=MISTAKEN), confirm=True))
    assert (report.published, list(report.let_in)) == (True, ["news"])


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        ({"harm_articles": 69}, False),
        ({"harm_articles": 68, "harm_share": 1.0}, True),
        ({"harm_articles": 0, "harm_share": 0.0}, True),
    ],
)
def test_how_much_is_too_much_stands_in_the_file(whole: Path, limits: dict[str, Any], refused: bool) -> None:
    sources = (news(body=MISTAKEN, **limits),)
    if refused:
        with pytest.raises(RefusedError, match="harm_articles is"):
            build(job(whole, *sources))
    else:
        assert build(job(whole, *sources)).published


def test_a_source_that_is_declared_no_more_is_refused_where_its_articles_would_go(tmp_path: Path) -> None:
    """Its pages say themselves what nobody would take for the article."""
    captures = []
    for number, each in enumerate(pages("news", range(8))):
        beside = f"</nav><div class=article><p>{article(500 + number, 6)}</p></div></body>".encode()
        body = each.body.replace(b"<div class=article>", b"<nav class=menu>").replace(
            b"</div></body>", beside
        )
        captures.append(replace(each, body=body))
    write(tmp_path / "raw", captures)
    build(job(tmp_path, news(body=(Selector(css="nav.menu"),))))
    assert published(tmp_path) == {"news": 8}
    write(tmp_path / "raw", pages("other", [100], 1), "run-2")
    assert build(job(tmp_path)).published, "an increment touches no row that stands"
    with pytest.raises(
        RefusedError, match=r"(?s)8 of 8 published articles of news: .*corpus rebuild --confirm news"
    ):
        build(job(tmp_path, full=True))
    assert published(tmp_path) == {"news": 8, "other": 1}


def test_another_include_or_home_touches_no_article_that_stands(whole: Path) -> None:
    moved = replace(
        news(body=BODY), home="https://new.example/", include=("https://new.example/*",), exclude=("*news*",)
    )
    assert not build(job(whole, moved)).published
    assert build(job(whole, moved, full=True)).changes == {}


def test_articles_that_are_gone_because_a_person_took_a_run_back_are_not_asked_about(whole: Path) -> None:
    write(whole / "raw", pages("news", range(200, 230), 1), "run-2")
    build(job(whole, news(body=BODY)))
    withdraw(whole / "raw", "run-2", "the wrong list")
    assert build(job(whole, news(body=BODY))).changes == {"removed:withdrawn": 30}


def test_new_pages_that_cut_what_is_published_wait_and_the_others_come(whole: Path) -> None:
    teasers = [
        page("news", n, START + DAY, article(n).split("\n")[0] + article(n).split("\n")[1]) for n in range(10)
    ]
    write(whole / "raw", [*teasers, *pages("news", [300], 1), *pages("other", [110], 1)], "run-2")
    report = build(job(whole, news(body=BODY)))
    assert list(report.held) == ["news"]
    assert "its new pages would harm 10 of 68 published articles of news: 10 cut" in report.held["news"]
    assert report.changes == {"added:capture": 1}
    assert published(whole) == {"news": 68, "other": 11}
    assert read_held(whole / "clean")[0].rows == 11
    again = [page("news", n, START + 2 * DAY, body=boxed(n)) for n in range(10)]
    write(whole / "raw", again, "run-3")
    report = build(job(whole, news(body=BODY)))
    assert (report.held, published(whole)) == ({}, {"news": 69, "other": 11}), (
        "it goes in when nothing is cut"
    )
    assert verify(version_folder(whole / "clean")) == []


def test_who_did_harm_is_looked_for_where_it_can_stand_and_not_in_all_that_is_published(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = version_folder(whole / "clean")
    link_tree(old, tmp_path / "nothing written")
    (ident,) = {
        d.id for d in documents(whole / "clean") if d.url.endswith("/a/3.html") and d.source == "news"
    }
    (about,) = harm._telling(old, tmp_path / "nothing written", [ident])
    assert ident in pq.read_table(about)["id"].to_pylist()
    asked: list[tuple[set[Path], set[Path]]] = []
    telling = harm._telling

    def told(old: Path, new: Path, ids: Sequence[str]) -> list[Path]:
        found = telling(old, new, ids)
        asked.append((set(found), set(harm.rows_of(new))))
        return found

    monkeypatch.setattr(harm, "_telling", told)
    title, first, *_ = article(3).split("\n")
    write(whole / "raw", [page("news", 3, START + DAY, f"{title}\n{first}")], "run-2")
    build(job(whole, news(body=BODY)))
    ((some, all_of_them),) = asked
    assert about.name in {path.name for path in some}
    assert some < all_of_them


def test_a_site_that_moved_and_takes_the_place_of_the_old_one_waits(whole: Path) -> None:
    moved = [
        page("moved", n, START + DAY, body=boxed(n).replace(b"</h1>", b"</h1><p>2026-03-01 09:00</p>"))
        for n in range(68)
    ]
    write(whole / "raw", moved, "run-2")
    report = build(
        job(whole, news(body=BODY), Source(name="moved", home="https://moved.example/", expect_own=0))
    )
    assert list(report.held) == ["moved"]
    said = "its new pages would harm 68 of 68 published articles of news: 68 removed as duplicate"
    assert said in report.held["moved"]
    assert published(whole) == {"news": 68, "other": 10}


def test_what_nobody_is_seen_to_have_done_is_laid_to_the_new_pages_of_the_source_and_then_refused(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def harmed(table: Any, old: Path, new: Path, tried: harm.Tried, gone: Any) -> list[gates.Harm]:
        asked.append(set(tried.held))
        said: dict[str, Any] = {
            "title": None,
            "url": "",
            "kind": "removed",
            "cause": "dedupe",
            "what": "removed",
        }
        file = next((old / "articles").glob("*.parquet")).relative_to(old).as_posix()
        places: dict[str, Any] = {"by": None, "old_file": file, "new_file": None}
        return [gates.Harm(id=f"{n}", source="news", **said, **places) for n in range(9)]

    monkeypatch.setattr(harm, "harmed", harmed)
    write(whole / "raw", [*pages("news", [300], 1), *pages("other", [110], 1)], "run-2")
    with pytest.raises(RefusedError, match="9 of 68 published articles of news"):
        build(job(whole, news(body=BODY)))
    assert asked == [set(), {"news"}]


def decision(number: int, **more: Any) -> Decision:
    return Decision(**{"id": row(number).id, "cluster": row(number).id, "relation": "new", **more})


@pytest.mark.parametrize(("forms", "others", "expected"), [(20, 379, True), (20, 380, False), (19, 0, False)])
def test_a_form_that_fills_a_build_is_a_fault(forms: int, others: int, expected: bool) -> None:
    crowd = Crowd()
    decisions = [decision(n, form_id="f" if n < forms else None) for n in range(forms + others)]
    crowd.add([row(n) for n in range(forms + others)], decisions, DedupeIndex.open(None))
    found = crowd.faults(Limits([]), lambda _: False)
    assert [(each.kind, each.source) for each in found] == [("form", "example")] * expected


@pytest.mark.parametrize(
    ("count", "lost", "own", "expected"),
    [
        (20, 11, 0.5, True),
        (20, 10, 0.5, False),
        (19, 19, 0.5, False),
        (20, 5, 0.8, True),
        (20, 20, 0.0, False),
    ],
)
def test_a_mass_of_copies_is_a_fault(count: int, lost: int, own: float, expected: bool) -> None:
    crowd = Crowd()
    decisions = [decision(n, published=n >= lost, reason=None) for n in range(count)]
    crowd.add([row(n) for n in range(count)], decisions, DedupeIndex.open(None))
    source = Source(name="example", home="", expect_own=own)
    found = crowd.faults(Limits([source]), lambda _: False)
    assert [each.kind for each in found] == ["copies"] * expected


def test_who_has_most_of_a_form_is_to_blame_and_what_is_accepted_counts_apart() -> None:
    crowd = Crowd()
    rows = [row(n, source="big" if n < 40 else "small") for n in range(65)]
    crowd.add(rows, [decision(n, form_id="f") for n in range(65)], DedupeIndex.open(None))
    assert [f.source for f in crowd.faults(Limits([]), lambda _: False)] == ["big"]
    assert [f.source for f in crowd.faults(Limits([]), lambda name: name == "big")] == ["small"]
    assert [f.source for f in crowd.faults(Limits([]), lambda _: True)] == ["big"]


@pytest.mark.parametrize(("broken", "hours"), [(True, 21), (False, 13)])
def test_on_an_hourly_schedule_the_last_documents_count(broken: bool, hours: int, tmp_path: Path) -> None:
    """One or two documents a build: a good source with a bad page now and then, and one that broke for a day."""
    source = news(expect_kept=0.8)
    write(tmp_path / "raw", pages("news", range(20)))
    build(job(tmp_path, source))
    states = []
    number = 20
    for hour in range(1, 1 + hours):
        captures = [page("other", 1000 + hour, START + DAY + hour * HOUR)]
        for _ in range(1 + hour % 2):
            is_bad = hour <= 8 if broken else number % 7 == 0
            moment = START + DAY + hour * HOUR + timedelta(seconds=number)
            captures.append(page("news", number, moment, "短讯" if is_bad else None))
            number += 1
        write(tmp_path / "raw", captures, f"run-{hour}")
        report = build(job(tmp_path, source))
        assert report.published, "the others come every hour"
        states.append("news" in report.held)
    if broken:
        assert states.index(True) == 2, "five of the last twenty are bad"
        assert states.index(False, 2) < len(states), "let go by itself"
        assert sum(later != sooner for sooner, later in pairwise(states)) == 2
        assert read_held(tmp_path / "clean") == ()
    else:
        assert not any(states)


def line(folder: Path, *words: str) -> list[str]:
    named = {"raw": folder / "raw", "clean": folder / "clean", "work": folder / ".build"}
    return [*words, *(f"--{name}={path}" for name, path in named.items()), "--workers=1"]


def declare(folder: Path, **files: str) -> str:
    (folder / "sources").mkdir(exist_ok=True)
    for name, text in files.items():
        said = f'home = "https://{name}.example/"\nurls = ["https://{name}.example/a/0.html"]\n{text}'
        (folder / "sources" / f"{name}.toml").write_text(said)
    return f"--sources={folder / 'sources'}"


def test_a_refusal_is_json_too_and_its_code_is_3(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = declare(whole, news='body = "p.lead"')
    assert main(line(whole, "build", "--json", sources)) == 3
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert (said["error"], said["exit_code"], said["confirm"]) == ("refused", 3, ["news"])
    assert said["harm"][0]["articles"] == 68
    assert "corpus build --confirm news" in shown.err
    assert main(line(whole, "build", "--json", sources, "--confirm", "newz")) == 2
    shown = capsys.readouterr()
    assert "no source named newz; did you mean news?" in shown.err
    assert json.loads(shown.out)["error"] == "usage"
    assert main(line(whole, "build", sources, "--confirm", "news")) == 0
    assert "Taken as it is, news: harm: 68 of 68" in capsys.readouterr().err


def test_the_command_shows_what_waits_and_lets_it_in(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = declare(corpus, news="", mirror="")
    clean = f"--clean={corpus / 'clean'}"
    assert main(["held", clean]) == 0
    told = capsys.readouterr().err
    assert "copies: 75 of 75" in told
    assert "corpus build --confirm mirror" in told
    assert main(["held", clean, "mirror", "--json"]) == 0
    shown = capsys.readouterr()
    rows = [json.loads(each) for each in shown.out.splitlines()]
    assert len(rows) == 75
    assert rows[0]["would_be"] == "duplicate"
    assert "the newest 10 of 75 rows" in shown.err
    assert main(["held", clean, "news"]) == UsageError.exit_code
    assert "news is not held back; mirror" in capsys.readouterr().err
    write(corpus / "raw", pages("parrot", COPIED, 2), "run-3")
    assert main(line(corpus, "build", sources)) == 3, "newly held"
    told = capsys.readouterr().err
    assert "held back: new rows of parrot: copies" in told
    assert "Still held back: new rows of mirror" in told
    assert main(line(corpus, "build", sources)) == 0, "told once"
    assert main(line(corpus, "build", sources, "--confirm", "mirror", "parrot")) == 0
    assert main(["held", clean]) == 0
    assert "No source is held back." in capsys.readouterr().err


def test_what_it_shows_fits_a_narrow_terminal(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        for names in ([], ["mirror"]):
            assert main(["held", f"--clean={corpus / 'clean'}", *names]) == 0
            assert too_wide(capsys.readouterr().err, width) == []


def test_what_a_site_reserves_goes_without_asking(tmp_path: Path) -> None:
    write(tmp_path / "raw", pages("news", range(12)))
    build(job(tmp_path, news()))
    reserved = (("Content-Type", "text/html"), ("TDM-Reservation", "1"))
    write(tmp_path / "raw", pages("news", range(8), 1, headers=reserved), "run-2")
    report = build(job(tmp_path, news()))
    assert (report.published, report.held) == (True, {})
    assert published(tmp_path) == {"news": 4}


extract_batch = shards.extract_batch


def breaking(raw: Path, sources: tuple[Source, ...], batch: Any) -> Any:
    """Extraction that one source's pages break."""
    table = extract_batch(raw, sources, batch)
    if "bad" in table["source"].to_pylist():
        raise RuntimeError("a page that breaks its worker")
    return table


def test_many_lost_pages_of_one_source_hold_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "extract_batch", breaking)
    write(tmp_path / "raw", pages("good", range(3)))
    write(tmp_path / "raw", pages("bad", range(100, 123)), "run-2")
    bad = Source(name="bad", home="https://bad.example/")
    report = build(job(tmp_path, bad))
    assert list(report.held) == ["bad"]
    assert report.held["bad"].startswith("lost: 23 pages broke their worker")
    assert published(tmp_path) == {"good": 3}
    assert list_versions(tmp_path / "clean") == ["2.1.0"]
    monkeypatch.setattr(shards, "extract_batch", extract_batch)
    assert list(build(job(tmp_path, bad)).held) == ["bad"], "nothing was read again"
    report = build(job(tmp_path, bad, full=True))
    assert (report.held, published(tmp_path)) == ({}, {"good": 3, "bad": 23})


def test_pages_that_were_taken_as_lost_are_no_news_to_a_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "extract_batch", breaking)
    write(tmp_path / "raw", pages("good", range(3)))
    write(tmp_path / "raw", pages("bad", range(100, 123)), "run-2")
    bad = Source(name="bad", home="https://bad.example/")
    report = build(job(tmp_path, bad, accept=frozenset({"bad"})))
    assert (report.held, list(report.let_in)) == ({}, ["bad"])
    assert not build(job(tmp_path, bad, full=True)).held
