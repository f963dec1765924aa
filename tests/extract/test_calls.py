"""Lines at the edges of a body that speak to the reader of the page, in words that no table has."""

from __future__ import annotations

import pytest

from pipeline.extract.calls import is_call


@pytest.mark.parametrize(
    "line",
    [
        "各位看官，您那边一碗面卖多少钱？咱们评论区见真章",
        "码字不易，您的一个小红心就是我起早和面的动力！",
        "我是慢生活手札，下期咱们接着聊早起",
        "好啦，老宅的故事先讲到这儿，下回带你们看院子。",
        "读到精彩处，别忘了投一张推荐票哟",
        "這道菜你學會了嗎？做完拍照給我看看呀",
        "加编辑微信 jiejiao2019，备注“读者”，拉你进群聊天",
        "早安，愿你一切顺利，我们明早见！",
    ],
)
def test_who_speaks_of_the_page_to_its_reader(line: str) -> None:
    assert is_call(line)


@pytest.mark.parametrize(
    "line",
    [
        "居民在留言簿上写下了自己的愿望。",
        "没有人关注我们的小店",
        "关注老人，也就是关注我们自己的明天。",
        "他说：“大家都来投稿，我们就有稿子了。”",
        "本报将持续关注事件进展，欢迎评论。",
        "祝您和家人平安喜乐。",
        "如您对本方案有任何意见，请在3月10日前向物业服务中心提出。",
        "出现以下情况请您立即就医：抽搐、嗜睡、皮疹按压不褪色。",
        "各位年轻朋友，手上的活不能骗人，坐得住就好。",
        "海，我下次还来。",
    ],
)
def test_who_speaks_of_something_else(line: str) -> None:
    assert not is_call(line)


def test_a_greeting_is_a_beginning() -> None:
    line = "大家好，今天和你聊聊阳台上的菜园。"
    assert is_call(line)
    assert not is_call(line, "head")
    assert is_call("点上方名片，每天一道江南菜", "head")
