"""The files of corrections: what may be said, and every fault by file, line and key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.corrections import (
    CorrectionError,
    Cut,
    Line,
    Split,
    by_document,
    digests,
    kept_apart,
    load,
)

ID, OTHER, THIRD = "a" * 32, "b" * 32, "c" * 32
HEAD = f'[[correct]]\nid = "{ID}"\ntext = "{"1" * 32}"\nwhy = "seen"\n'


def write(folder: Path, text: str, name: str = "news") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(CorrectionError) as caught:
        load(write(folder / "corrections", text))
    return tuple(problem.removeprefix(f"{folder}/corrections/") for problem in caught.value.problems)


def test_all_that_may_be_said(tmp_path: Path) -> None:
    text = f'''# 晨报
{HEAD}page = "sha1:{"A" * 32}"
by = "王芳"
on = 2026-11-29
title = " 改过的题目 "
author = ""
published_on = 2026-10-01
origin_name = "晨报"
drop = ["责任编辑", {{ from = "相关阅读", to = "更多" }}, {{ words = "（本报讯）" }}]
restore = [{{ line = "第二段。", after = "第一段" }}, {{ line = "导语。", after = "" }}, "尾声。"]
split = ["第二篇", {{ at = "第三篇", title = "题" }}]
not_a_copy_of = "{OTHER}"

[[correct]]
id = "{OTHER}"
page = "sha1:{"B" * 32}"
why = "a list of its column"
published_on = ""
not_an_article = true
'''
    one, two = load(write(tmp_path / "corrections", text))
    assert (one.id, one.text, one.page, one.why, one.by) == (ID, "1" * 32, "sha1:" + "A" * 32, "seen", "王芳")
    assert (one.on, one.place) == (date(2026, 11, 29), f"{tmp_path}/corrections/news.toml:2")
    assert (one.title, one.author, one.published_on, one.origin_name) == (
        "改过的题目",
        "",
        date(2026, 10, 1),
        "晨报",
    )
    assert one.drop == (
        Cut(first="责任编辑"),
        Cut(first="相关阅读", last="更多"),
        Cut(first="（本报讯）", words=True),
    )
    assert one.restore == (
        Line(line="第二段。", after="第一段"),
        Line(line="导语。", after=""),
        Line(line="尾声。"),
    )
    assert one.split == (Split(at="第二篇"), Split(at="第三篇", title="题"))
    assert one.not_a_copy_of == (OTHER,)
    assert two.does == {"published_on": "", "not_an_article": True}
    assert two.place.endswith("news.toml:18")


FAULTS = {
    "an unknown key": (HEAD + 'titel = "x"\n', "news.toml:5: 'titel': unknown key; did you mean 'title'?"),
    "a key like none": (HEAD + "zzz = 1\n", "news.toml:5: 'zzz': unknown key; known are id, page, text"),
    "no id": (
        HEAD.replace("id =", "# id =") + 'title = "x"\n',
        "news.toml:1: id: missing; `corpus correct URL`",
    ),
    "a bad id": (HEAD.replace(ID, "xyz") + 'title = "x"\n', "news.toml:2: id: must be an id: 32 hex digits"),
    "for nothing": (
        HEAD.replace("text =", "# text =") + 'title = "x"\n',
        "give the page or the text it was made",
    ),
    "a bad text": (HEAD.replace("1" * 32, "1") + 'title = "x"\n', "news.toml:3: text: must be a hash"),
    "a bad page": (HEAD + 'page = "md5:1"\ntitle = "x"\n', "news.toml:5: page: must be a payload digest"),
    "no reason": (HEAD.replace('"seen"', '""') + 'title = "x"\n', "news.toml:4: why: missing; say why"),
    "nothing corrected": (HEAD, "news.toml:2: id: corrects nothing; give one of title, author"),
    "a control sign": (
        HEAD + 'title = "a\\u001bb"\n',
        "news.toml:5: title: must be one line without control signs",
    ),
    "a sign that turns the writing": (
        HEAD + 'author = "a\\u202eb"\n',
        "author: must be one line without control",
    ),
    "two lines": (
        HEAD + 'title = """a\nb"""\n',
        "news.toml:5: title: must be one line without control signs",
    ),
    "a megabyte": (
        HEAD + f'title = "{"长" * 1_000_000}"\n',
        "news.toml:5: title: has 1000000 characters; 500",
    ),
    "no string": (HEAD + "title = 7\n", "news.toml:5: title: must be a string, not 7"),
    "a bad day": (
        HEAD + 'published_on = "2026-02-30"\n',
        "news.toml:5: published_on: '2026-02-30' is not a day",
    ),
    "a moment": (
        HEAD + "published_on = 2026-02-03T10:00:00\n",
        "published_on: must be a day (2026-11-01), not",
    ),
    "another age": (
        HEAD + "published_on = 0206-01-01\n",
        "published_on: 0206-01-01 lies outside of 1900 to 2100",
    ),
    "a number for a day": (
        HEAD + "on = 2026\ntitle = 'x'\n",
        "news.toml:5: on: must be a day (2026-11-01), not 2026",
    ),
    "a word for yes": (HEAD + 'not_an_article = "yes"\n', "not_an_article: must be true or false, not 'yes'"),
    "a copy of what": (HEAD + 'not_a_copy_of = ["晨报"]\n', "not_a_copy_of: must be an id or a list of them"),
    "of itself": (HEAD + f'not_a_copy_of = "{ID}"\n', "not_a_copy_of: names the document itself"),
    "an empty quote": (HEAD + 'drop = [" "]\n', "news.toml:5: drop: must not be empty"),
    "a cut by offsets": (
        HEAD + "drop = [[1, 2]]\n",
        "drop: must hold strings or tables with {from, to} or {words}",
    ),
    "half a block": (HEAD + 'drop = [{ from = "x" }]\n', "drop: must hold strings or tables with {from, to}"),
    "a line with more": (
        HEAD + 'restore = [{ line = "x", at = 1 }]\n',
        "restore: must hold strings or tables with",
    ),
    "split and gone": (
        HEAD + 'split = ["x"]\nnot_an_article = true\n',
        "split: does not go with join or not_an",
    ),
    "no entry": ('title = "x"\n', "news.toml:1: 'title': every entry begins with [[correct]]"),
    "one table": ('[correct]\nid = "x"\n', "news.toml:1: correct: every entry begins with [[correct]]"),
    "no TOML": (HEAD + "title = \n", "news.toml:5: not TOML, column 9: a key without a value"),
    "twice for one text": (HEAD + 'title = "x"\n' + HEAD + 'title = "y"\n', "news.toml:6: id: " + ID),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_file_line_and_key(text: str, said: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, text)
    assert said in problem
    assert len(problem) < 300


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "corrections", HEAD + 'titel = "x"\nauthor = 7\n')
    write(folder, HEAD.replace("seen", "") + 'title = "x"\n', "other")
    (folder / "bytes.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(CorrectionError) as caught:
        load(folder)
    assert len(caught.value.problems) == 4
    assert "bytes.toml: not UTF-8 (byte 9)" in str(caught.value)


def test_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorrectionError, match="corections: no such folder of corrections"):
        load(tmp_path / "corections")


def test_one_document_may_be_corrected_for_each_of_its_texts(tmp_path: Path) -> None:
    text = HEAD + 'title = "x"\n' + HEAD.replace("1" * 32, "2" * 32) + 'title = "y"\n'
    found = by_document(load(write(tmp_path / "corrections", text)))
    assert [each.title for each in found[ID]] == ["x", "y"]


def test_who_is_no_copy_of_whom_is_known_from_both_sides(tmp_path: Path) -> None:
    said = load(write(tmp_path / "corrections", HEAD + f'not_a_copy_of = ["{OTHER}", "{THIRD}"]\n'))
    assert kept_apart(said) == {ID: {OTHER, THIRD}, OTHER: {ID}, THIRD: {ID}}
    assert digests(said).keys() == {ID, OTHER, THIRD}


def test_only_what_a_correction_does_makes_rows_anew(tmp_path: Path) -> None:
    before = digests(load(write(tmp_path / "a", HEAD + 'title = "x"\n')))
    about = HEAD.replace("seen", "seen again") + 'by = "王芳"\non = 2026-11-01\ntitle = "x"\n'
    assert digests(load(write(tmp_path / "b", "# moved\n\n" + about, "other"))) == before
    assert digests(load(write(tmp_path / "c", HEAD + 'title = "y"\n'))) != before
    assert digests(load(write(tmp_path / "d", HEAD.replace("1" * 32, "2" * 32) + 'title = "x"\n'))) != before
