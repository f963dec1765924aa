"""Nobody outside of this machine is asked under a name that names nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import identity, runs
from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.runs import Folders
from pipeline.web.fetch import USER_AGENT

WHO = "village/1.0 (+https://corpus.river.cn/about; mail@river.cn)"
HERE = ["http://127.0.0.1:8080/a", "http://localhost/", "http://[::1]/", "https://a.localhost:1/"]


@pytest.mark.parametrize(
    ("agent", "somebody"),
    [
        (WHO, True),
        ("village/1.0 (mail@river.cn)", True),
        ("village/1.0 +http://river.cn/", True),
        (USER_AGENT, False),
        ("Mozilla/5.0 (Windows NT 10.0)", False),
        ("village/1.0 (+https://crawler.example/; a@example.com)", False),
        ("village/1.0 (mail@localhost; a@b.test)", False),
        ("village/1.0 (+https://[)", False),
        ("@", False),
    ],
)
def test_a_name_is_somebodys_where_an_address_stands_in_it(agent: str, somebody: bool) -> None:
    assert identity.names_somebody(agent) is somebody


def test_loopback_may_be_asked_by_anyone_and_others_by_somebody(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    assert identity.user_agent(None, sources, HERE) == USER_AGENT
    assert identity.user_agent(WHO, sources, ["https://news.cn/"]) == WHO
    with pytest.raises(UsageError, match="names nobody"):
        identity.user_agent(None, sources, [*HERE, "https://news.cn/"])
    with pytest.raises(UsageError, match="names nobody"):
        identity.user_agent("curl/8", sources, ["http://10.0.0.1/"])


def test_the_line_that_is_told_is_the_line_that_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        identity.user_agent(None, tmp_path / "sources", ["https://news.cn/"])
    told = str(refused.value)
    assert str(tmp_path / "crawler.toml") in told
    (line,) = re.findall(r"^  (user_agent = .+)$", told, re.MULTILINE)
    path = tmp_path / "crawler.toml"
    path.write_text(line + "\n")
    with pytest.raises(UsageError, match="names nobody"):  # copied as it stands it still names nobody
        identity.user_agent(None, tmp_path / "sources", ["https://news.cn/"])
    path.write_text(line.replace("YOUR-SITE", "river.cn") + "\n")
    assert "river.cn" in identity.user_agent(None, tmp_path / "sources", ["https://news.cn/"])
    assert identity.user_agent(WHO, tmp_path / "sources", ["https://news.cn/"]) == WHO


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user-agent = 'x'", "user-agent: unknown key; did you mean 'user_agent'"),
        ("user_agent = 3", "must be one line of ASCII in quotes, not 3"),
        ("user_agent = '河'", "must be one line of ASCII"),
        ("user_agent = “x”", "1: not TOML, column 14"),
    ],
)
def test_a_bad_file_is_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "crawler.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(words)):
        identity.user_agent(None, tmp_path / "sources", HERE)


def test_command_and_flows_refuse_before_anything_is_asked_or_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/news.toml").write_text('urls = ["https://news.invalid/1.html"]\n')
    folders = Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean")
    with pytest.raises(UsageError, match="names nobody"):  # what the tasks of the flows call
        runs.crawl(folders)
    where = [f"--{name}={tmp_path / name}" for name in ("sources", "raw", "clean")]
    for line in (
        ["refresh", *where],
        ["source", "check", "--live", where[0]],
        ["source", "try", "https://news.invalid/", where[0]],
        ["source", "try", "https://news.invalid/1.html", where[0]],
        ["extract", "https://news.invalid/1.html", where[0]],
        ["page", "record", "https://news.invalid/1.html", *where[:2]],
    ):
        assert main(line) == 2, line
        assert "crawler.toml" in capsys.readouterr().err
    assert not (tmp_path / "raw").exists()
