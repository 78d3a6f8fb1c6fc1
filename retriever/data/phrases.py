"""Key phrases as aspects for catalogues that give none: "Xbox 360", "Final Fantasy", "sourdough starter".

Candidates are runs of one to four words of a title or description that no punctuation interrupts. A phrase is kept only
if enough items have it, which is also the guard against a hostile title, and not too many; if it is not mostly part
of one longer phrase; and if it tells something about taste: people who met one item with it meet others with it more
often than chance would have them. That is measured by normalised pointwise mutual information (Bouma, "Normalized
(Pointwise) Mutual Information in Collocation Extraction", GSCL 2009), 0 for chance ("black") and 1 for a world of its
own. Phrases are ranked by C-value (Frantzi, Ananiadou and Mima, "Automatic recognition of multi-word terms", IJDL 2000;
with log2(length + 1), so that single words count), which prefers what is frequent, long and rarely just a part.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from retriever.data.model import Aspect, AspectSource, Dataset, Item, item_positions

# Letters and digits, with single hyphens or apostrophes inside; nothing else can get into a phrase.
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
# Decimals ("3.5mm") end a run as punctuation does.
_BREAK = re.compile(r"\S*\d\.\d\S*|[^\w\s'\u2019-]+|_+|\s[-\u2013\u2014]+\s|\s['\u2019]|['\u2019]\s")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
# The library's list of function words has these too, and they are in names: "Call of Duty", "Xbox One".
_IN_NAMES = "back bill bottom call cry fire front interest mill one side system top"
_STOP = ENGLISH_STOP_WORDS - frozenset(_IN_NAMES.split())
# Words that say nothing when alone: about the offer or the text, not about the thing.
_ALONE = (
    "new best free official original complete edition version set pack item items product products volume vol part "
    "says said year years day days week today time people one side top back system"
)
_EMPTY = _STOP | frozenset(_ALONE.split())


class PhraseConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of key phrases.

    Attributes:
        few_aspects: Phrases are looked for only where less than this share of the items has aspects of its own.
        min_items: A phrase must occur for so many items,
        min_share: and for this share of them.
        max_share: What occurs for more than this share of the items tells nothing.
        longest: Most words of a phrase.
        swallowed: A phrase is dropped if a longer one that contains it occurs for this share of its items.
        min_telling: Normalised pointwise mutual information of two items of one person, for phrases of several words,
        min_telling_word: and for single words, which are more often just words.
        per_item: Most phrases an item.
    """

    few_aspects: float = 0.5
    min_items: int = 5
    min_share: float = 0.0005
    max_share: float = 0.2
    longest: int = 4
    swallowed: float = 0.7
    min_telling: float = 0.05
    min_telling_word: float = 0.2
    per_item: int = 5


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Bool sparse [n_items, n_phrases] and the phrases, lower case."""

    matrix: csr_array
    names: list[str]


def with_phrases(dataset: Dataset, config: PhraseConfig | None = None) -> Dataset:
    """Return the dataset with key phrases on the items that have no aspects, if its catalogue mostly lacks them.

    Args:
        dataset: Any dataset.
        config: Settings.
    """
    config = config or PhraseConfig()
    lacking = [item for item in dataset.items if not item.aspects]
    if len(dataset.items) - len(lacking) >= config.few_aspects * len(dataset.items):
        return dataset
    found = key_phrases(dataset, config)
    items = tuple(replace(item, phrases=() if item.aspects else found.get(item.id, ())) for item in dataset.items)
    return replace(dataset, items=items)


def key_phrases(dataset: Dataset, config: PhraseConfig) -> dict[str, tuple[Aspect, ...]]:
    """Return every item's key phrases by item id, most telling first."""
    candidates = _candidates(dataset.items, config)
    if not candidates.names:
        return {}
    counts = np.asarray(candidates.matrix.sum(axis=0)).ravel()
    least = [config.min_telling if " " in name else config.min_telling_word for name in candidates.names]
    telling = _telling(dataset, candidates.matrix) >= np.array(least)
    counted = {name: int(n) for name, n, good in zip(candidates.names, counts, telling, strict=True) if good}
    values = _c_values(_not_swallowed(counted, config.swallowed))
    written = _as_written(dataset.items, values, config)
    return {item.id: _of_item(item, values, written, config) for item in dataset.items}


def _grams(text: str, longest: int) -> Iterator[tuple[str, str]]:
    """Yield (lower case, as written) of every run of words that is fit to be a phrase."""
    for stretch in _BREAK.split(text):
        words = [word.replace("\u2019", "'") for word in _WORD.findall(stretch)]
        for start in range(len(words)):
            for end in range(start + 1, min(start + longest, len(words)) + 1):
                run = words[start:end]
                if _is_fit(run):
                    yield " ".join(run).lower(), " ".join(run)


def _is_fit(run: Sequence[str]) -> bool:
    first, last = run[0].lower(), run[-1].lower()
    if len(run) == 1:
        return first not in _EMPTY and bool(_LETTERS.search(first))
    return first not in _STOP and last not in _STOP and any(_LETTERS.search(word) for word in (first, last))


def _candidates(items: Sequence[Item], config: PhraseConfig) -> _Candidates:
    least = max(config.min_items, int(np.ceil(config.min_share * len(items))))
    most = int(config.max_share * len(items))
    if most < least:
        return _Candidates(csr_array((len(items), 0)), [])
    vectorizer = CountVectorizer(analyzer=lambda item: _item_grams(item, config.longest), binary=True, dtype=np.int32)
    try:
        matrix = csr_array(vectorizer.fit_transform(items))
    except ValueError:  # not one word in the whole catalogue
        return _Candidates(csr_array((len(items), 0)), [])
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    kept = np.flatnonzero((counts >= least) & (counts <= most))
    names = vectorizer.get_feature_names_out()
    return _Candidates(csr_array(matrix[:, kept]), [str(names[column]) for column in kept])


def _item_grams(item: Item, longest: int) -> set[str]:
    return {gram for text in (item.title, item.text) for gram, _ in _grams(text, longest)}


def _telling(dataset: Dataset, matrix: csr_array) -> npt.NDArray[np.float64]:
    """Return each phrase's normalised pointwise mutual information, -1 to 1, float64 [n_phrases].

    The events are that one and that the other of two items of one person have the phrase. Where nobody met two items
    there is nothing to learn taste from, and every phrase counts as telling.
    """
    positions = item_positions(dataset.items)
    met = [[positions[item] for item in sorted(history.items())] for history in dataset.histories.values()]
    rows = np.repeat(np.arange(len(met)), [len(items) for items in met])
    columns = np.array([column for items in met for column in items], dtype=np.int64)
    people = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(met), len(positions)))
    sizes = np.asarray(people.sum(axis=1)).ravel()
    pairs = float((sizes * (sizes - 1)).sum())
    if not pairs:
        return np.ones(matrix.shape[1])
    having = csr_array(people @ matrix)
    met_with = np.asarray(having.sum(axis=0)).ravel()
    both = (np.asarray(having.multiply(having).sum(axis=0)).ravel() - met_with) / pairs
    one = met_with / sizes.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(both / one**2) / -np.log(both)
    return np.where(both > 0, information, -1.0)


def _parts(name: str) -> Iterator[str]:
    """Yield every shorter run of words inside a phrase."""
    words = name.split(" ")
    for size in range(1, len(words)):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _not_swallowed(counts: Mapping[str, int], share: float) -> dict[str, int]:
    gone = {part for name, n in counts.items() for part in _parts(name) if part in counts and n >= share * counts[part]}
    return {name: n for name, n in counts.items() if name not in gone}


def _c_values(counts: Mapping[str, int]) -> dict[str, float]:
    wholes: dict[str, list[int]] = defaultdict(list)
    for name, n in counts.items():
        for part in set(_parts(name)):
            if part in counts:
                wholes[part].append(n)
    return {
        name: float(np.log2(len(name.split(" ")) + 1) * (n - (np.mean(wholes[name]) if name in wholes else 0.0)))
        for name, n in counts.items()
    }


def _as_written(items: Iterable[Item], values: Mapping[str, float], config: PhraseConfig) -> dict[str, str]:
    """Return the way most titles (and texts) write each phrase: "Xbox 360"; ties go to the first in the alphabet."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for text in (item.title, item.text):
            for gram, surface in _grams(text, config.longest):
                if gram in values:
                    seen[gram][surface] += 1
    return {gram: min(forms, key=lambda form: (-forms[form], form)) for gram, forms in seen.items()}


def _of_item(
    item: Item, values: Mapping[str, float], written: Mapping[str, str], config: PhraseConfig
) -> tuple[Aspect, ...]:
    sources: dict[str, AspectSource] = {}
    for source, text in ((AspectSource.TITLE, item.title), (AspectSource.TEXT, item.text)):
        for gram, _ in _grams(text, config.longest):
            if gram in values:
                sources.setdefault(gram, source)
    # Of "Game Boy Advance" the item is about that, not about "Game Boy".
    inner = {part for gram in sources for part in _parts(gram)}
    ranked = sorted(sources.keys() - inner, key=lambda gram: (-values[gram], gram))
    return tuple(Aspect(written[gram], sources[gram]) for gram in ranked[: config.per_item])
