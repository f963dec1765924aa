"""What repairs set aside is freed of what is taken down: bytes of the archive, files of versions, the journal."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import runs, upkeep
from pipeline.archive import cdxj, damage
from pipeline.archive.store import warc_files
from pipeline.corpus.restore import quarantine
from pipeline.crawl import ledger
from tests.corpus.archives import PLAIN
from tests.corpus.test_sums import flip
from tests.takedown.cases import TICKET, add, folders, page, take_down, url


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two versions of two pages each; a ledger."""
    (tmp_path / "sources").mkdir()
    add(tmp_path, [page(0), page(1)], "run-1")
    add(tmp_path, [page(2, days=1), page(3, days=1)], "run-2")
    ledger.rebuild(tmp_path / "raw")
    return tmp_path


def test_the_torn_tail_of_a_killed_run_that_prints_its_text_goes(corpus: Path) -> None:
    tails = corpus / "raw/quarantine"
    tails.mkdir()
    for name, number in (("mine.tail", 1), ("other.tail", 2)):
        (tails / name).write_bytes(gzip.compress(b"HTTP/1.1 200 OK\r\n\r\n" + page(number).body)[:-9])
    take_down(corpus, url(1))
    assert [path.name for path in tails.iterdir()] == ["other.tail"]
    assert runs.prove_takedown(folders(corpus), TICKET).findings == ()


def test_a_damaged_record_that_was_set_aside_goes_and_the_journal_forgets_its_address(corpus: Path) -> None:
    raw = corpus / "raw"
    for number in (0, 2):
        file = list(warc_files(raw))[number // 2]
        ref = cdxj.refs(raw, file)[number % 2]
        flip(raw / file, (ref.offset + ref.length * 0.7) / ((raw / file).stat().st_size - 1))
    upkeep.repair(folders(corpus))
    lost = {each.url for repair in damage.repairs(raw) for each in repair.lost}
    assert lost == {url(0), url(2)}
    aside = {path.name for path in (raw / "quarantine").iterdir()}
    assert len(aside) == 2
    take_down(corpus, url(0))
    (left,) = (raw / "quarantine").iterdir()
    (other,) = [each for each in damage.repairs(raw) if each.lost]
    assert (left.name,) == other.aside
    assert [each.url for each in other.lost] == [url(2)]
    assert url(0).encode() not in (raw / damage.JOURNAL).read_bytes()
    assert runs.prove_takedown(folders(corpus), TICKET).failed == ()


@pytest.mark.parametrize("place", [0.5, None], ids=["damaged", "replaced by whole bytes"])
def test_a_file_of_a_version_that_was_set_aside_goes(corpus: Path, place: float | None) -> None:
    articles = corpus / "clean/2.2.0/articles"
    path = min(articles.glob("*.parquet"))
    mine = path.read_bytes()
    if place is None:  # another file's rows in its place: it reads, and says nothing of the text
        path.chmod(0o644)
        path.write_bytes(max(articles.glob("*.parquet")).read_bytes())
    else:
        flip(path, place)
    upkeep.repair(folders(corpus))
    assert path.read_bytes() == mine
    aside = list(quarantine(corpus / "clean").rglob("*.parquet.*"))
    assert aside
    take_down(corpus, url(1))
    assert list(quarantine(corpus / "clean").rglob("*.parquet.*")) == ([] if place else aside)
    assert runs.prove_takedown(folders(corpus), TICKET).failed == ()


def test_the_proof_looks_into_what_was_set_aside(corpus: Path) -> None:
    take_down(corpus, url(1))
    kept = quarantine(corpus / "clean") / "2.2.0/README.md.00000000"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n".join(PLAIN[1].body))
    (found,) = runs.prove_takedown(folders(corpus), TICKET).failed
    assert found.file == str(kept)


def test_a_takedown_that_a_repair_finds_open_is_brought_to_its_end(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.takedown.carry_out.forget", _killed)
        with pytest.raises(KeyboardInterrupt):
            take_down(corpus, url(1))
    raw = corpus / "raw"
    flip(raw / list(warc_files(raw))[1], 0.4)
    upkeep.repair(folders(corpus))
    assert runs.prove_takedown(folders(corpus), TICKET).failed == ()
    with closing(ledger.Ledger(raw, read_only=True)) as memory:
        assert memory.validators(url(1)) is None
        assert memory.validators(url(0)) is not None


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
