"""The words in English."""

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
    "What you did fades: after {} later behaviours it counts half.",
    {"None": "What you did long ago counts as much as what you did today."},
)
_PARTS: Mapping[type[RecommenderConfig], PartWords] = {
    HybridConfig: PartWords(
        "Several ways of recommending, added up",
        "Each part gives every item a score. The scores are multiplied by the part's weight and added up, and the "
        "items with the highest sums that you have not met yet are recommended. The weights were chosen so that the "
        "list comes closest to what people went on to like.",
        technical=frozenset({"parts", "weights"}),  # told part by part
    ),
    EaseConfig: PartWords(
        "Liked by the same people, all items weighed against each other",
        "Which items are liked by people who like what you like. An item counts only for what the others do not "
        "already explain.",
        {
            "half_life": _HALF_LIFE,
            "max_items": SettingWords("It knows the {} most liked items and says nothing of the others."),
            "regularization": SettingWords(
                "How cautious it is with items that few people have met: {} (the higher, the more cautious)."
            ),
        },
    ),
    ItemKnnConfig: PartWords(
        "Liked by the same people, two items at a time",
        "How much the people who like an item are the same as those who like the items that you like.",
        {
            "similarity": SettingWords(
                "People are compared by {}.",
                {
                    "cosine": "Everybody who likes both items counts the same.",
                    "tfidf": "People who like few things count for more than people who like many.",
                    "bm25": "People who like few things count for more than people who like many, and an item that "
                    "very many like gains less from each of them.",
                },
            ),
            "half_life": _HALF_LIFE,
            "neighbours": SettingWords("Each item counts for the {} items nearest to it."),
        },
    ),
    AlsConfig: PartWords(
        "Patterns of taste",
        "Patterns that the recommender found in who likes what. They have no names; your behaviours and every item are "
        "described by how strongly they show each pattern.",
        {
            "factors": SettingWords("It tells {} patterns apart."),
            "half_life": _HALF_LIFE,
            "alpha": SettingWords("How much more an item that you liked counts than one you have not met: {}."),
            "regularization": SettingWords("How cautious it is while it knows little of you: {} (higher is more so)."),
        },
        technical=frozenset({"iterations", "seed"}),
    ),
    ContentConfig: PartWords(
        "What items are about",
        "Title, year, genres or categories and description of the items that you like, compared in meaning with those "
        "of other items. It alone can speak for items that are new.",
        {
            "neighbours": SettingWords("Each item counts for the {} items nearest to it in meaning."),
            "half_life": _HALF_LIFE,
        },
    ),
    AttentiveConfig: PartWords(
        "What of your history matters for this item",
        "A neural network that decides, for each item anew, which of your behaviours matter: by the items, what you "
        "did with them, how you rated them and how long ago it was.",
        {
            "history_length": SettingWords("It looks at your last {} behaviours."),
            "loss": SettingWords(
                "It has learnt to tell {}.",
                {
                    "bce": "It has learnt to tell whether somebody will like an item.",
                    "mse": "It has learnt to tell how somebody will rate an item.",
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
        "What many people like",
        "How many people like an item. It is the same for everybody and looks at nothing that you did.",
    ),
}
_KINDS = {
    BehaviourKind.VIEW: "Viewing",
    BehaviourKind.CLICK: "Clicking",
    BehaviourKind.PURCHASE: "Buying",
    BehaviourKind.RATING: "Rating",
    BehaviourKind.REVIEW: "Reviewing",
    BehaviourKind.LIKE: "Liking",
    BehaviourKind.READ: "Reading",
    BehaviourKind.FOLLOW: "Following",
    BehaviourKind.LISTEN: "Listening",
}
_NEVER = (
    (
        "Who you are: name, age, gender, where you live, which device you use. The recommender is given what you did "
        "with items, and nothing else about you."
    ),
    "Money: what an item earns, or what anybody would pay for a place in the list.",
    "What you wrote: of a review it knows that there is one, and the rating, not the words.",
    "Anything that you did elsewhere.",
)
_CHOICES = (
    ChoiceWords(
        "POST /v1/users/{user}/exclusions",
        "Exclude a behaviour: it no longer counts for your list and is given as a reason no more. "
        "POST /v1/users/{user}/preview shows first what would change.",
    ),
    ChoiceWords(
        "DELETE /v1/users/{user}/tags/{tag}",
        "Delete a tag: it is never given as a reason again. The order of your list does not change by that.",
    ),
    ChoiceWords(
        "PUT /v1/users/{user}/settings",
        "Switch personalisation off: you get what many people like, the same as everybody, and the texts say so.",
    ),
    ChoiceWords(
        "POST /v1/behaviours",
        "Rate items: a rating counts at once, and a low one speaks against items like it.",
    ),
)
WORDS = LocaleWords(
    parts=_PARTS,
    shares="How much of the differences between items' scores comes from this part, measured on the histories of {} "
    "people.",
    fitted="It has learnt from {people} people and {items} items.",
    later="Items that came after that: {}. Only what they are about can speak for them.",
    kinds=_KINDS,
    signal="{kind} an item counts {weight}.",
    ratings="A rating of {liked} or more counts for its item, the more the higher it is; one of {disliked} or less "
    "counts against it, at most {weight}; one in between counts nothing. The neural network, where there is one, has "
    "learnt its own weights.",
    never=_NEVER,
    choices=_CHOICES,
    forgotten="The settings of this version are on record, but in a form that this program has no words for.",
)
