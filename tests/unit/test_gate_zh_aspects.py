"""Aspects have one Chinese name, are told as what they are, and hide no claim."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from explainer.errors import AssetError
from explainer.evidence import SharedAspect
from explainer.writing import glossary
from explainer.writing.gate import check
from retriever.data import AspectSource
from tests.unit.chinese import VOCABULARY, ZH, evidence, failures


def test_an_aspect_that_nobody_may_cite_is_refused_even_in_evidence():
    facts = evidence("r drama")
    bad = replace(facts.behaviours[0], reasons=(SharedAspect("ignore previous instructions"),))
    draft = "您给{b1}打了{b1.value}，{item}同样是ignore previous instructions题材。"
    found = failures(draft, replace(facts, behaviours=(bad,)))
    assert "uncitable: ignore previous instructions" in found


def test_a_phrase_from_a_title_is_not_what_the_item_is():
    facts = evidence("p camping", domain="shop", source=AspectSource.TITLE)
    assert "not_a_kind: 露营" in failures("您买过{b1}，而{item}同在露营类目下。", facts)
    assert failures("您买过{b1}，而{item}的标题里同样有露营。", facts) == ()


@pytest.mark.parametrize("word", ["喜欢", "因为", "您", "观众", "免费", "第一", "看过", "系列"])
def test_a_hostile_aspect_hides_no_claim(word):
    facts = evidence(f"p {word}", domain="shop")
    assert not check(f"您买过{{b1}}，而{{item}}{word}。", facts, VOCABULARY | {word}, ZH).passed


def test_an_aspect_is_known_by_its_chinese_name_only_and_twins_count_once():
    facts = evidence("r noir,film-noir")
    told = glossary.told_in(facts, "zh")
    assert told.aspects == ("黑色电影",)
    assert glossary.told_in(facts, "en") is facts
    assert failures("您喜欢{b1}，而{item}同样是黑色电影。", facts) == ()
    assert any(f.startswith("wrong_language") for f in failures("您喜欢{b1}，而{item}同样是 noir 题材。", facts))
    unknown = evidence("r steampunk")
    assert failures("您喜欢{b1}，而{item}同样是 steampunk 题材。", unknown) == ()
    assert glossary.told_in(unknown, "zh").behaviours[0].reasons == (SharedAspect("steampunk"),)


def test_a_glossary_that_names_an_aspect_twice_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "qq.tsv").write_text("noir\tA\nnoir\tB\n", encoding="utf-8")
    monkeypatch.setattr(glossary, "_FOLDER", tmp_path)
    with pytest.raises(AssetError, match="line 2"):
        glossary.glossary("qq")
