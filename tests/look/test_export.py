"""The pages as static files: every link leads to a file, nothing of them needs a server, and a kill leaves no half."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, expect

from pipeline.cli import main
from pipeline.corpus.read import documents
from pipeline.errors import UsageError
from pipeline.look import export as exporting
from pipeline.look import replay
from pipeline.look.export import export
from pipeline.runs import Folders, quiet


class Links(HTMLParser):
    """The addresses that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("href", "src", "action")]


@pytest.fixture(scope="module")
def exported(demo: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("export") / "site"
    assert export(demo, into, None, quiet) == len(list(into.rglob("*.html")))
    return into


def test_every_link_leads_to_a_file(exported: Path) -> None:
    pages = list(exported.rglob("*.html"))
    assert len(pages) > 50
    for path in pages:
        links = Links()
        links.feed(path.read_text(encoding="utf-8"))
        assert "" not in links.found, path
        for address in links.found:
            if not address.startswith("#"):
                assert not re.match(r"[a-z]+:|/", address), f"{path}: {address}"
                assert (path.parent / unquote(address.partition("#")[0])).is_file(), f"{path}: {address}"


def test_it_holds_the_sources_and_clusters_of_the_version(exported: Path, demo: Folders) -> None:
    rows = list(documents(demo.clean))
    assert (exported / "version/2.2.0.html").is_file()
    assert not (exported / "version/2.1.0.html").exists()
    assert {path.stem for path in (exported / "cluster").iterdir()} == {row.cluster for row in rows}
    assert {row.source for row in rows} <= {path.stem for path in (exported / "source").iterdir()}


def test_archived_pages_are_among_them_only_where_they_are_asked_for(
    demo: Folders, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    assert not (exported / "archived").exists()
    monkeypatch.setattr(exporting, "_pages", _few(exporting._pages))
    into = tmp_path / "site"
    assert export(demo, into, None, quiet, with_pages=True) == len(list(into.rglob("*.html")))
    shown = [path for path in (into / "document").iterdir() if "<iframe" in path.read_text()]
    archived = list((into / "archived").rglob("*.html"))
    assert len(archived) == len(shown) == 2
    for path in archived:
        said = path.read_text(encoding="utf-8")
        assert said.index("content-security-policy") < said.index("<style")
        assert "<script" not in said
    with files_served(into) as address:
        page = browser.new_page()
        page.goto(f"{address}/{shown[0].relative_to(into)}")
        assert page.locator("iframe[name=archived]").get_attribute("sandbox") == ""
        page.mouse.move(5, 5)
        page.locator(".para[data-line]").first.hover()
        inside = page.frame_locator("iframe[name=archived]")
        expect(inside.locator(".corpus-line:target")).to_have_count(1)
        page.close()


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """A plain web server over a folder: the address, without a slash at its end."""
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_what_a_rewriting_missed_is_held_by_the_policy_of_the_file(tmp_path: Path, browser: Browser) -> None:
    ran = (
        "<head><title>still</title></head><body><script>document.title='ran'</script>"
        "<img src=x onerror=document.title='ran'>"
    )
    titles = []
    for number, text in enumerate((replay.with_policy(ran), ran)):
        path = tmp_path / f"{number}.html"
        path.write_text(text, encoding="utf-8")
        page = browser.new_page()
        page.goto(path.as_uri())
        titles.append(page.title())
        page.close()
    assert titles == ["still", "ran"]


def test_a_folder_with_something_in_it_is_left_alone(demo: Folders, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        export(demo, tmp_path, None, quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_killed_export_leaves_nothing_half_and_the_next_one_is_whole(
    demo: Folders, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "site"

    class Killed(BaseException):
        pass

    def kill(what: str, done: int, total: int) -> None:
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        export(demo, into, None, kill)
    assert not into.exists()
    few = _few(exporting._pages)
    monkeypatch.setattr(exporting, "_pages", few)
    export(demo, into, None, quiet)
    assert (into / "index.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def _few(pages: Callable[[Any], dict[str, list[str]]]) -> Callable[[Any], dict[str, list[str]]]:
    """The same with two pages a kind."""
    return lambda asked: {kind: names[:2] for kind, names in pages(asked).items()}


def test_the_command_writes_it(
    demo: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exporting, "_pages", _few(exporting._pages))
    where = [f"--{name}={getattr(demo, name)}" for name in ("sources", "raw", "clean")]
    assert main(["look", *where, f"--export={tmp_path / 'site'}", "--version=2.1"]) == 0
    assert "index.html" in capsys.readouterr().err
    assert (tmp_path / "site/version/2.1.0.html").is_file()
    shutil.rmtree(tmp_path / "site")
    assert main(["look", *where, f"--export={tmp_path / 'site'}", "--version=9"]) == 2
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["--raw", "no-such-folder"], "no such folder"),
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "::"], "--token"),
        (["--with-pages"], "--export DIR"),
        (["--version", "2.1"], "--export DIR"),
    ],
)
def test_what_cannot_be_served_is_a_mistake_of_usage(
    line: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", *line]) == 2
    assert told in capsys.readouterr().err
