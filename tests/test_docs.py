"""The documents cannot drift: what they list is what the code has. Repair with `python -m tests.test_docs`."""

from __future__ import annotations

import argparse
import ast
import json
import re
from pathlib import Path

import pytest

from pipeline import normalize
from pipeline.cli.command import parser
from pipeline.corpus.card import column_docs
from pipeline.corpus.quality import RULES
from pipeline.health import STATES
from pipeline.records import Reason, Source
from pipeline.rules import table
from tests.test_layers import ALLOWED, MODULES, SHARED, imports, room_of

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CLEAN = ROOT / "clean/README.md"

PAIRS = (
    "終於倫理課講完了,大家鬆了口氣.",
    "這件事隻要大傢註意就好，瞭解瞭就不會忘",
    "「人工智能」是什么?他说:『不知道』。",
    "春 风 又 绿 江 南 岸",
    "OpenAI 发布了 GPT-4,性能提升 30 %",
    "他说...我们再等等--也许会来",
    "訪問https://example.cn/a?b=1&c=2,了解更多",
    "２０２６年１１月１日，１０：３０开会",
    "&ldquo;免费&rdquo;是<b class='x'>最贵的</b>&nbsp;",
    "比尔・盖茨与史蒂夫‧乔布斯",
)
"""Strings of our own after the damage real pages show."""


def pairs_table() -> str:
    rows = [f"| `{before}` | `{normalize.normalize_text(before)}` |" for before in PAIRS]
    return "\n".join(["| as found | as published |", "|---|---|", *rows])


def columns_table() -> str:
    rows = [f"| {name} | {kind} | {meaning} |" for name, (kind, meaning) in column_docs().items()]
    return "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])


def rooms_table() -> str:
    """What each room is, from its own docstring, and what it may import, from the layer test's table."""
    rows = ["| room | what | may import |", "|---|---|---|"]
    for room, others in ALLOWED.items():
        if room not in SHARED:
            here = ROOT / ("flows" if room == "flows" else f"pipeline/{room}")
            path = here / "__init__.py" if here.is_dir() else here.with_suffix(".py")
            what = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            names = ", ".join(sorted(others - SHARED)) or "–"
            rows.append(f"| `{here.relative_to(ROOT)}` | {what.rstrip('.')} | {names} |")
    return "\n".join(rows)


def rooms_drawing() -> str:
    """The imports as they are, room by room, as a Mermaid chart."""
    arrows: set[tuple[str, str]] = set()
    for path in MODULES:
        here = room_of(path)
        if here not in ("__init__", *SHARED):
            rooms = {m.split(".")[1] for m in imports(path) if m.startswith("pipeline.")}
            arrows |= {(here, other) for other in rooms - SHARED - {here} if other in ALLOWED}
    return "\n".join(["```mermaid", "flowchart TD", *(f"    {a} --> {b}" for a, b in sorted(arrows)), "```"])


def states_table() -> str:
    rows = [f"| `{state}` | {meaning} |" for state, _, meaning in STATES]
    return "\n".join(["| state | what it means |", "|---|---|", *rows])


def rights_table() -> str:
    rows = [f"| `{name}` | {effect} | {meaning} |" for name, effect, meaning in table("rights")]
    return "\n".join(["| name | effect | meaning |", "|---|---|---|", *rows])


def measured_table() -> str:
    """The newest figures of `make bench` that have a peer's beside them; of one day the quick ones come last."""
    found = [
        json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "benchmarks/results").glob("*.json")
    ]
    newest = max(found, key=lambda each: (each["date"], not each["quick"]))
    rows = ["| what | ours | peer | its figure | ratio |", "|---|---:|---|---:|---:|"]
    for row in newest["rows"]:
        if row["ratio"] is not None:
            what = row["what"].replace("|", "&#124;")
            ours, theirs = f"{row['ours']:.3g} {row['unit']}", f"{row['theirs']:.3g}"
            rows.append(f"| {what} | {ours} | {row['peer']} | {theirs} | {row['ratio']:.2f} |")
    how = f"{newest['processor']}, {newest['date']}{', the quick form' if newest['quick'] else ''}"
    return "\n".join([f"{how}; above 1 ours is less:", "", *rows])


GENERATED = {
    (README, "states"): states_table,
    (README, "rooms"): rooms_table,
    (README, "drawing"): rooms_drawing,
    (README, "pairs"): pairs_table,
    (README, "fixes"): normalize.fixes_table,
    (README, "measured"): measured_table,
    (CLEAN, "columns"): columns_table,
    (CLEAN, "rights"): rights_table,
}


def between(text: str, mark: str) -> tuple[str, str, str]:
    head, rest = text.split(f"<!-- {mark} -->\n", 1)
    body, tail = rest.split(f"<!-- /{mark} -->", 1)
    return head + f"<!-- {mark} -->\n", body, f"<!-- /{mark} -->" + tail


@pytest.mark.parametrize(("path", "mark"), list(GENERATED), ids=lambda x: str(x).rsplit("/", 1)[-1])
def test_generated_tables_are_those_of_the_code(path: Path, mark: str) -> None:
    written = between(path.read_text(encoding="utf-8"), mark)[1].strip()
    assert written == GENERATED[path, mark]().strip(), "run: python -m tests.test_docs"


def commands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = {}
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                found[name] = sub
                found |= {f"{name} {inner}": p for inner, p in commands(sub).items()}
    return found


def test_every_command_has_help_for_itself_and_every_option() -> None:
    for name, sub in commands(parser()).items():
        for action in sub._actions:
            if not isinstance(action, argparse._SubParsersAction) and not action.choices:
                plain = action.dest in ("pages", "what", "old", "new", "url", "file", "paths")
                assert action.help or plain, f"{name} {action.dest}"


def test_every_command_in_the_documents_exists() -> None:
    known = commands(parser())
    for path in (README, CLEAN, ROOT / "raw/README.md"):
        text = path.read_text(encoding="utf-8")
        for first in re.findall(r"(?:^|`|bin/)corpus ([a-z]+)", text, re.MULTILINE):
            assert first in known, f"{path.name}: `corpus {first}`"


def test_every_exit_code_reason_and_source_key_is_documented() -> None:
    readme, clean = README.read_text(encoding="utf-8"), CLEAN.read_text(encoding="utf-8")
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"^\| {code} \|", readme, re.MULTILINE)
    for reason in (*(rule.reason for rule in RULES), *Reason):
        assert re.search(rf"^\|[^|]*\b{reason}\b", clean, re.MULTILINE), reason
    for key in set(Source.__dataclass_fields__) - {"name", "urls", "charset", "allow_private"}:
        assert re.search(rf"^{key} = ", readme, re.MULTILINE), key


def test_every_command_is_in_the_readme() -> None:
    readme = README.read_text(encoding="utf-8")
    for name in commands(parser()):
        top = name.split()[0]
        assert re.search(rf"corpus {top}|make {top}", readme), f"`corpus {top}` is not in README.md"


def repair() -> None:
    """Write the generated tables into the documents."""
    for (path, mark), made in GENERATED.items():
        head, _, tail = between(path.read_text(encoding="utf-8"), mark)
        path.write_text(head + made().strip() + "\n" + tail, encoding="utf-8")


if __name__ == "__main__":
    repair()
