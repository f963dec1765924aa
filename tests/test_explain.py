"""What is known of a row's people, origins and places is told in words, by the command and on the page."""

from __future__ import annotations

from pipeline.explain import explain_lines
from pipeline.look.document import facts
from pipeline.records import Document, Editor, OriginStep
from tests.corpus.rows import row

TOLD = row(
    1,
    author="李小山",
    affiliation="示例大学",
    editors=(Editor(name="王晓", role="editor"), Editor(name="赵海", role="reviewer")),
    origin_name="城北网",
    origins=(
        OriginStep(name="城北网", url=None, how="source", confidence=0.9),
        OriginStep(name="示例周刊", url="https://a.example/9", how="original", confidence=0.9),
    ),
    sections=("乡村", "手艺"),
    tags=("磨坊", "面粉"),
    reprint_terms="未经授权不得转载",
)
WAY = "城北网 (source 0.9) ← 示例周刊 https://a.example/9 (original 0.9)"


def _lines(document: Document) -> dict[str, str]:
    words = (line.split(maxsplit=1) for line in explain_lines(document))
    return {name: said[0] if said else "" for name, *said in words}


def test_explain_tells_who_and_whence() -> None:
    told = _lines(TOLD)
    assert told["author"].endswith(", of 示例大学")
    assert told["editors"] == "王晓 (editor), 赵海 (reviewer)"
    assert told["came"] == f"by    {WAY}"
    assert told["filed"] == "乡村 > 手艺; tags 磨坊, 面粉"
    assert told["reprint"] == "'未经授权不得转载'"


def test_explain_is_silent_of_what_is_not_known() -> None:
    assert not {"editors", "came", "reprint"} & _lines(row(1)).keys()


def test_a_document_page_tells_who_and_whence() -> None:
    told = {fact.name: fact.value for fact in facts(TOLD)}
    assert told["affiliation"] == "示例大学"
    assert told["editors"] == "王晓 (editor), 赵海 (reviewer)"
    assert told["came by"] == WAY
    assert (told["section"], told["tags"]) == ("乡村 > 手艺", "磨坊, 面粉")
    assert told["reprint terms"] == "未经授权不得转载"
