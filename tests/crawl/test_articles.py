"""The parts of an article: fetched after its first page, in order, and only as far as they go."""

from __future__ import annotations

from pathlib import Path

from tests.web.loopback import NO_ROBOTS, Site, article, kept, run, sitemap, source_of


def test_the_parts_of_an_article_follow_its_first_page(site: Site, tmp_path: Path) -> None:
    def following(path: str) -> str:
        return f"<p><a href='{path}'>下一页</a> <a href='/a/8.html'>下一篇</a></p>"

    site.pages |= {
        "/a/7.html": article(1, following("/a/7_2.html")),
        "/a/7_2.html": article(2, following("/a/7_3.html")),
        "/a/7_3.html": article(3, following("/a/7_4.html")),
        "/a/8.html": article(8),
    }
    site.pages["/a/7_4.html"] = site.pages["/a/7_3.html"]  # the last page again
    urls = [site.base + path for path in ("/a/7_2.html", "/a/7.html")]
    site.pages["/sitemap.xml"] = sitemap(*urls)
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    visit = run(source, tmp_path)
    assert site.asked()[2:] == ["/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    first, *parts = kept(tmp_path)
    assert [part.part_of for part in parts] == [first.url_key] * 3
    assert [part.outcome for part in parts] == ["ok", "ok", "repeated_part"]
    assert (visit.fetched, visit.parts, visit.failed) == (3, 3, 1)
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert site.asked() == ["/sitemap.xml", "/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    assert [r.status for r in site.log] == [304, 304, 304, 304, 200]
    site.pages["/a/7_2.html"] = article(9)
    run(source, tmp_path, urls=[site.base + "/a/7_2.html"])
    assert kept(tmp_path)[-1].part_of == first.url_key, "named alone, it stays a part"


def test_an_article_has_at_most_twenty_parts(site: Site, tmp_path: Path) -> None:
    for n in range(1, 40):
        path = "/a/7.html" if n == 1 else f"/a/7_{n}.html"
        site.pages[path] = article(n, f"<a href='/a/7_{n + 1}.html'>下一页</a>")
    run(source_of(site, urls=(site.base + "/a/7.html",)), tmp_path)
    assert len(site.asked(but=NO_ROBOTS)) == 20
