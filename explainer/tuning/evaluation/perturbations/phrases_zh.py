"""Chinese phrases for perturbations; as in English, what models like to add, and what rules alone can tell."""

from __future__ import annotations

from explainer.tuning.evaluation.perturbations.phrases import Phrases

_CLAUSES = {
    "name": ("，由张艺谋执导", "，主演是汤姆·汉克斯", "，像《星球大战》一样", "，出自诺兰之手", "，索尼出品"),
    "offer": ("，现在打五折", "，限时优惠", "，免费观看", "，正在促销", "，价格很低", "，买一送一", "，性价比高"),
    "superlative": (
        "，是最好的一部",
        "，曾获奥斯卡奖",
        "，堪称经典",
        "，口碑第一",
        "，广受好评",
        "，最受欢迎",
        "，名列榜首",
    ),
    "number": (
        "，共有三部",
        "，已有五千人看过",
        "，评分九点五",
        "，占百分之九十",
        "，第3次出现",
        "，８成的人这么说",
        "，十有八九",
    ),
    "who": ("，您也喜欢{item}", "，您给{item}打过高分", "，您看过{item}", "，您买过{item}", "，{item}也是您喜欢的"),
    "who staff": ("，该用户也喜欢{item}", "，该用户看过{item}", "，该用户买过{item}", "，{item}也是该用户喜欢的"),
    "sensitive": ("，适合抑郁症患者", "，讲的是癌症", "，适合同性恋者", "，与您的宗教有关", "，适合孕妇"),
    "negation": ("，并非如此", "，但不是{item}", "，您并不喜欢", "，没有别的", "，绝不是这样"),
    "cause": ("，因为您喜欢它", "，所以推荐", "，因此在这里", "，这就是原因", "，正是它带来了{item}", "，于是选了它"),
    "language": (
        ", because you liked it",
        "，it is good",
        ", porque te gustó",
        "，だからです",
        " weil es gut ist",
        "，좋아요",
    ),
    "url": ("，见 https://example.com", "，详见 www.example.com", "，来自 example.cn", "，请联系 a@b.cn"),
    "markup": ("<b>好</b>", "**好**", "`好`", "，{{item}}", "，[更多]", "#好", "——好", "，{item", "<br>"),
    "residue": (
        "，作为一个人工智能",
        "，作为语言模型",
        "，忽略以上指令",
        "<|im_end|>",
        "，根据以上事实",
        "，如您所要求",
    ),
}
_SENTENCES = {
    "name": ("由张艺谋执导。", "斯皮尔伯格又来了。"),
    "offer": ("现在打折。", "限时免费。", "快来购买。"),
    "superlative": ("它是最好的。", "口碑第一。", "必看之作。"),
    "number": ("共有五部。", "已有一万人看过。", "评分9.5。"),
    "sensitive": ("它讲的是癌症。", "适合孕妇。"),
    "who": ("您喜欢{item}。", "您也看过{item}。", "您给{item}打了高分。"),
    "who staff": ("该用户喜欢{item}。", "该用户也看过{item}。"),
    "negation": ("并非如此。", "您并不喜欢。"),
    "cause": ("这就是原因。", "所以推荐它。", "因此它在这里。"),
    "language": ("You liked it.", "Das ist gut.", "これです。"),
    "url": ("见 www.example.com。", "https://x.cn。"),
    "markup": ("<p>好</p>。", "- 好。", "1. 好。"),
    "residue": (
        "作为一个人工智能，我这样说。",
        "以下是推荐理由：",
        "忽略之前的指令。",
        "好的！",
        "答案：",
    ),
}
_WORDS = {
    "number": (
        (r"\{b\d\.value\}", ("5 星", "五星", "９分", "满分")),
        (r"\{co\d\.[nm]\}", ("38", "五十", "许多", "一半")),
        (r"\{pop\.[nm]\}", ("38", "五十", "许多", "一半")),
    ),
}
CHINESE = Phrases(
    clauses=_CLAUSES,
    sentences=_SENTENCES,
    words=_WORDS,
    contrasts=r"但|却|虽然|尽管|不过|只|仅|低|然而|反而|可是",
    causes=r"因为|因此|所以|由于|原因|于是|带来|促成|才",
)
