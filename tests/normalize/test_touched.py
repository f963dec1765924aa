"""What a change of the tables cannot touch is normalized as before: held against the changed code itself."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.normalize import normalize
from pipeline.normalize.mojibake import mojibake
from pipeline.normalize.touched import Sought, searcher, sought, tables
from tests.normalize.test_cases import FOLDER

ROOT = Path(__file__).resolve().parents[2]
Rows = list[tuple[str, ...]]
TEXTS: list[str] = [
    json.loads(line)["input"]
    for file in sorted(FOLDER.glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n")
]
HAN = sorted({c for text in TEXTS for c in text if "\u4e00" <= c <= "\u9fff"})

SAY = """
import json, sys
from pipeline.normalize import normalize
def said(text):
    done = normalize(text)
    return [done.text, done.fixes, done.script, [[f.name, f.start, f.end, f.text, f.of] for f in done.flags]]
json.dump([said(text) for text in json.load(sys.stdin)], sys.stdout)
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("code")
    shutil.copytree(ROOT / "pipeline", there / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    return there


def normalized_by(code: Path, rows: dict[str, Rows]) -> list[Any]:
    for name, each in rows.items():
        text = "".join("\t".join(row) + "\n" for row in each)
        (code / f"pipeline/rules/{name}.tsv").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        input=json.dumps(TEXTS),
        cwd=code,  # stands first in the path
        env={**os.environ, "PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def _taken(chance: random.Random, length: int) -> str:
    """Han that stand one behind the other in a text, or do not."""
    text: str = chance.choice(TEXTS)
    at = chance.randrange(max(1, len(text) - length))
    found = text[at : at + length]
    if found and all("\u4e00" <= c <= "\u9fff" for c in found):
        return found
    return "".join(chance.choices(HAN, k=length))


def _script(chance: random.Random, rows: Rows) -> None:
    known = [row for row in rows if any(row[1] in text for text in TEXTS)]
    at = rows.index(chance.choice(known)) if chance.random() < 0.6 else chance.randrange(len(rows))
    stage, form, result, why = rows[at]
    match chance.choice(["remove", "result", "add", "add", "stage", "move"]):
        case "remove":
            del rows[at]
        case "result":
            rows[at] = (stage, form, _taken(chance, len(result)), why)
        case "add":
            length = chance.randint(1, 3)
            stage = (
                "char" if length == 1 and chance.random() < 0.5 else chance.choice(["keep", "word", "after"])
            )
            rows.insert(at, (stage, _taken(chance, length), _taken(chance, length), "tried"))
        case "stage" if len(form) > 1:
            rows[at] = (chance.choice(["keep", "word", "after"]), form, result, why)
        case _:
            rows.insert(chance.randrange(len(rows)), rows.pop(at))


def _confusables(chance: random.Random, rows: Rows) -> None:
    if chance.random() < 0.4:
        del rows[chance.randrange(len(rows))]
    rows.insert(chance.randrange(len(rows)), (_taken(chance, chance.randint(1, 2)), "?", "tried"))


def _characters(chance: random.Random, rows: Rows) -> None:
    at = chance.randrange(len(rows))
    script, characters = rows[at]
    rows[at] = (script, characters.replace(chance.choice(characters), ""))
    rows.append((chance.choice(["Hant", "Hans", "Rare"]), chance.choice(HAN)))


def _radicals(chance: random.Random, rows: Rows) -> None:
    known = [row for row in rows if any(row[0] in text for text in TEXTS)]
    rows.remove(chance.choice(known))


def _html_tags(chance: random.Random, rows: Rows) -> None:
    at = chance.randrange(len(rows))
    kind, names = rows[at]
    rows[at] = (kind, " ".join(chance.sample(names.split(), len(names.split()) - 3)))


CHANGES: dict[str, Callable[[random.Random, Rows], None]] = {
    "script": _script,
    "confusables": _confusables,
    "script-characters": _characters,
    "radicals": _radicals,
    "html-tags": _html_tags,
}


def _altered(chance: random.Random) -> Iterator[dict[str, Rows]]:
    """States of the tables: half of a stage of `script` taken out, then one to three changes of a table, or of two."""
    for stage in ("keep", "word", "after"):
        rows = [tuple(row) for n, row in enumerate(tables()["script"]) if row[0] != stage or n % 2]
        yield {name: [tuple(row) for row in each] for name, each in tables().items()} | {"script": rows}
    for name in (*["script"] * 6, *CHANGES, "confusables"):
        now = {each: [tuple(row) for row in rows] for each, rows in tables().items()}
        for _ in range(chance.randint(1, 3)):
            CHANGES[name](chance, now[name])
        if chance.random() < 0.3:
            _confusables(chance, now["confusables"])
        yield now


def test_a_text_that_a_change_cannot_touch_is_normalized_as_before(code: Path) -> None:
    chance = random.Random(14)
    before = tables()
    was = normalized_by(code, {name: [tuple(row) for row in rows] for name, rows in before.items()})
    spared = others = unknown = 0
    for now in _altered(chance):
        what = sought(before, now)
        if what is None:
            unknown += 1
            continue
        touches = searcher(what)
        for text, old, new in zip(TEXTS, was, normalized_by(code, now), strict=True):
            if touches([text], old[0]):
                others += old != new
            else:
                spared += 1
                assert old == new, (text, what)
    assert spared > 3_000, "so many texts were spared"
    assert others > 20, "and others became others"
    assert unknown < 4


def test_of_two_equal_states_nothing_is_sought() -> None:
    now = tables()
    assert sought(now, now) == Sought()
    reasons = {**now, "script": [(*row[:3], "another reason") for row in now["script"]]}
    assert sought(now, reasons) == Sought(), "a reason is no part of a row"
    assert not searcher(Sought())(["<b>乾</b>"], "己经")


@pytest.mark.parametrize(
    "source", ["&#x4e7e;坤", "乾<b title='了'>坤", "＆#x4e7e；坤", "﹤b﹥乾坤", "⼄", "乾\uf9dc"]
)
def test_what_may_bring_other_characters_is_touched_by_any_word(source: str) -> None:
    assert searcher(Sought(words=frozenset({"無有"})))([source], "")


def test_a_text_that_is_decoded_again_is_touched() -> None:
    garbled = "乾坤有序，其道无穷".encode().decode("cp1252", "replace")
    assert mojibake(garbled) != garbled
    assert searcher(Sought(words=frozenset({"無有"})))([garbled], "")


def test_a_character_that_lets_a_line_be_searched_at_all_touches_every_line_with_it() -> None:
    now = tables()
    what = sought(now, {**now, "script": [*now["script"], ("word", "檢點", "检点", "tried")]})
    assert what == Sought(words=frozenset({"檢點"}), characters=frozenset("檢點"))


def test_words_are_found_across_what_is_taken_out() -> None:
    assert normalize("乾 坤 有 序").text == "乾坤有序"
    touches = searcher(Sought(words=frozenset({"乾坤"})))
    assert touches(["乾 坤 有 序"], "")
    assert touches(["乾\u200b坤"], "")
    assert not touches(["坤乾"], "")


def test_a_table_that_is_not_understood_and_two_that_hang_together_tell_nothing() -> None:
    now = tables()
    assert sought({**now, "common-han": [("了",)]}, now) is None
    script = {**now, "script": now["script"][1:]}
    both = {**script, "script-characters": [*now["script-characters"], ("Hant", "丂")]}
    assert sought(now, script) is not None
    assert sought(now, both) is None
