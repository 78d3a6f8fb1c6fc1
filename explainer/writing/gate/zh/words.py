"""Chinese words that claim something, and what they claim. One list, so that no two rules read a word differently."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from explainer.evidence import Evidence
from retriever.data import BehaviourKind

_KIND = BehaviourKind


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


DOINGS: Mapping[str, frozenset[BehaviourKind]] = {
    "打": frozenset({_KIND.RATING}),
    "打出": frozenset({_KIND.RATING}),
    "打分": frozenset({_KIND.RATING}),
    "打过分": frozenset({_KIND.RATING}),
    "评分": frozenset({_KIND.RATING}),
    "看": frozenset({_KIND.VIEW}),
    "看过": frozenset({_KIND.VIEW}),
    "观看": frozenset({_KIND.VIEW}),
    "浏览": frozenset({_KIND.VIEW}),
    "打开": frozenset({_KIND.VIEW, _KIND.CLICK}),
    "点开": frozenset({_KIND.CLICK}),
    "点击": frozenset({_KIND.CLICK}),
    "买": frozenset({_KIND.PURCHASE}),
    "购买": frozenset({_KIND.PURCHASE}),
    "评论": frozenset({_KIND.REVIEW}),
    "点评": frozenset({_KIND.REVIEW}),
    "读": frozenset({_KIND.READ}),
    "阅读": frozenset({_KIND.READ}),
    "关注": frozenset({_KIND.FOLLOW}),
    "听": frozenset({_KIND.LISTEN}),
    "收听": frozenset({_KIND.LISTEN}),
    "点赞": frozenset({_KIND.LIKE}),
    "赞": frozenset({_KIND.LIKE}),
}
THUMBS = frozenset({"点赞", "赞"})
LIKED = frozenset({"喜欢", "喜爱", "爱看", "高分", "好评", "欣赏", "满意"})
LOW = frozenset({"低", "低分", "偏低", "较低", "只", "仅", "平平"})
CONTRAST = frozenset({"不过", "但", "但是", "尽管", "虽然", "虽", "却", "相反", "然而"})
CAUSES = _listed(
    "因为 是因为 由于 所以 因此 因而 故 故此 缘于 源于 源自 促使 促成 使 使得 让 带来 "
    "带出 引出 原因 主因 起因 理由 缘由 基于 根据 依据 凭 出于 靠 多亏 归功于 决定 推动"
)
CLOSE = frozenset({"相近", "相似", "近似", "接近", "类似", "相仿", "相通"})
SERIES = frozenset({"系列", "同系列"})
POPULAR = frozenset({"热门", "受欢迎", "欢迎"})
PEOPLE = _listed("位 人 人们 用户 观众 读者 顾客 买家 网友 影迷 大家 众人 他们 他人 朋友 同好")
READER = frozenset({"您", "该客户", "该用户"})
SPEAKERS = frozenset({"我们"})
PRONOUNS = frozenset({"它"})
AMONG = frozenset({"中", "里", "当中", "之中"})
JOINTS = frozenset({"、", "和", "及", "以及"})
WITH = frozenset({"与", "跟", "同"})
TAKING = frozenset({"给", "为", "对", "把", "将"})
"""Prepositions that put what something is done to before the verb: 给{b1}打了…"""
CUTS = frozenset({"，", "；", "：", "而", "但", "但是", "不过", "然而", "却", "并", "并且", "而且", "同时", "且"})
ENDS = frozenset({"。", "！", "？"})
MENTIONS = frozenset({"提到", "提及", "写到", "出现", "标题", "介绍", "有", "都有"})
"""One of these stands beside a phrase that is only in titles or texts: it is not what the item is."""

NOUNS: Mapping[str, frozenset[str]] = {
    "video": frozenset({"电影", "影片", "片", "片子", "观众", "部"}),
    "shop": frozenset({"商品", "产品", "顾客", "件"}),
    "content": frozenset({"文章", "篇"}),
    "social": frozenset({"动态", "帖子", "条"}),
    "news": frozenset({"新闻", "报道", "则"}),
}
_ANYWHERE = frozenset({"读者"})
MEASURES = "部件篇条则"
_MEASURED = re.compile(rf"(?P<number>[一两三])?(?P<measure>[{MEASURES}位])")
COUNTING = "一两三"
_COUNTED = {"两": 2, "三": 3, "俩": 2}
_NUMERALS = frozenset("一二两三四五六七八九十百千万亿零几半双俩仨数多")
# "一" that counts nothing.
NUMBERLESS = frozenset({"一样", "一致", "一同", "一个", "一起", "一类", "一项", "一路", "同一", "一脉相承", "同一个"})
_TOGETHER = frozenset({"两者", "两项", "三者", "三项", "两处"})
_NEGATION = frozenset("不没未无非别莫勿否毫缺")
_AFFIRMING = frozenset({"不过", "分别", "类别"})
_CLAIMING = frozenset("看观览买购订阅读听评赞喜爱欢好追藏玩吃用试")
"""Whoever writes a word with one of these says that something was done or liked: listed above, or refused."""
_HARMLESS = frozenset({"读者", "用户", "观众", "该用户", "同好", "引用", "采用", "用"})

_SELLING = re.compile(
    "免费|优惠|折扣|打折|[一二三四五六七八九]折|降价|特价|价格|低价|便宜|划算|实惠|促销|限时|包邮|秒杀|赠|券|元(?!素)|块钱|"
    "最|第一|独家|首选|必看|必买|必读|绝对|唯一|顶级|极致|完美|无敌|冠军|获奖|热销|爆款|畅销|经典|精彩|值得|不容错过"
)

Holds = Callable[[Evidence], bool]
_NEW: Holds = lambda evidence: evidence.is_new  # noqa: E731  one line each, side by side
_UNEXPLAINED: Holds = lambda evidence: (  # noqa: E731
    not (evidence.is_new or evidence.kept_out or evidence.withheld or evidence.causes)
)
_UNPROVEN: Holds = lambda evidence: bool(evidence.causes) and not evidence.causal  # noqa: E731
_OFF: Holds = lambda evidence: evidence.switched_off  # noqa: E731
_EXCLUDED: Holds = lambda evidence: evidence.all_excluded  # noqa: E731
_WITHHELD: Holds = lambda evidence: evidence.withheld  # noqa: E731
_KEPT_OUT: Holds = lambda evidence: evidence.kept_out  # noqa: E731
PHRASES: Mapping[str, Holds] = {
    "还不了解您的口味": _NEW,
    "还不清楚您的口味": _NEW,
    "还不知道您偏爱什么": _NEW,
    "还没有任何行为": _NEW,
    "尚无任何行为": _NEW,
    "尚无行为记录": _NEW,
    "没有哪一项行为能单独解释": _UNEXPLAINED,
    "没有哪一次行为能单独解释": _UNEXPLAINED,
    "找不到哪一项行为能单独解释": _UNEXPLAINED,
    "未引用任何行为": _UNEXPLAINED,
    "删除检验未证实因果": _UNPROVEN,
    "删除检验未能确认因果": _UNPROVEN,
    "因果未获证实": _UNPROVEN,
    "已关闭个性化推荐": _OFF,
    "已排除自己的全部行为": _EXCLUDED,
    "任何一项都不会用于推荐": _EXCLUDED,
    "来自通用榜单": _KEPT_OUT,
    "列在通用榜单里": _KEPT_OUT,
    "选择不显示的一项兴趣有关": _WITHHELD,
}
"""The only places where something is denied, each with when that is true."""
UNPROVEN = frozenset(phrase for phrase, holds in PHRASES.items() if holds is _UNPROVEN)
"""What staff is told where deleting the behaviours confirmed no cause."""
CHOICES: Mapping[str, Holds] = {
    "已关闭个性化推荐": _OFF,
    "已排除自己的全部行为": _EXCLUDED,
    "选择不显示的一项兴趣有关": _WITHHELD,
}
"""What is said to whoever keeps us from using what they did, or from telling of it."""


def plain_form(word: str) -> str:
    """Return a verb without its ending: 买 for 买过 and 买了."""
    stem = word.rstrip("过了")
    return stem if stem in DOINGS else word


def measured(word: str) -> re.Match[str] | None:
    """Return how a measure word counts, e.g. "两" and "部" of 两部; None for any other word."""
    return _MEASURED.fullmatch(word)


def counted_as(word: str) -> int:
    """Return how many things a word says there are; 0 where it says nothing of that."""
    if (found := measured(word)) and found["number"]:
        return _COUNTED.get(found["number"], 0)
    return _COUNTED.get(word[0], 0) if word in _TOGETHER | _COUNTED.keys() else 0


def is_number(word: str) -> bool:
    """Return whether a word says how many in a way that nothing proves."""
    if measured(word) or word in NUMBERLESS | _TOGETHER | {"两", "三"}:
        return False
    return bool(_NUMERALS & set(word))


def is_negation(word: str) -> bool:
    """Return whether a word denies something."""
    return word not in _AFFIRMING and bool(_NEGATION & set(word))


def is_unlisted_claim(word: str) -> bool:
    """Return whether a word says that something was done or liked without being on the lists above."""
    known = plain_form(word) in DOINGS or word in LIKED | POPULAR | _HARMLESS
    return not known and bool(_CLAIMING & set(word))


def selling(text: str) -> str:
    """Return the first word of an offer, a price or a superlative in a text; empty where there is none."""
    found = _SELLING.search(text)
    return found[0] if found else ""


def own_words(domain: str) -> frozenset[str]:
    """Return the words that the domain adds to the vocabulary; other rules check that they are true."""
    return NOUNS.get(domain, frozenset()) | DOINGS.keys() | SERIES | _TOGETHER | {"过", "了"}


def foreign_nouns(domain: str) -> frozenset[str]:
    """Return what items are called, counted by and met by in other domains only: in a shop nothing is 一部电影."""
    foreign = frozenset().union(*(nouns for other, nouns in NOUNS.items() if other != domain))
    return foreign - NOUNS.get(domain, frozenset()) - _ANYWHERE


CLAIMS = DOINGS.keys() | LIKED | LOW | CAUSES | CLOSE | SERIES | POPULAR | READER
"""No aspect has one of these in it."""
RESERVED = CLAIMS | CONTRAST | PEOPLE | PRONOUNS | AMONG | WITH | TAKING | CUTS | frozenset().union(*NOUNS.values())
"""No single one of these is an aspect to the gate, whatever a catalogue says: it would hide a claim."""


def dictionary() -> frozenset[str]:
    """Return the words that a segmenter must keep whole."""
    return frozenset(w for w in RESERVED | NUMBERLESS | _TOGETHER | MENTIONS if len(w) > 1) | _WHOLE


_WHOLE = frozenset({"类目", "栏目", "话题", "排名", "占比", "题材"})
