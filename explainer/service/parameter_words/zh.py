"""The words in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.service.parameter_words.shape import ChoiceWords, LocaleWords, PartWords, SettingWords
from retriever.data import BehaviourKind
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import RecommenderConfig
from retriever.recommenders.content import ContentConfig
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig

_HALF_LIFE = SettingWords(
    "您的行为会逐渐淡化：此后每有 {} 次新行为，其作用减半。",
    {"None": "您很久以前的行为与今天的行为作用相同。"},
)
_PARTS: Mapping[type[RecommenderConfig], PartWords] = {
    HybridConfig: PartWords(
        "多种推荐方法相加",
        "每个部分给每件内容打一个分，乘以该部分的权重后相加；在您尚未接触过的内容中，总分最高的会被推荐。"
        "权重的选择使推荐列表最接近人们后来真正喜欢的内容。",
        technical=frozenset({"parts", "weights"}),
    ),
    EaseConfig: PartWords(
        "相同的人喜欢（所有内容一并衡量）",
        "喜欢您所喜欢内容的人还喜欢什么。每件内容只计入其他内容尚不能解释的那一部分。",
        {
            "half_life": _HALF_LIFE,
            "max_items": SettingWords("只了解最受喜欢的 {} 件内容，对其余内容不作判断。"),
            "regularization": SettingWords("对很少有人接触的内容的谨慎程度：{}（越高越谨慎）。"),
        },
    ),
    ItemKnnConfig: PartWords(
        "相同的人喜欢（两两比较）",
        "喜欢某件内容的人，与喜欢您所喜欢内容的人有多大程度的重合。",
        {
            "similarity": SettingWords(
                "人群的比较方式：{}。",
                {
                    "cosine": "同时喜欢两件内容的每个人作用相同。",
                    "tfidf": "喜欢的内容少的人比喜欢的内容多的人作用更大。",
                    "bm25": "喜欢的内容少的人比喜欢的内容多的人作用更大；"
                    "非常多人喜欢的内容，从每个人那里得到的分量更小。",
                },
            ),
            "half_life": _HALF_LIFE,
            "neighbours": SettingWords("每件内容只对与它最接近的 {} 件内容起作用。"),
        },
    ),
    AlsConfig: PartWords(
        "口味的模式",
        "推荐系统从“谁喜欢什么”中发现的模式。这些模式没有名称；您的行为和每件内容都以各模式的强弱来描述。",
        {
            "factors": SettingWords("区分 {} 种模式。"),
            "half_life": _HALF_LIFE,
            "alpha": SettingWords("您喜欢过的内容比未接触过的内容多计的分量：{}。"),
            "regularization": SettingWords("对您了解尚少时的谨慎程度：{}（越高越谨慎）。"),
        },
        technical=frozenset({"iterations", "seed"}),
    ),
    ContentConfig: PartWords(
        "内容讲的是什么",
        "您喜欢的内容的标题、年份、题材或类别以及简介，在含义上与其他内容相比较。新加入的内容只能由这一部分推荐。",
        {
            "neighbours": SettingWords("每件内容只对含义最接近的 {} 件内容起作用。"),
            "half_life": _HALF_LIFE,
        },
    ),
    AttentiveConfig: PartWords(
        "您的哪些行为与这件内容有关",
        "一个神经网络，针对每件内容分别判断您的哪些行为重要：依据内容本身、您做了什么、如何评分以及时间远近。",
        {
            "history_length": SettingWords("只看您最近的 {} 次行为。"),
            "loss": SettingWords(
                "它学会了判断：{}。",
                {
                    "bce": "它学会了判断一个人是否会喜欢某件内容。",
                    "mse": "它学会了判断一个人会给某件内容打几分。",
                },
            ),
        },
        technical=frozenset(
            {
                "dimensions",
                "dropout",
                "smoothing",
                "batch_size",
                "targets",
                "negatives",
                "positive_weight",
                "training",
            }
        ),
    ),
    PopularityConfig: PartWords(
        "很多人喜欢的",
        "喜欢某件内容的人数。对所有人都相同，不看您的任何行为。",
    ),
}
_KINDS = {
    BehaviourKind.VIEW: "浏览",
    BehaviourKind.CLICK: "点击",
    BehaviourKind.PURCHASE: "购买",
    BehaviourKind.RATING: "评分",
    BehaviourKind.REVIEW: "评论",
    BehaviourKind.LIKE: "点赞",
    BehaviourKind.READ: "阅读",
    BehaviourKind.FOLLOW: "关注",
    BehaviourKind.LISTEN: "收听",
}
_NEVER = (
    "您是谁：姓名、年龄、性别、住址、所用设备。推荐系统只得到您对内容做过什么，除此之外对您一无所知。",
    "金钱：某件内容能带来多少收入，或有人愿意为列表中的位置付多少钱。",
    "您写的文字：对于评论，它只知道有这条评论及其评分，不知道内容。",
    "您在别处的任何行为。",
)
_CHOICES = (
    ChoiceWords(
        "POST /v1/users/{user}/exclusions",
        "排除一次行为：它不再影响您的列表，也不再作为理由。POST /v1/users/{user}/preview 可先查看会有什么变化。",
    ),
    ChoiceWords(
        "DELETE /v1/users/{user}/tags/{tag}",
        "删除一个标签：它不再作为理由出现。列表的顺序不会因此改变。",
    ),
    ChoiceWords(
        "PUT /v1/users/{user}/settings",
        "关闭个性化：您看到的是很多人喜欢的内容，与所有人相同，文字中也会说明。",
    ),
    ChoiceWords("POST /v1/behaviours", "给内容评分：评分立即生效，低分会降低相似内容的排名。"),
)
WORDS = LocaleWords(
    parts=_PARTS,
    shares="各内容得分的差异中有多少来自这一部分，依据 {} 人的历史测得。",
    fitted="它从 {people} 人和 {items} 件内容中学习而来。",
    later="此后又加入了 {} 件内容：只有其自身内容能为它们说话。",
    kinds=_KINDS,
    signal="{kind}计 {weight}。",
    ratings="评分达到 {liked} 的计为喜欢，越高分量越大；{disliked} 及以下计为不喜欢，最多计 {weight}；"
    "介于两者之间的不计。神经网络（如有）的分量由它自己学得。",
    never=_NEVER,
    choices=_CHOICES,
    forgotten="该版本的设置已存档，但本程序无法用文字解释其格式。",
)
