from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.dedupe_cases import Writer
from benchmarks.dedupe_rebuild import compare, rebuild
from benchmarks.dedupe_work import overlapping
from pipeline.dedupe import candidates, comparison
from pipeline.dedupe import run as run_module
from pipeline.dedupe.clusters import Clusters
from pipeline.dedupe.comparison import OF_ONE_FORM, STRANGERS
from pipeline.dedupe.index import HEADS
from pipeline.dedupe.records import Decision, Deduped, Item
from pipeline.dedupe.run import DedupeIndex, dedupe, remove
from tests.corpus.articles import article, item, run, sentences, stored

NOTICE = (
    "本市气象台{day}日{hour}时发布预报：今天白天多云，北风{wind}级，最高气温{high}摄氏度，今天夜间晴，"
    "最低气温{low}摄氏度，相对湿度{wet}%。昼夜温差较大，请市民外出时注意增减衣物，行车注意安全，"
    "老人和儿童减少早晚的户外活动。更多信息请留意气象部门的最新通报。"
)
WELCOME = (
    "{guest}总统的车队到达广场时，礼兵列队致敬。两国元首登上检阅台，军乐团奏{guest}国歌，鸣礼炮二十一响。"
    "{guest}总统检阅了仪仗队并观看了分列式，少年儿童挥舞{guest}国旗和鲜花。{guest}总统随后在留言簿上题词。"
    "陪同人员参加了欢迎仪式，随后双方举行会谈。"
)


def relations(deduped: Deduped) -> dict[str, tuple[str, str | None]]:
    return {decision.id: (decision.relation, decision.kind) for decision in deduped.decisions}


def by_id(deduped: Deduped) -> dict[str, Decision]:
    return {decision.id: decision for decision in deduped.decisions}


def lightly_edited(number: int) -> str:
    parts = sentences(number)
    parts[4] = parts[4][:6] + "完全另外" + parts[4][10:]
    parts[9] = parts[9].replace("，", "、")[:-3] + "。"
    return "".join(parts)


def heavily_edited(number: int) -> str:
    parts = sentences(number)
    return "有消息说，此事引起了各方面的注意。" + "".join(parts[1:4] + parts[6:10] + parts[11:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (article(1), ("duplicate", "exact")),
        (article(1).replace("，", ","), ("duplicate", "normalized")),
        (lightly_edited(1), ("duplicate", "edited")),
        (heavily_edited(1), ("duplicate", "heavy")),
        ("".join(sentences(1)[2:8]) + "点击查看全文", ("contained_in", "excerpt")),
        (article(2), ("new", None)),
        ("".join(sentences(1)[:2] + sentences(2)[:12]), ("new", None)),
    ],
)
def test_what_a_second_text_is_to_the_first(text: str, expected: tuple[str, str | None]) -> None:
    deduped = run([item("a", article(1)), item("b", text)])
    assert relations(deduped) == {"a": ("new", None), "b": expected}


def test_a_decision_names_its_partner_and_its_evidence() -> None:
    decision = by_id(run([item("a", article(1)), item("b", lightly_edited(1))]))["b"]
    assert (decision.of, decision.cluster, decision.published, decision.reason) == (
        ("a",),
        "a",
        False,
        "duplicate",
    )
    assert decision.score is not None
    assert decision.score > 0.9


def test_instances_of_a_form_are_all_kept_and_share_a_form() -> None:
    days = [
        NOTICE.format(day=3 + n, hour=5 + 2 * n, wind=3 + n, high=31 - 4 * n, low=12 - 5 * n, wet=47 + 16 * n)
        for n in range(3)
    ]
    deduped = run([item(f"n{n}", text) for n, text in enumerate(days)])
    assert [decision.relation for decision in deduped.decisions] == ["new", "same_form", "same_form"]
    assert len({decision.cluster for decision in deduped.decisions}) == 3
    assert all(decision.published for decision in deduped.decisions)
    assert {by_id(deduped)[name].form_id for name in ("n1", "n2")} == {"n0"}
    assert by_id(deduped)["n0"].form_id == "n0"


@pytest.mark.parametrize("size", [1, 5, 30])
def test_notices_of_one_body_are_rows_of_one_form(size: int) -> None:
    firms = [f"{name}{trade}" for name in "甲乙丙丁戊己" for trade in ("科技", "能源")]
    notices = [item(f"n{n:02d}", article(1), title=f"{firm}停牌公告") for n, firm in enumerate(firms)]
    notices.append(item("again", article(1), title="丁能源停牌公告"))
    index = DedupeIndex.open(None)
    for start in range(0, len(notices), size):
        dedupe(notices[start : start + size], index, stored(notices))
    members = index.all_members()
    assert len({member.decision.cluster for member in members}) == 12
    assert {member.decision.form_id for member in members} == {"n00"}
    (again,) = (member.decision for member in members if member.id == "again")
    assert (again.relation, again.kind, again.of) == ("duplicate", "exact", ("n07",))


def test_addresses_and_code_are_no_evidence() -> None:
    code = "\n".join(f"    value_{n} = compute(option_{n}, mode_{n})" for n in range(30))
    address = "https://files.example/" + "".join(f"%E{n % 10}%B{n % 7}%8{n % 9}" for n in range(90))
    for shared in (f"```\n{code}\n```", address):
        deduped = run([item(f"d{n}", f"{article(n, 4)}\n{shared}\n{article(n + 50, 4)}") for n in range(4)])
        assert {decision.relation for decision in deduped.decisions} == {"new"}
        whole = run([item("a", shared), item("b", shared + "\n后记。")])
        assert relations(whole)["b"][0] == "duplicate"


def test_the_span_of_an_excerpt_counts_addresses_that_are_not_compared() -> None:
    long = f"{article(2, 8)}\nhttps://a.example/{'x' * 80}\n{article(1)}\n{article(3, 8)}"
    index = DedupeIndex.open(None)
    run([item("a", article(1)), item("g", long)], index)
    (link,) = index.links("g")
    assert link.span is not None
    assert long[slice(*link.span)] == article(1)


def test_titles_tell_two_events_of_one_wording_apart() -> None:
    one, other = WELCOME.format(guest="甲尼亚"), WELCOME.format(guest="乙斯坦")
    titled = [
        item("a", one + "礼宾官员宣布仪式开始，来宾向群众挥手。", title="首都举行仪式欢迎甲尼亚总统来访"),
        item("b", other + "天气晴朗，阳光洒满全场，彩旗飘扬。", title="首都举行仪式欢迎乙斯坦总统来访"),
    ]
    assert relations(run(titled))["b"][0] == "same_form"


def test_dates_far_apart_tell_a_series_from_a_copy() -> None:
    chance = random.Random(5)
    changed = "".join(
        "另" if char not in "，。\n" and chance.random() < 0.09 else char for char in article(1)
    )
    days = [date(2023, 1, 5), date(2023, 3, 5)]
    near, far = (
        run([item("a", article(1), published_on=days[0]), item("b", changed, published_on=day)])
        for day in days
    )
    assert relations(near)["b"][0] == "duplicate"
    assert relations(far)["b"][0] == "same_form"
    assert by_id(far)["b"].rule == "dates"


def test_one_frame_round_two_articles_does_not_make_them_copies() -> None:
    frame = sentences(50, 8)
    pages = ["".join([*frame[:4], *sentences(n, 5), *frame[4:]]) for n in (1, 2)]
    assert relations(run([item("a", pages[0]), item("b", pages[1])]))["b"][0] == "new"


def test_copies_in_site_frames_are_found() -> None:
    def framed(number: int, site: str) -> Item:
        lines = ["网站首页 > 新闻中心 > 正文", article(number), *sentences(hash_of(site), 5)]
        return item(f"{site}-{number}", "\n".join(lines), site=site)

    def hash_of(site: str) -> int:
        return 100 + ord(site)

    deduped = run([framed(n, site) for n in range(1, 5) for site in "xy"])
    assert [decision.relation for decision in deduped.decisions] == ["new", "duplicate"] * 4


def test_a_frame_learned_later_is_applied_to_the_pages_before() -> None:
    foot = "\n".join(sentences(99, 6))
    index = DedupeIndex.open(None)
    batches = [
        [item("a", article(1) + "\n" + foot, site="s"), item("other", article(1))],
        [item("b", article(2) + "\n" + foot, site="s"), item("c", article(3) + "\n" + foot, site="s")],
    ]
    first = dedupe(batches[0], index, stored(*batches))
    assert relations(first)["other"][0] == "contained_in"
    second = dedupe(batches[1], index, stored(*batches))
    revised = {decision.id: decision for decision in second.revised}
    assert revised["other"].relation == "duplicate"
    assert (revised["other"].relation, revised["other"].kind) == ("duplicate", "edited")
    assert index.repeated_lines("s") == frozenset(foot.splitlines())


def versions(number: int, count: int = 3) -> list[str]:
    """An article and lightly edited copies, line by line as sites print them."""
    found = []
    for version in range(count):
        lines = article(number).splitlines()
        lines[version] = lines[version][:8] + "有所改动" + lines[version][12:]
        found.append("\n".join(lines))
    return found


@pytest.mark.parametrize("size", [1, 2, 9])
def test_versions_of_one_article_on_one_site_are_not_its_furniture(size: int) -> None:
    items = [item(f"v{n}", text, site="s") for n, text in enumerate(versions(1, 5))]
    index = DedupeIndex.open(None)
    for start in range(0, len(items), size):
        dedupe(items[start : start + size], index, stored(items))
    assert {member.decision.cluster for member in index.all_members()} == {"v0"}
    assert index.repeated_lines("s") == frozenset()


@pytest.mark.parametrize("size", [1, 4, 9])
def test_frames_longer_than_their_articles_are_furniture_of_two(size: int) -> None:
    tail = article(99, 40)
    pages = [
        item(f"{number}{n}", f"{text}\n{tail}", site="s")
        for number in (1, 2)
        for n, text in enumerate(versions(number))
    ]
    index = DedupeIndex.open(None)
    for start in range(0, len(pages), size):
        dedupe(pages[start : start + size], index, stored(pages))
    assert {member.id: member.decision.cluster for member in index.all_members()} == {
        **dict.fromkeys(["10", "11", "12"], "10"),
        **dict.fromkeys(["20", "21", "22"], "20"),
    }
    assert index.repeated_lines("s") == frozenset(tail.splitlines())
    bare = [item("bare", article(1)), item("other", article(2))]
    assert [d.cluster for d in dedupe(bare, index, stored(pages, bare)).decisions] == ["10", "20"]


def test_a_legal_notice_under_articles_of_many_sites_makes_no_copies() -> None:
    tail = "".join(sentences(99, 40))
    deduped = run([item(f"d{n}", f"{article(n)}\n{tail}") for n in range(20)])
    assert {decision.relation for decision in deduped.decisions} == {"new"}


def test_a_page_of_two_known_articles_is_not_published() -> None:
    glued = f"{article(1)}\n另一篇的标题\n{article(2)}"
    deduped = run([item("a", article(1)), item("b", article(2)), item("g", glued)])
    decision = by_id(deduped)["g"]
    assert (decision.relation, decision.kind, decision.reason) == ("contains", "glue", "glued")
    assert sorted(decision.of) == ["a", "b"]
    assert by_id(deduped)["a"].published
    assert by_id(deduped)["b"].published


def test_the_unknown_half_of_a_glued_page_is_published() -> None:
    glued = f"{article(1)}\n另一篇的标题\n{article(2)}"
    decision = by_id(run([item("a", article(1)), item("g", glued)]))["g"]
    assert (decision.relation, decision.published) == ("split_from", True)
    assert "".join(glued[start:end] for start, end in decision.spans).strip() == f"另一篇的标题\n{article(2)}"


def test_a_second_half_that_arrives_later_withdraws_the_glued_page() -> None:
    glued = f"{article(1)}\n另一篇的标题\n{article(2)}"
    index = DedupeIndex.open(None)
    batches = [[item("g", glued)], [item("a", article(1))], [item("b", article(2))]]
    for batch in batches:
        deduped = dedupe(batch, index, stored(*batches))
    assert by_id(deduped)["b"].published
    assert {d.id: (d.published, d.reason) for d in deduped.revised}["g"] == (False, "glued")
    a = index.get("a")
    assert a is not None
    assert a.decision.published


def test_a_full_text_takes_the_place_of_its_excerpt() -> None:
    excerpt = "".join(sentences(1)[2:8]) + "未完待续"
    deduped = run([item("e", excerpt), item("f", article(1))])
    assert (by_id(deduped)["e"].published, by_id(deduped)["e"].reason) == (False, "contained_in")
    assert by_id(deduped)["e"].of == ("f",)
    assert (by_id(deduped)["f"].relation, by_id(deduped)["f"].kind) == ("contains", "fuller")
    assert by_id(deduped)["f"].published


def test_two_halves_of_a_split_page_are_two_articles() -> None:
    deduped = run([item("p1", article(1), site="s"), item("p2", article(2), site="s")])
    assert [(d.relation, d.published) for d in deduped.decisions] == [("new", True), ("new", True)]


def test_a_better_copy_is_published_instead_and_the_cluster_keeps_its_id() -> None:
    index = DedupeIndex.open(None)
    batches = [[item("copy", article(1), origin_name="某报")], [item("source", article(1), site_name="某报")]]
    dedupe(batches[0], index, stored(*batches))
    deduped = dedupe(batches[1], index, stored(*batches))
    (source,), (copy,) = deduped.decisions, deduped.revised
    assert (source.published, source.cluster) == (True, "copy")
    assert (copy.published, copy.reason, copy.relation, copy.of) == (
        False,
        "duplicate",
        "duplicate",
        ("source",),
    )


def test_the_same_id_again_is_a_revision_and_never_its_own_copy() -> None:
    index = DedupeIndex.open(None)
    batches = [[item("a", article(1))], [item("a", lightly_edited(1))], [item("a", article(7))]]
    for batch in batches:
        (decision,) = dedupe(batch, index, stored(*batches)).decisions
        assert (decision.relation, decision.cluster, decision.published) == ("new", "a", True)
    assert relations(run([item("b", article(7))], index))["b"] == ("duplicate", "exact")
    assert relations(run([item("c", article(1))], index))["c"] == ("new", None)


def test_a_revised_representative_leaves_its_cluster_to_its_copies() -> None:
    index = DedupeIndex.open(None)
    first = [item("a", article(1)), item("b", lightly_edited(1))]
    dedupe(first, index, stored(first))
    second = [item("a", article(2)), item("c", lightly_edited(1)[:-3])]
    deduped = dedupe(second, index, stored(first, second))
    assert (by_id(deduped)["a"].relation, by_id(deduped)["a"].cluster) == ("new", "a")
    assert by_id(deduped)["c"].of == ("b",)
    assert {d.id: (d.published, d.cluster) for d in deduped.revised}["b"] == (True, "b")


def test_removal_promotes_another_copy() -> None:
    index = DedupeIndex.open(None)
    batch = [item("a", article(1)), item("b", lightly_edited(1))]
    dedupe(batch, index, stored(batch))
    (revised,) = remove(["a"], index, stored(batch))
    assert (revised.id, revised.published, revised.cluster) == ("b", True, "b")
    later = [item("c", article(1))]
    assert by_id(dedupe(later, index, stored(batch, later)))["c"].of == ("b",)


def test_an_excerpt_is_published_when_its_full_text_is_removed() -> None:
    index = DedupeIndex.open(None)
    batch = [item("f", article(1)), item("e", "".join(sentences(1)[2:8]) + "未完待续")]
    dedupe(batch, index, stored(batch))
    assert [d.id for d in remove(["f"], index, stored(batch)) if d.published] == ["e"]


def test_increments_agree_with_one_batch() -> None:
    items = [item(f"{n}{kind}", text) for n in range(12) for kind, text in _versions(n)]
    random.Random(3).shuffle(items)
    whole = {d.id: d.cluster for d in run(items).decisions}
    index = DedupeIndex.open(None)
    parts: dict[str, str] = {}
    for start in range(0, len(items), 7):
        deduped = dedupe(items[start : start + 7], index, stored(items))
        parts |= {d.id: d.cluster for d in (*deduped.decisions, *deduped.revised)}
    assert compare(whole, parts).agreement >= 0.99


def test_order_changes_no_cluster() -> None:
    items = [item(f"{n}{kind}", text) for n in range(12) for kind, text in _versions(n)]
    clusterings = []
    for seed in range(3):
        random.Random(seed).shuffle(items)
        clusterings.append({d.id: d.cluster for d in run(items).decisions})
    assert compare(clusterings[0], clusterings[1]).agreement >= 0.99
    assert compare(clusterings[0], clusterings[2]).agreement >= 0.99
    assert compare(clusterings[0], clusterings[0]).together_both >= 12


def _versions(number: int) -> list[tuple[str, str]]:
    return [("o", article(number)), ("l", lightly_edited(number)), ("h", heavily_edited(number))]


def test_a_rebuild_finds_the_same_and_says_so() -> None:
    items = [
        item(f"{n}{kind}", text, fetched_at=datetime(2024, 1, 1 + n, tzinfo=UTC))
        for n in range(6)
        for kind, text in _versions(n)
    ]
    index = DedupeIndex.open(None)
    for start in range(0, len(items), 4):
        dedupe(items[start : start + 4], index, stored(items))
    made, difference = rebuild(index, stored(items))
    assert difference.documents == len(items) == len(made.all_members())
    assert difference.agreement == 1.0
    assert difference.publication == ()


def test_a_difference_is_reported() -> None:
    difference = compare({"a": "1", "b": "1", "c": "2"}, {"a": "1", "b": "2", "c": "2"})
    assert (difference.together_before, difference.together_after, difference.together_both) == (1, 1, 0)
    assert difference.agreement == 0.0


@pytest.mark.parametrize("text", ["", "。", "\n\n", "好", "啊" * 50_000, "\ud800", "a" * 300])
def test_odd_texts_are_decided_and_bounded(text: str) -> None:
    deduped = run([item("a", text), item("b", text + "甲"), item("c", article(1))])
    assert [decision.id for decision in deduped.decisions] == ["a", "b", "c"]
    assert by_id(deduped)["c"].relation == "new"


def test_empty_texts_are_not_copies_of_each_other() -> None:
    assert {d.relation for d in run([item("a", ""), item("b", "……")]).decisions} == {"new"}


def test_many_identical_documents_are_one_article() -> None:
    deduped = run([item(f"d{n:04d}", article(1), site="s") for n in range(600)])
    assert sum(decision.published for decision in deduped.decisions) == 1


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("水库大坝加固工程今日开工", article(1), "exact"),
        ("水库大坝加固工程今天开工", article(1), "edited"),
        ("一个全然不同的题目", article(1), "exact"),
        ("水库大坝加固工程今日开工", article(1).replace("，", ","), "normalized"),
        ("水库大坝加固工程今日开工", f"来源：某报 2024-05-01\n{article(1)}", "edited"),
        ("水库大坝加固工程今日开工", f"2024年5月1日 9:30 某某网\n{article(1)}", "edited"),
    ],
)
def test_a_copy_with_a_corrected_title_or_a_line_about_it_is_edited(title: str, text: str, kind: str) -> None:
    first = item("a", article(1), title="水库大坝加固工程今日开工")
    decision = by_id(run([first, item("b", text, title=title)]))["b"]
    assert (decision.relation, decision.kind, decision.of) == ("duplicate", kind, ("a",))


def test_after_some_texts_of_its_form_none_further_is_asked() -> None:
    rest = "".join(sentences(1))
    notices = [
        item(f"n{n}", f"第{n + 3}届比赛于{n + 2}月{n + 5}日在{chr(0x4E00 + 97 * n)}市举行。{rest}")
        for n in range(9)
    ]
    decisions = by_id(run(notices))
    assert {decisions[f"n{n}"].relation for n in range(1, 9)} == {"same_form"}
    assert len(decisions["n8"].of) == OF_ONE_FORM


@pytest.mark.parametrize("size", [20, 200])
def test_a_framed_copy_is_found_among_many_instances_of_a_form(size: int) -> None:
    body = "".join(sentences(1, 8))
    said = [
        f"{chr(0x5000 + 97 * n)}{chr(0x5000 + 61 * n)}公司（{100003 + 7919 * n}）自{n % 12 + 1}月{n % 27 + 1}日起停牌。"
        + body
        for n in range(100)
    ]
    index, notices = DedupeIndex.open(None), [item(f"n{n:02d}", text) for n, text in enumerate(said)]
    copies = [item(f"xcopy{n}", f"{said[n]}\n{''.join(sentences(50 + n, 2))}") for n in (3, 40, 96)]
    every = [*notices, *copies]
    for start in range(0, len(every), size):
        dedupe(every[start : start + size], index, stored(every))
    decided = {member.id: member.decision for member in index.all_members()}
    assert {n: decided[f"xcopy{n}"].cluster for n in (3, 40, 96)} == {3: "n03", 40: "n40", 96: "n96"}
    assert len({decision.cluster for decision in decided.values()}) == len(notices)


def test_a_text_like_two_instances_of_a_form_unites_them_not() -> None:
    body = "".join(sentences(1, 10))
    one, other = (
        f"{firm}自{day}起停牌。{body}" for firm, day in (("青山科技", "3月4日"), ("白河能源", "5月16日"))
    )
    decided = by_id(run([item("a", one), item("b", other), item("c", f"停牌。{body}")]))
    assert decided["b"].relation == "same_form"
    assert decided["c"].of == ("a",)  # of instances of a form the likeliest is asked only
    assert (decided["a"].cluster, decided["b"].cluster, decided["c"].cluster) == ("a", "b", "a")


def test_versions_of_one_article_are_compared_with_its_nearest_only() -> None:
    parts = sentences(1)
    batch = [item(f"v{n:02d}", "".join([*parts, *sentences(100 + n, 3)])) for n in range(9)]
    decisions = by_id(run(batch))
    assert len({decision.cluster for decision in decisions.values()}) == 1
    assert {len(decision.of) for decision in decisions.values()} == {0, 1}


def test_a_passage_of_many_articles_does_not_hide_the_one_copy() -> None:
    tail = "".join(sentences(99, 30))
    pages = [item(f"d{n:02d}", f"{article(n, 8)}\n{tail}") for n in range(30)]
    copy = item("xcopy", f"{lightly_edited(9)[:200]}\n{tail}", title="")
    decisions = by_id(run([*pages, copy]))
    assert (decisions["xcopy"].cluster, decisions["d29"].cluster) == ("d09", "d29")


def test_a_text_with_more_candidates_than_are_verified_says_so() -> None:
    tail = "".join(sentences(99, 40))
    decisions = by_id(run([item(f"d{n:02d}", f"{article(n)}\n{tail}") for n in range(20)]))
    assert {d.rule for name, d in decisions.items() if name <= "d08"} == {"new"}
    assert {d.rule for name, d in decisions.items() if name > "d08"} == {"capped"}


def test_what_is_verified_of_a_text_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers that share a passage are asked three times at most, and once where the version was found."""
    times: list[int] = []
    judge = comparison.judge

    def counted(*given: Any) -> Any:
        times[-1] += 1
        return judge(*given)

    monkeypatch.setattr(comparison, "judge", counted)
    tail = "".join(sentences(99, 40))
    pages = [item(f"d{n:02d}", f"{article(n)}\n{tail}") for n in range(20)]
    copies = [item(f"x{n:02d}", f"{lightly_edited(n)}\n{tail}") for n in range(9, 12)]
    index = DedupeIndex.open(None)
    for page in [*pages, *copies]:
        times.append(0)
        dedupe([page], index, stored([*pages, *copies]))
    assert max(times) == STRANGERS
    assert times[-len(copies) :] == [2, 2, 2]
    assert {member.decision.cluster for member in index.all_members()} == {page.id for page in pages}


def test_no_cluster_is_asked_twice_of_a_text_whether_it_is_of_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    of_a_form = Clusters.is_of_a_form

    def counted(self: Clusters, cluster: str) -> bool:
        asked[cluster] += 1
        return of_a_form(self, cluster)

    tail = "".join(sentences(99, 40))
    pages = [item(f"d{n:02d}", f"{article(n)}\n{tail}") for n in range(20)]
    copy = item("xcopy", f"{lightly_edited(9)}\n{tail}")
    index = DedupeIndex.open(None)
    dedupe(pages, index, stored([*pages, copy]))
    monkeypatch.setattr(Clusters, "is_of_a_form", counted)
    dedupe([copy], index, stored([*pages, copy]))
    assert asked == {"d09": 1}


def test_an_excerpt_of_a_very_long_text_is_found_or_refused_in_words() -> None:
    parts = sentences(1, 12_000)
    long, excerpts = item("long", "".join(parts)), [("head", 5000), ("tail", 11_000)]
    decisions = by_id(run([long, *(item(name, "".join(parts[at : at + 9])) for name, at in excerpts)]))
    assert (decisions["head"].relation, decisions["head"].of) == ("contained_in", ("long",))
    assert (decisions["long"].rule, decisions["tail"].relation) == ("too-long", "new")
    assert decisions["tail"].rule == "beyond"


@pytest.mark.parametrize("names", [("long", "tail", "other"), ("tail", "other", "long")])
@pytest.mark.parametrize("size", [1, 9])
def test_that_a_text_may_stand_behind_what_was_compared_is_told_of_it_too(
    names: tuple[str, ...], size: int
) -> None:
    parts = sentences(1, 12_000)
    texts = {
        "long": "".join(parts),
        "tail": "".join(parts[11_000:11_009]),
        "other": article(1) + "".join(sentences(50, 40)),
    }
    items = [item(name, texts[name]) for name in names]
    index = DedupeIndex.open(None)
    partly: dict[str, str] = {}
    for start in range(0, len(items), size):
        partly |= dedupe(items[start : start + size], index, stored(items)).partly
    assert partly == {"long": "too-long", "tail": "beyond"}


def test_a_text_that_later_ones_will_not_find_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "COMMON", 3)
    tail = "".join(sentences(99, 40))
    pages = [item(f"d{n:02d}", f"{article(n)}\n{tail}") for n in range(5)]
    own = "".join(sentences(50, 2))
    last = item("last", f"{own}\n{tail}")
    partly = run([*pages, last]).partly
    assert {name for name, rule in partly.items() if rule == "unmet"} == {"last"}


def test_no_more_representatives_than_common_are_remembered_by_a_hash_however_many_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one vocabulary, so that all are remembered by a deeper sample; and each text is read for that once."""
    monkeypatch.setattr(candidates, "COMMON", 4)
    monkeypatch.setattr(candidates, "REPRESENTATIVES", 2)
    monkeypatch.setattr(run_module, "RUN", 30)
    deepened: Counter[str] = Counter()
    shingles_of = comparison.Comparison._stored

    def counted(self: comparison.Comparison, members: Any) -> Any:
        deepened.update(member.id for member in members)
        return shingles_of(self, members)

    monkeypatch.setattr(comparison.Comparison, "_stored", counted)
    items = [item(f"n{n:03d}", text, site=f"s{n}") for n, text in enumerate(overlapping(Writer(1), 400))]
    index = DedupeIndex.open(None)
    dedupe(items, index, stored(items))
    hashes = np.concatenate([hashes for hashes, _ in index.postings._runs])
    assert np.unique(hashes, return_counts=True)[1].max() <= 4
    assert deepened
    assert max(deepened.values()) == 1


@pytest.mark.parametrize(("copies", "told"), [(HEADS + 1, ()), (HEADS + 2, ("d000",))])
def test_a_cluster_that_only_its_first_copies_settle_is_told(
    tmp_path: Path, copies: int, told: tuple[str, ...]
) -> None:
    items = [item(f"d{n:03d}", article(1)) for n in range(copies)]
    index = DedupeIndex.open(None)
    assert dedupe(items, index, stored(items)).by_heads == told
    index.write(tmp_path)
    more, other = item("more", article(1)), item("other", article(2))
    index = DedupeIndex.open(tmp_path)
    assert dedupe([other], index, stored(items)).by_heads == ()
    assert dedupe([more], index, stored(items)).by_heads == ("d000",)


def test_what_bounds_a_comparison_is_told_of_related_texts_too() -> None:
    long = "".join(sentences(1, 12_000))
    tail = "".join(sentences(99, 40))
    pages = [item(f"d{n:02d}", f"{article(n)}\n{tail}") for n in range(10)]
    deduped = run([item("long", long), item("same", f"{long}完"), *pages])
    assert by_id(deduped)["same"].relation == "duplicate"
    assert dict(deduped.partly) == {"d09": "capped", "long": "too-long", "same": "too-long"}


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'a'"):
        run([item("a", article(1)), item("a", article(2))])


def test_a_stored_text_that_is_gone_is_not_compared() -> None:
    index = DedupeIndex.open(None)
    run([item("a", article(1))], index)
    later = [item("b", lightly_edited(1))]
    assert relations(dedupe(later, index, stored(later)))["b"][0] == "new"


def test_the_texts_of_a_batch_s_candidates_are_fetched_together() -> None:
    """A look-up reads whole files: one for each text was the most costly part of a build."""
    index = DedupeIndex.open(None)
    first = [item(f"a{n}", article(n)) for n in range(20)]
    texts = stored(first)
    dedupe(first, index, texts)
    asked: list[list[str]] = []

    def counted(names: list[str]) -> dict[str, str]:
        asked.append(list(names))
        return dict(texts(names))

    dedupe([item(f"b{n}", lightly_edited(n)) for n in range(20)], index, counted)  # type: ignore[arg-type]
    assert sorted(name for names in asked for name in names) == sorted(one.id for one in first)
    assert len(asked) == 1


def test_a_copy_that_bears_the_furniture_of_its_origin_is_one() -> None:
    lines = "\n".join(sentences(70, 6))
    pages = [item(f"p{n}", f"{lines}\n{article(n, 8)}", site="origin.example") for n in range(1, 8)]
    copy = item("xcopy", pages[2].text, site="copies.example")
    decided = by_id(run([*pages, copy]))
    assert len({decided[page.id].cluster for page in pages}) == len(pages)
    assert (decided["xcopy"].relation, decided["xcopy"].cluster) == ("duplicate", "p3")
    part = item("xpart", f"{lines}\n" + "".join(sentences(5, 8)[:4]), site="parts.example")
    found = by_id(run([*pages, part]))["xpart"]
    assert (found.relation, found.of) == ("contained_in", ("p5",))


def test_the_number_in_a_title_tells_two_of_a_series() -> None:
    """The line is masked alike on every page; it is the title, and no furniture."""
    body = "\n".join(sentences(3, 12))
    guides = [
        item(
            f"g{n}",
            f"第{n}类车辆的检查办法\n第{n}类车辆每年检查一次，第{n}类车辆的牌照颜色另行规定。\n{article(n, 4)}\n{body}",
            site="guides.example",
            title=f"第{n}类车辆的检查办法",
        )
        for n in range(1, 6)
    ]
    assert len({d.cluster for d in run(guides).decisions}) == len(guides)


def test_pages_of_a_handbook_with_its_contents_below_are_articles() -> None:
    """The contents are ten times as long as a page, and name every one; one page is nothing else."""
    chapters = [f"第{'一二三四五六七八'[n]}章 {sentences(200 + n, 1)[0][:9]}" for n in range(8)]
    contents = "\n".join(line for n in range(8) for line in (chapters[n], *sentences(300 + n, 14)))
    pages = [
        item(
            f"p{n}",
            f"{chapters[n]}\n" + "\n".join(sentences(400 + n, 5)) + f"\n{contents}",
            site="handbook.example",
            title=f"手册: {chapters[n]}",
        )
        for n in range(8)
    ]
    index = item("a-contents", contents, site="handbook.example", title="手册: 目录")
    decided = by_id(run([index, *pages]))
    assert len({decided[page.id].cluster for page in pages}) == len(pages)


def test_all_chapters_of_a_book_are_named() -> None:
    """A book has more of them than a text has candidates, and may be another edition of one that is known."""
    chapters = [item(f"c{n:02d}", article(500 + n, 20)) for n in range(20)]
    book = item("x-book", "\n".join(chapter.text for chapter in chapters))
    for before in ([], [item("x-a-book", "\n".join([article(600), book.text, article(601)]))]):
        index = DedupeIndex.open(None)
        run([*chapters, *before, book], index)
        index.load_links(chapter.id for chapter in chapters)
        held = {link.of for chapter in chapters for link in index.links(chapter.id) if link.id == book.id}
        assert held == {chapter.id for chapter in chapters}


def test_what_is_less_like_it_does_not_bring_a_text_into_the_cluster_of_one_of_its_form() -> None:
    lines = sentences(6, 14)
    buoy, sieve = (
        item(
            name,
            "\n".join([*lines, *(f"把{said}{n}放回原处" for n in "上下左右")]),
            title=f"{said}的用法",
        )
        for name, said in (("buoy", "浮标"), ("sieve", "滤网"))
    )
    bridge = item("bridge", "\n".join([*lines[:9], "。".join(sentences(7, 4))]), title="用法")
    decided = by_id(run([buoy, bridge, sieve]))
    assert decided["bridge"].relation == "duplicate"
    assert by_id(run([bridge, sieve]))["sieve"].relation == "duplicate"
    assert (decided["sieve"].relation, decided["sieve"].cluster) == ("same_form", "sieve")


def test_a_corrected_notice_finds_its_own_among_many_that_only_their_titles_tell_apart() -> None:
    lines = sentences(8, 12)
    notices = [
        item(f"n{n}", "\n".join(lines), title=f"关于{street}路停水的公告")
        for n, street in enumerate("东西南北上下左右前后")
    ]
    corrected = item("x", "\n".join([f"现已更正{lines[0]}", *lines[1:]]), title="关于后路停水的公告")
    assert by_id(run([*notices, corrected]))["x"].of == ("n9",)
