"""The gate's rules in Chinese one by one: staff, causes, and those of whom nothing is cited."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from explainer.writing.gate import check
from retriever.data import BehaviourKind
from tests.unit.chinese import NOIR, VOCABULARY, ZH, evidence, failures

STAFF_LIES = [
    ("{b1}排名第{rank}，{item}与之同属黑色电影题材，占{b1.share}。", "misplaced: rank"),
    ("{item}排名第{rank}。主因是{b1}，两部都是黑色电影。", "missing_slot: b1.share"),
    (
        "{item}排名第{rank}。主因是{b1}（{b1.share}），两部都是黑色电影。去掉{item}后，将排到第{cf.rank}名。",
        "misplaced",
    ),
    ("{item}排名第{cf.rank}。主因是{b1}（{b1.share}），两部都是黑色电影，第{rank}。", "misplaced: cf.rank"),
    ("{item}排名第{rank}。主因是{b1}（{b1.share}），两部都是黑色电影。{item}占{b1.share}。", "misattached: b1.share"),
    (
        "{item}排名第{cf.rank}。主因是{b1}（{b1.share}），两部都是黑色电影。去掉{b1}后，将排到第{rank}名。",
        "misplaced: rank",
    ),
    ("{item}排名第{n}。主因是{b1}（{b1.share}），两部都是黑色电影，第{rank}。", "misplaced: n"),
    ("{item}由{writer}排在第{rank}。主因是{b1}（{b1.share}），两部都是黑色电影。", "misplaced: writer"),
    ("{item}排名第{rank}。主因是{b1}（{b1.share}），两部都是黑色电影，{b1}占{rest.share}。", "misplaced: rest.share"),
    ("{item}排名第{rank}。主因是{b1}（{b1.share}，两部都是黑色电影。", "unfinished: （"),
]


@pytest.mark.parametrize(("draft", "rule"), STAFF_LIES)
def test_what_only_staff_is_told_is_checked_too(draft, rule):
    found = failures(draft, evidence(*NOIR), "support")
    assert any(failure.startswith(rule) for failure in found), found


@pytest.mark.parametrize("audience", ["support", "auditor"])
def test_staff_is_told_that_no_cause_was_proven(audience):
    facts = replace(evidence(*NOIR), causal=False)
    draft = {
        "support": "{item}排名第{rank}，与该客户喜欢的{b1}（{b1.share}）同属黑色电影题材，删除检验未证实因果。",
        "auditor": "由{model}在{n}部电影里排第{rank}。归因方法为{method}，{b1}占{b1.share}，其余占{rest.share}。"
        "删除检验未证实因果。文本由{writer}生成。",
    }[audience]
    assert failures(draft, facts, audience) == ()
    silent = draft.replace("，删除检验未证实因果", "").replace("删除检验未证实因果。", "")
    assert failures(silent, facts, audience) == ("unsaid: no proven cause",)
    proven = failures(draft, evidence(*NOIR), audience)
    assert proven == ("unfounded_claim: 删除检验未证实因果",)


@pytest.mark.parametrize("slot", ["rank", "b1.share", "model", "cf.rank"])
def test_customers_are_told_no_ranks_and_shares(slot):
    draft = f"您喜欢{{b1}}，而{{item}}同样是黑色电影，{{{slot}}}。"
    assert f"unknown_slot: {slot}" in failures(draft, evidence(*NOIR))


@pytest.mark.parametrize("word", ["因为", "由于", "所以", "因此"])
def test_without_a_proven_cause_nothing_is_said_to_be_one(word):
    draft = f"{word}您喜欢{{b1}}，{{item}}也是黑色电影。"
    cited = evidence(*NOIR)
    allowed = VOCABULARY | {word}
    assert check(draft, cited, allowed, ZH).passed
    assert f"unproven_cause: {word}" in check(draft, replace(cited, causal=False), allowed, ZH).failures
    nothing = evidence()
    assert f"unfounded_because: {word}" in check(f"{word}您在这里，推荐{{item}}。", nothing, allowed, ZH).failures


NOTHING_DONE = [
    ({"popular": None}, "{item}在这里很受欢迎。", "people_claim"),
    ({"popular": BehaviourKind.VIEW}, "{pop.m}位观众中，有{pop.n}位喜欢{item}。", "people_claim: 喜欢"),
    ({"popular": BehaviourKind.VIEW}, "{pop.n}位观众中，有{pop.m}位看过{item}。", "count_claim"),
    ({"popular": BehaviourKind.VIEW}, "有{pop.n}位观众看过{item}。", "half_count"),
    ({"popular": BehaviourKind.VIEW}, "您看过{item}，{pop.m}位观众中，有{pop.n}位看过它。", "misattached: 看"),
    ({"known": True}, "我们还不了解您的口味，先为您推荐{item}。", "unfounded_claim: 还不了解您的口味"),
    ({"known": False}, "没有哪一项行为能单独解释{item}。", "unfounded_claim"),
    ({"known": False}, "{item}与您的口味相近，先推荐它。", "unfounded_claim: 相近"),
]


@pytest.mark.parametrize(("more", "draft", "rule"), NOTHING_DONE)
def test_where_nothing_is_cited_nothing_is_claimed_of_the_reader(more, draft, rule):
    found = failures(draft, evidence(**more))
    assert any(failure.startswith(rule) for failure in found), found
