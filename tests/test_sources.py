"""Source files: what they may say, and that everything wrong is named with file, line and key, all at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Listing, Selector, Source
from pipeline.rules import table
from pipeline.sources import KEYS, SourceError, load, parse

FEED = 'feeds = ["https://news.example.cn/rss.xml"]\n'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    """What is wrong with a file of this text, without its path."""
    path = write(folder, "example.toml", text)
    with pytest.raises(SourceError) as caught:
        parse(path)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "seed.toml",
        'sitemaps = ["http://127.0.0.1:8000/sitemap.xml"]\nallow_private = true\ndelay = 0\n',
    )
    assert parse(path) == Source(
        name="seed",
        home="http://127.0.0.1:8000/",
        sitemaps=("http://127.0.0.1:8000/sitemap.xml",),
        allow_private=True,
        delay=0.0,
    )


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    text = """
name = "village-news"
home = "https://news.example.cn/front"
feeds = ["https://news.example.cn/rss.xml"]
sitemaps = ["https://news.example.cn/sitemap.xml"]
urls = ["https://news.example.cn/1.html"]
include = ["https://*.example.cn/20*"]
exclude = ["*/video/*"]
drop = [".share", ".ads"]
delay = 2.5
every = "30m"
terms = "CC BY 4.0"
expect_links = 10
expect_kept = 0.5
allow_private = false
charset = "x-gbk"
extractor = "container"
reserved = "publish"
answer_to = ["gptbot", "CCBot", "GPTBot"]
render = "auto"
mask = ["phone", "email"]
robots_sitemaps = true
twins = false
listings = ["https://news.example.cn/a/", {url = "https://news.example.cn/b/", links = "ul a"}]
[[body]]
css = "div.old"
until = 2025-06-30
[[body]]
css = "div.new"
since = "2025-07-01"
"""
    assert parse(write(tmp_path, "village-news.toml", text)) == Source(
        name="village-news",
        home="https://news.example.cn/front",
        feeds=("https://news.example.cn/rss.xml",),
        sitemaps=("https://news.example.cn/sitemap.xml",),
        listings=(
            Listing(url="https://news.example.cn/a/"),
            Listing(url="https://news.example.cn/b/", links="ul a"),
        ),
        urls=("https://news.example.cn/1.html",),
        include=("https://*.example.cn/20*",),
        exclude=("*/video/*",),
        body=(
            Selector(css="div.old", until=date(2025, 6, 30)),
            Selector(css="div.new", since=date(2025, 7, 1)),
        ),
        drop=(Selector(css=".share"), Selector(css=".ads")),
        delay=2.5,
        every=1800.0,
        terms="CC BY 4.0",
        expect_links=10,
        expect_kept=0.5,
        charset="x-gbk",
        extractor="container",
        reserved="publish",
        answer_to=("GPTBot", "CCBot"),
        render="auto",
        mask=("phone", "email"),
        robots_sitemaps=True,
        twins=False,
    )


def test_the_sample_file_is_right(tmp_path: Path) -> None:
    sample = Path(__file__).parent.parent / "sources" / "example.toml.sample"
    source = parse(write(tmp_path, "example.toml", sample.read_text("utf-8")))
    commented = [key for key in KEYS if f"# {key} =" in sample.read_text("utf-8")]
    assert commented == [
        "name",
        "home",
        "expect_own",
        "harm_articles",
        "harm_share",
        "allow_private",
        "charset",
        "answer_to",
        "render",
        "mask",
        "robots_sitemaps",
        "twins",
    ]
    assert source.listings
    assert source.body
    assert source.drop
    assert source.include


@pytest.mark.parametrize(
    ("every", "seconds"), [('"90s"', 90), ('"30m"', 1800), ('"6h"', 21600), ('"1d"', 86400), ("3600", 3600)]
)
def test_spans(tmp_path: Path, every: str, seconds: float) -> None:
    assert parse(write(tmp_path, "example.toml", FEED + f"every = {every}\n")).every == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('sitemap = ["https://x.cn/s.xml"]\n', "2: sitemap: unknown key; did you mean 'sitemaps'?"),
        ("allow-private = true\n", "2: allow-private: unknown key; did you mean 'allow_private'?"),
        (
            "[[listings]]\nurl = 'https://x.cn/'\nlink = 'a'\n",
            "4: listings.link: unknown key; did you mean 'links'?",
        ),
        ("[[body]]\ncss = 'p'\nsinse = 2026-01-01\n", "4: body.sinse: unknown key; did you mean 'since'?"),
        ("delay = -1\n", "2: delay: must not be negative, but is -1"),
        ("delay = nan\n", "2: delay: must not be negative, but is nan"),
        ('delay = "5"\n', "2: delay: must be a number, not '5'"),
        ("delay = true\n", "2: delay: must be a number, not True"),
        ("expect_links = 1.5\n", "2: expect_links: must be a whole number, not 1.5"),
        ("expect_kept = 1.5\n", "2: expect_kept: must lie between 0 and 1, but is 1.5"),
        ("every = 0\n", "2: every: must be a span such as '30m', '6h', '1d', or seconds, not 0"),
        (
            'every = "6 hours"\n',
            "2: every: must be a span such as '30m', '6h', '1d', or seconds, not '6 hours'",
        ),
        ("terms = 4\n", "2: terms: must be a string, not 4"),
        ('terms = "CC\\u001b[31m"\n', "2: terms: must be one line without control signs, not 'CC\\x1b[31m'"),
        ('allow_private = "yes"\n', "2: allow_private: must be true or false, not 'yes'"),
        ('urls = "https://x.cn/1"\n', "2: urls: must be a list of strings, not 'https://x.cn/1'"),
        ("urls = [7]\n", "2: urls: must be a list of strings, but holds 7"),
        ('urls = ["x.cn/1"]\n', "2: urls: 'x.cn/1' is not an absolute http:// or https:// URL"),
        ('urls = [\n"https://x.cn/1",\n"ftp://x.cn/2"]\n', "4: urls: 'ftp://x.cn/2' is not an absolute"),
        ('urls = ["https://x.cn/a b"]\n', "2: urls: 'https://x.cn/a b' holds white space"),
        ('urls = ["https://me:pw@x.cn/"]\n', "2: urls: 'https://me:pw@x.cn/' must not hold a user name"),
        ('urls = ["https://x.cn:99999/"]\n', "2: urls: 'https://x.cn:99999/' is not a URL"),
        ('urls = ["https://[::1/"]\n', "2: urls: 'https://[::1/' is not a URL"),
        ('home = "news"\n', "2: home: 'news' is not an absolute http:// or https:// URL"),
        ('include = ["news/*"]\n', "2: include: 'news/*' can match no URL"),
        ('exclude = ["*/[ab"]\n', "2: exclude: '*/[ab' has a [ that is never closed"),
        ('body = "p:has("\n', "2: body.css: 'p:has(' is not a CSS selector"),
        ('drop = [".ok", "[["]\n', "2: drop.css: '[[' is not a CSS selector"),
        ("drop = 7\n", "2: drop: must hold strings or tables with css, since, until, not 7"),
        ("[[listings]]\nlinks = 'a'\n", "2: listings: each entry needs a string 'url': {'links': 'a'}"),
        (
            "[[listings]]\nurl = 'https://x.cn/'\nlinks = 'a['\n",
            "4: listings.links: 'a[' is not a CSS selector",
        ),
        (
            "[[body]]\ncss = 'p'\nsince = '2026-13-01'\n",
            "4: body.since: '2026-13-01' is not a day (2026-11-01)",
        ),
        ("[[body]]\ncss = 'p'\nsince = 7\n", "4: body.since: must be a day (2026-11-01), not 7"),
        (
            "[[body]]\ncss = 'p'\nsince = 2026-02-01\nuntil = 2026-01-01\n",
            "5: body.until: 2026-01-01 is before since (2026-02-01)",
        ),
        (
            'charset = "gb3212"\n',
            "2: charset: 'gb3212' is no charset label of the web; did you mean 'gb2312'?",
        ),
        ('charset = "cp936"\n', "2: charset: 'cp936' is no charset label of the web; did you mean 'gbk'?"),
        ('charset = "utf-7"\n', "2: charset: 'utf-7' is no charset label of the web; did you mean 'utf-8'?"),
        ('charset = "rot13"\n', "2: charset: 'rot13' is no charset label of the web; such as utf-8, gb18030"),
        ('charset = "cp950"\n', "2: charset: 'cp950' is no charset label of the web; such as"),
        (
            'extractor = "Trafilature"\n',
            "2: extractor: 'Trafilature' is no reader; did you mean 'trafilatura'?",
        ),
        ('extractor = "goose"\n', "2: extractor: 'goose' is no reader; known are container, trafilatura"),
        ('mask = ["phones"]\n', "2: mask: 'phones' is nothing we mask; did you mean 'phone'?"),
        ('mask = ["dna"]\n', "2: mask: 'dna' is nothing we mask; id-card, bank-card, phone, email are"),
        ("extractor = 3\n", "2: extractor: must be a string, not 3"),
        ('reserved = "ignore"\n', "2: reserved: 'ignore' is no word for it; known are respect, publish"),
        ('reserved = "Publish"\n', "2: reserved: 'Publish' is no word for it; did you mean 'publish'?"),
        ("reserved = false\n", "2: reserved: must be a string, not False"),
        ('answer_to = "GPTBot"\n', "2: answer_to: must be a list of strings, not 'GPTBot'"),
        (
            'answer_to = ["GPT-Bot"]\n',
            "2: answer_to: 'GPT-Bot' is no token of rules/ai-agents.tsv; did you mean 'GPTBot'?",
        ),
        ('urls = ["https://x.cn|y/1"]\n', "2: urls: 'https://x.cn|y/1' is not a URL that can be fetched"),
        ('include = ["*/[新旧]/*"]\n', "2: include: '*/[新旧]/*' can match no URL"),
        ('name = "other"\n', "2: name: 'other' is not the file's name 'example'"),
        ('name = "Bad Name"\n', "2: name: 'Bad Name' must be lower-case letters, digits and single hyphens"),
        ("delay = \n", "2: not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems_of(tmp_path, FEED + text))


def test_every_address_leaves_in_the_form_it_is_fetched_by(tmp_path: Path) -> None:
    text = """
home = "https://News.例子.cn/首页"
feeds = ["https://x.cn/订阅"]
sitemaps = ["https://x.cn/图.xml"]
listings = ["https://x.cn/列表#top", {url = "https://x.cn/列"}]
urls = ["https://x.cn/新闻/1.html", "https://x.cn/%E6%96%B0%E9%97%BB/1.html", "https://x.cn/%b9%fa?a=国"]
include = ["*/新闻/*", "https://*.例子.cn/新*", "*.例子.cn/*"]
exclude = ["https://x.cn/[a-z]*/%E6*"]
charset = " GBK "
"""
    source = parse(write(tmp_path, "example.toml", text))
    assert source.home == "https://news.xn--fsqu00a.cn/%E9%A6%96%E9%A1%B5"
    assert source.feeds == ("https://x.cn/%E8%AE%A2%E9%98%85",)
    assert source.sitemaps == ("https://x.cn/%E5%9B%BE.xml",)
    listings = ("https://x.cn/%E5%88%97%E8%A1%A8", "https://x.cn/%E5%88%97")
    assert tuple(each.url for each in source.listings) == listings
    assert source.urls == ("https://x.cn/%E6%96%B0%E9%97%BB/1.html", "https://x.cn/%b9%fa?a=%E5%9B%BD")
    new = "%E6%96%B0"
    assert source.include == (f"*/{new}%E9%97%BB/*", f"https://*.xn--fsqu00a.cn/{new}*", "*.xn--fsqu00a.cn/*")
    assert source.exclude == ("https://x.cn/[a-z]*/%E6*",)
    assert source.charset == "gbk"


def test_every_label_that_extraction_knows_may_be_named(tmp_path: Path) -> None:
    for label, *_ in table("labels"):
        assert parse(write(tmp_path, "example.toml", f'{FEED}charset = "{label}"\n')).charset == label


def test_a_way_to_find_articles_is_needed(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "delay = 1\n") == [
        "1: no way to find articles: give feeds, sitemaps, listings or urls"
    ]


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, "good.toml", FEED)
    bad = write(tmp_path, "bad.toml", FEED + 'delay = -1\nevry = "6h"\n')
    broken = write(tmp_path, "broken.toml", "= 3")
    twin = write(tmp_path, "twin.toml", FEED + 'name = "good"\n')
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError) as caught:
        load(tmp_path)
    text = str(caught.value)
    for expected in (
        f"{bad}:2: delay",
        f"{bad}:3: evry: unknown key; did you mean 'every'?",
        f"{broken}:1: not TOML",
        f"{twin}:2: name: 'good' is not the file's name",
        f"{twin}:2: name: 'good' is already the name of",
        f"{binary}: not UTF-8",
    ):
        assert expected in text


def test_a_folder_gives_its_sources_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path, f"{name}.toml", FEED)
    write(tmp_path, "notes.txt", "nothing")
    write(tmp_path, "d.toml.sample", "nothing")
    assert [source.name for source in load(tmp_path)] == ["a", "b", "c"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        load(tmp_path / "none")
    with pytest.raises(SourceError, match="cannot be read"):
        parse(tmp_path / "none.toml")


@given(st.sampled_from(KEYS), st.text("ab-_.=[]{}\"'#\n 1:/*", max_size=30))
def test_no_text_raises_anything_else(key: str, value: str) -> None:
    with TemporaryDirectory() as folder:
        for text in (
            f"{key} = {value}",
            f'{key} = ["{value}"]',
            f"[[{key}]]\n{value}",
            f"{key} = {{{value}}}",
        ):
            path = write(Path(folder), "example.toml", FEED + text)
            problems: tuple[str, ...] = ()
            try:
                parse(path)
            except SourceError as error:
                problems = error.problems
            assert all(problem.startswith(f"{path}:") for problem in problems)
