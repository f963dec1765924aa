"""A ledger in which a disk flipped bits: one line that names the way out, and the way out leads out."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.cli.command import run as corpus
from pipeline.crawl import hosts, ledger
from pipeline.crawl.database import FILE, LedgerError
from pipeline.web import pace
from tests.web.loopback import Site, article, run, sitemap, source_of


def crawled(site: Site, raw: Path) -> None:
    """An archive of some pages, its ledger in one file."""
    site.pages |= {f"/a/{n}.html": article(n) for n in range(30)}
    site.pages["/sitemap.xml"] = sitemap(*(f"{site.base}/a/{n}.html" for n in range(30)))
    run(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), raw)
    with closing(sqlite3.connect(raw / FILE)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_flipped_bits_never_end_in_a_traceback(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MAX_DELAY", 0.1)
    monkeypatch.setattr(hosts, "MAX_WAIT", 0.1)
    crawled(site, tmp_path / "raw")
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "village.toml").write_text(
        f'home = "{site.base}/"\nsitemaps = ["{site.base}/sitemap.xml"]\nallow_private = true\ndelay = 0\n'
        'terms = "ours"\n'
    )
    codes = []
    for seed in range(6):
        raw = tmp_path / f"raw-{seed}"
        shutil.copytree(tmp_path / "raw", raw)
        chance = random.Random(seed)
        body = bytearray((raw / FILE).read_bytes())
        for _ in range(25):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        (raw / FILE).write_bytes(body)
        codes.append(corpus(["crawl", "--all", "--sources", str(sources), "--raw", str(raw)]))
        told = capsys.readouterr().err
        assert "Traceback" not in told
        if codes[-1]:
            assert "`corpus ledger rebuild`" in told
            ledger.rebuild(raw)
            assert corpus(["crawl", "--all", "--sources", str(sources), "--raw", str(raw)]) == 0
    assert 1 in codes


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("first_seen", None),
        ("first_seen", "2026-1\x7f-01"),
        ("looks", "two"),
        ("next_due", "soon"),
        ("kind", b"page"),
    ],
)
def test_a_value_that_was_never_written_is_named(
    site: Site, tmp_path: Path, column: str, value: object
) -> None:
    crawled(site, tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute(f"UPDATE url SET {column} = ? WHERE kind = 'page'", (value,))
    assert not ledger.is_whole(tmp_path)
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    if column != "kind":  # pages of no kind that is known are nobody's
        with pytest.raises(LedgerError, match=f"{column}.*`corpus ledger rebuild`"):
            run(source, tmp_path, only_due=False)
    ledger.rebuild(tmp_path)
    assert ledger.is_whole(tmp_path)
    assert run(source, tmp_path, only_due=False).unchanged == 30
