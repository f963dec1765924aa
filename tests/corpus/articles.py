"""Made-up articles in any number: sentences of common characters, no two alike."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from pipeline.dedupe.comparison import Texts
from pipeline.dedupe.run import Deduped, DedupeIndex, Item, dedupe

_CHARACTERS = (
    "人民生活城市道路学校工厂医院农田河流山林天气春夏秋冬早晚车站商店图书电影音乐体育健康教育科学技术经济"
    "文化历史社会家庭朋友老师学生医生工人农民记者居民孩子父母邻居今天昨天明年去年上午下午开始结束增加减少"
    "提高改善建设研究发现参加举行组织表示认为希望支持帮助解决问题方法结果原因情况环境水平质量价格市场产品"
)


def sentences(number: int, count: int = 14) -> list[str]:
    """The sentences of the article with a number, some thirty characters each."""
    chance = random.Random(number)
    return [
        "".join(chance.choices(_CHARACTERS, k=14)) + "，" + "".join(chance.choices(_CHARACTERS, k=16)) + "。"
        for _ in range(count)
    ]


def article(number: int, count: int = 14) -> str:
    """The article with a number, two sentences a paragraph."""
    parts = sentences(number, count)
    return "\n".join("".join(parts[at : at + 2]) for at in range(0, len(parts), 2))


def item(name: str, text: str, **more: Any) -> Item:
    """An item with a site of its own."""
    return Item(**{"id": name, "site": f"{name}.example", "text": text, **more})


def stored(*batches: Sequence[Item]) -> Texts:
    """The texts of all items given, as a store would hand them out."""
    texts = {one.id: one.text for batch in batches for one in batch}
    return lambda names: {name: texts[name] for name in names if name in texts}


def run(items: Sequence[Item], index: DedupeIndex | None = None) -> Deduped:
    """One batch against an index of its own, or the one given."""
    return dedupe(items, index or DedupeIndex.open(None), stored(items))
