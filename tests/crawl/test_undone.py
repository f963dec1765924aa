"""A crawl that is taken back: the next one knows nothing of it."""

from __future__ import annotations

from pathlib import Path

from pipeline.archive.withdrawn import runs, withdraw
from tests.web.loopback import NO_ROBOTS, Site, article, run, source_of


def test_a_look_at_everything_visits_nothing_that_a_withdrawn_run_found(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/a/2.html": article(2)}
    run(source_of(site, urls=(site.base + "/a/1.html",)), tmp_path)
    run(source_of(site, urls=(site.base + "/a/2.html",)), tmp_path)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert sorted(site.asked(but=NO_ROBOTS)) == ["/a/1.html", "/a/2.html"]
    withdraw(tmp_path, runs(tmp_path)[1].run, "mistaken")
    withdraw(tmp_path, runs(tmp_path)[2].run, "mistaken")
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert site.asked(but=NO_ROBOTS) == ["/a/1.html"]
