"""Where slots for ratings, shares, times, series, makers and ranks may stand: in phrases that are sure to be true.

Chinese texts are mostly templates', so each slot has its few phrases, and every other place is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainer.evidence import Evidence
from explainer.writing.gate.tokens import Token, TokenKind
from explainer.writing.gate.zh.objects import is_of_people, objects, things
from explainer.writing.gate.zh.tokens import is_measure, segments, sentences
from explainer.writing.gate.zh.words import DOINGS, LIKED, NOUNS, SERIES

_ALL = frozenset({"它们", "这些", "两者", "三者", "全部", "上述"})
_WITHOUT = frozenset({"去掉", "除去", "移除", "删去", "删除"})
_BEFORE = {
    "rank": frozenset({"第"}),
    "model": frozenset({"由", "模型", "推荐器", "经"}),
    "method": frozenset({"方法", "以", "用", "按", "采用", "为", "经", "是"}),
    "writer": frozenset({"由", "出自", "是", "来自"}),
    "creator": frozenset({"出自", "来自", "由"}),
    "more": frozenset({"另外", "另"}),
}
# What the rest of the segment says of the name, so that nobody says that the writer ranked and the model wrote.
_ABOUT = {
    "model": frozenset({"排", "排名", "排序", "模型", "推荐器"}),
    "method": frozenset({"归因", "方法", "计算"}),
    "writer": frozenset({"文本", "撰写", "生成"}),
}
_LEFT = frozenset({"其余", "剩余", "余下", "其他"})
_OUT_OF = frozenset({"在", "共", "从", "全部"})


def misplaced(tokens: Sequence[Token], evidence: Evidence) -> Iterator[str]:
    """Yield ``misplaced: slot`` or ``misattached: slot`` for every slot outside of its phrases."""
    causes = {b.slot for b in evidence.causes}
    earlier: Sequence[str] = ()
    for sentence in sentences(tokens):
        for segment in segments(sentence):
            yield from _figures(segment, earlier)
            for index, token in enumerate(segment):
                if token.kind is TokenKind.SLOT and not _fits(segment, index, earlier, evidence.domain):
                    yield f"misplaced: {token.text}"
            earlier = things(segment) or earlier
        yield from _ranks(sentence, causes)


def _figures(segment: Sequence[Token], earlier: Sequence[str]) -> Iterator[str]:
    """Ratings and shares belong to the behaviours that their segment names, each to its own, in order."""
    for figure in (".value", ".share"):
        slots = [t.text for t in segment if t.kind is TokenKind.SLOT and t.text[0] == "b" and t.text.endswith(figure)]
        owners = [slot.split(".")[0] for slot in slots]
        if not owners:
            continue
        named = list(things(segment))
        behaviours = [name for name in named if name != "item"]
        if owners != (behaviours if named else list(earlier)) or is_of_people(segment):
            yield f"misattached: {slots[0]}"


def _fits(segment: Sequence[Token], index: int, earlier: Sequence[str], domain: str) -> bool:
    slot, _, what = segment[index].text.partition(".")
    what = what if slot[0] == "b" and slot not in _BEFORE else slot
    left = segment[index - 1].text if index else ""
    following = segment[index + 1] if index + 1 < len(segment) else None
    if what == "when":
        return _is_time_of(segment, index, slot, earlier)
    if what == "series":
        return following is not None and following.text in SERIES
    if what == "more":
        counted = following is not None and is_measure(following) and following.text in NOUNS.get(domain, frozenset())
        own = (things(segment) or tuple(earlier)) == (slot,) and bool({t.text for t in segment} & SERIES)
        return left in _BEFORE[what] and counted and own
    if what == "rest":
        return bool({t.text for t in segment} & _LEFT) and not things(segment)
    if what == "rank" and things(segment[:index])[-1:] not in {(), ("item",)}:
        return False  # only the recommended item has one
    return what not in _BEFORE or (left in _BEFORE[what] and _is_said_of(what, segment))


def _is_said_of(what: str, segment: Sequence[Token]) -> bool:
    """Return whether a segment speaks of what a name is the name of, and of nothing that another one is."""
    words = {t.text for t in segment}
    others = [said for name, said in _ABOUT.items() if name != what]
    return what not in _ABOUT or (bool(words & _ABOUT[what]) and not any(words & said for said in others))


def _is_time_of(segment: Sequence[Token], index: int, slot: str, earlier: Sequence[str]) -> bool:
    """Return whether the next thing that the reader did after a time was done to the time's own behaviour."""
    if is_of_people(segment):
        return False
    acts = DOINGS.keys() | LIKED | {"给"}
    act = next((n for n in range(index + 1, len(segment)) if segment[n].text in acts), None)
    if act is None:
        return False
    act = next((n for n in range(act, len(segment)) if segment[n].text in DOINGS.keys() | LIKED), act)
    return list(objects(segment, act, earlier)) == [slot]


def _ranks(sentence: Sequence[Token], causes: set[str]) -> Iterator[str]:
    """A rank is the item's own; the one without what is cited names all of that, and stands after 去掉 or the like."""
    texts = [t.text for t in sentence]
    if "cf.rank" in texts:
        at = texts.index("cf.rank")
        named = causes <= set(texts[:at]) or bool(_ALL & set(texts[:at]))
        after = max((n for n in range(at) if texts[n] == "后"), default=at)
        own = set(things(sentence[after:at])) <= {"item"} and after < at
        if not (_WITHOUT & set(texts[:at]) and named and own and texts[at - 1] == "第"):
            yield "misplaced: cf.rank"
    for place, text in enumerate(texts):
        if text == "rank" and _WITHOUT & set(texts[:place]):
            yield "misplaced: rank"
        if text == "n" and not (place and texts[place - 1] in _OUT_OF and "rank" in texts):
            yield "misplaced: n"
