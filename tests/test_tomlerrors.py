"""TOML's own errors in words, each with line, column and, where it can be told, the line as it should be."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.tomlfile import parsed


def problem(folder: Path, text: str) -> str:
    path = folder / "news.toml"
    path.write_text(text, encoding="utf-8")
    told = parsed(path).problem
    assert told is not None
    return told.removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("text", "place", "words", "write"),
    [
        ("feeds = [“https://a.cn/”]\n", "1: not TOML, column 10", "straight", 'feeds = ["https://a.cn/"]'),
        ('x = 1\nhome = "https://a.cn/”\n', "2: not TOML, column 23", "straight", 'home = "https://a.cn/"'),
        ("body = 「div」", "1: not TOML, column 8", "straight", 'body = "div"'),
        ("allow_private = True\n", "1: not TOML, column 17", "True is no value", "allow_private = true"),
        ("allow_private = yes # 好\n", "1: not TOML, column 17", "yes is no", "allow_private = true # 好"),
        ("charset = None\n", "1: not TOML, column 11", "None is no value", None),
        ('home: "https://a.cn/"', "1: not TOML, column 5", "by =, not by :", 'home = "https://a.cn/"'),
        ("home：“https://a.cn/”", "1: not TOML, column 5", "by =, not by ：", 'home = "https://a.cn/"'),
        ('\nhome = "https://a.cn/\n', "2: not TOML, column 22", "opened in this line and not closed", None),
        ("home = 'https://a.cn/", "1: not TOML, column 22", "opened in this line and not closed", None),
        ('feeds = [\n  "https://a.cn/,\n]', "2: not TOML, column 18", "opened in this line", None),
        (
            'urls = ["https://a.cn/"，"https://b.cn/"]',
            "1: not TOML, column 24",
            "， is a mark of Chinese",
            "…",
        ),
        (
            'urls = ["https://a.cn/"、"https://b.cn/"]',
            "1: not TOML, column 24",
            "、 is a mark of Chinese",
            "…",
        ),
        ("delay ＝ 5", "1: not TOML, column 7", "＝ is a mark of Chinese", "delay = 5"),
        ("　delay = 5", "1: not TOML, column 1", "the wide space", "delay = 5"),
        ("home = https://a.cn/", "1: not TOML, column 8", "stands in quotes", 'home = "https://a.cn/"'),
        ("every = 6h # oft", "1: not TOML, column 10", "stands in quotes", 'every = "6h" # oft'),
        ("body = div.article", "1: not TOML, column 8", "stands in quotes", 'body = "div.article"'),
        ("x = {since = 1}\nsince = 2026-1-5", "2: not TOML, column 13", "a day is", "since = 2026-01-05"),
        ("// mine\ndelay = 1", "1: not TOML, column 1", "begins with #", "# mine"),
        (
            "delay = 1\n\ndelay = 2\n",
            "3: not TOML, column 1",
            "delay is given twice (line 1 has it too)",
            None,
        ),
        ("[a]\n[a]\n", "2: not TOML, column 1", "a table of this name is there already", None),
        ('urls = ["a" "b"]', "1: not TOML, column 13", "not parted by commas", None),
        ('urls = ["a",\n"b"\n\ndelay = 1', "4: not TOML, column 1", "not closed by ]", None),
        ('listings = [{ url = "a" ]', "1: not TOML, column 25", "not closed by }", None),
        ("delay =\n", "1: not TOML, column 8", "a key without a value", None),
        ("[a\n", "1: not TOML, column 3", "not closed by ]", None),
        ('body = "\\d"', "1: not TOML, column 11", "backslash", None),
        ("delay = 1 every = 2", "1: not TOML, column 11", "one value a line", None),
        ('标题 = "x"', "1: not TOML, column 1", "keys are of Latin letters", None),
    ],
)
def test_a_mistake_is_told_with_its_place_and_how_to_write_it(
    text: str, place: str, words: str, write: str | None, tmp_path: Path
) -> None:
    told = problem(tmp_path, text)
    assert told.startswith(f"{place}: ")
    assert words in told
    _, _, line = told.partition("; write: ")
    if write == "…":
        assert tomllib.loads(line) == {"urls": ["https://a.cn/", "https://b.cn/"]}
    elif write is None:
        assert line == ""
    else:
        assert line == write
        tomllib.loads(line)


def test_what_we_have_no_words_for_is_said_in_those_of_the_library(tmp_path: Path) -> None:
    told = problem(tmp_path, 'a.b = 1\na."b = 1\n')
    assert told.startswith("2: not TOML, column")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    assert problem(tmp_path, '# a\u2028b\r\nx = "1"\r\ny = True\r\n').startswith(
        "3: not TOML, column 5: True"
    )
