"""Evidence: the numbered facts that a text may use. Everything a reader sees rests on these records."""

from __future__ import annotations

import msgspec

from retriever.data import AspectSource, BehaviourKind, Polarity


class SharedAspect(msgspec.Struct, frozen=True, tag="shared_aspect"):
    """The behaviour's item and the recommended item carry the same aspect.

    Attributes:
        aspect: The aspect.
        source: ``catalogue`` if both have it from there, ``title`` if it stands in both titles, ``text`` if it stands
            in title or description of both.
    """

    aspect: str
    source: AspectSource = AspectSource.CATALOGUE


class CoOccurrence(msgspec.Struct, frozen=True, tag="co_occurrence"):
    """Of the ``m`` people who liked the behaviour's item, ``n`` also liked the recommended one.

    Attributes:
        n: People who liked both.
        m: People who liked the behaviour's item.
        kind: What was counted: ``like`` for liking (by a like or a good rating), else what the people did with both.
    """

    n: int
    m: int
    kind: BehaviourKind = BehaviourKind.LIKE


class CloseInMeaning(msgspec.Struct, frozen=True, tag="close_in_meaning"):
    """The two items' texts are near in embedding space; ``similarity`` is their cosine, -1 to 1."""

    similarity: float


class SameSeries(msgspec.Struct, frozen=True, tag="same_series"):
    """Both items are parts of one series; ``series`` is its name, as titles write it."""

    series: str


class SameCreator(msgspec.Struct, frozen=True, tag="same_creator"):
    """Both items are by the same person or brand; ``creator`` is the name, as the catalogue writes it."""

    creator: str


Reason = SharedAspect | CoOccurrence | CloseInMeaning | SameSeries | SameCreator


class CitedBehaviour(msgspec.Struct, frozen=True):
    """One behaviour a text may cite, with everything that may be said about it.

    Attributes:
        slot: Name in prompts and drafts: ``b1``, ``b2``, ``b3``, numbered so that equal facts stand together.
        behaviour_id: Id of the behaviour.
        item_id: Id of the item it is about.
        title: Title of that item, as shown.
        kind: What was done.
        polarity: Whether it speaks for its item.
        contribution: How much it moved the recommended item's score, in score units; negative for a low rating that
            speaks against the item.
        share: The contribution over the sum of all positive contributions, 0 to 1; negative likewise.
        reasons: Checked facts that link it to the recommended item; never empty.
        value: The rating, when there is one.
        time: Unix time in seconds, when known.
        merged: Ids of other behaviours that are the same cause (other parts of the series, the same work again, a near
            copy). They counted when causes were chosen; contribution and share are this behaviour's own.
        more_of_series: How many other works of the series that the item belongs to are among them, done likewise.
    """

    slot: str
    behaviour_id: str
    item_id: str
    title: str
    kind: BehaviourKind
    polarity: Polarity
    contribution: float
    share: float
    reasons: tuple[Reason, ...]
    value: float | None = None
    time: int | None = None
    merged: tuple[str, ...] = ()
    more_of_series: int = 0

    @property
    def aspects(self) -> tuple[str, ...]:
        """The aspects shared with the recommended item."""
        return tuple(r.aspect for r in self.reasons if isinstance(r, SharedAspect))

    @property
    def co_occurrence(self) -> CoOccurrence | None:
        """The co-occurrence fact, if it is among the reasons."""
        return next((r for r in self.reasons if isinstance(r, CoOccurrence)), None)

    @property
    def close(self) -> bool:
        """Whether closeness in meaning is among the reasons."""
        return any(isinstance(r, CloseInMeaning) for r in self.reasons)

    @property
    def series(self) -> str:
        """The series it has in common with the recommended item; empty if there is none."""
        return next((r.series for r in self.reasons if isinstance(r, SameSeries)), "")

    @property
    def creator(self) -> str:
        """The maker it has in common with the recommended item; empty if there is none."""
        return next((r.creator for r in self.reasons if isinstance(r, SameCreator)), "")


class Popularity(msgspec.Struct, frozen=True):
    """``n`` of ``m`` people liked the item (or bought it …), which puts it in the catalogue's most liked tenth."""

    n: int
    m: int
    kind: BehaviourKind = BehaviourKind.LIKE


class Standing(msgspec.Struct, frozen=True):
    """How the item ranked and how that was attributed: for support agents and auditors, never for customers.

    Attributes:
        rank: The item's place, from 1.
        of: How many items were ranked.
        model: Name of the recommender.
        method: Name of the attribution method.
        rest: Share of all positive contributions that the cited behaviours leave over, 0 to 1.
        without: The item's place once the cited behaviours are deleted; None where that is not known.
    """

    rank: int
    of: int
    model: str
    method: str
    rest: float
    without: int | None = None


class Evidence(msgspec.Struct, frozen=True):
    """All facts for one explanation.

    Attributes:
        item_id: The recommended item.
        title: Its title, as shown.
        domain: Which wording fits (video, shop, content, social, news).
        value_high: Top of the rating scale, e.g. 5 for stars.
        behaviours: At most three; empty when nothing the user did supports the item. The last may be one that speaks
            against the item, by a low rating: see :attr:`causes`.
        known_user: Whether the user did anything at all; False is a cold start.
        popularity: Set when no behaviour is cited and the item is widely liked.
        causal: Whether deleting the cited behaviours lowers the item's score more than deleting others: only then may a
            text say "because".
        now: Unix time in seconds that "two days ago" is counted from; None says nothing of when.
        standing: Rank and attribution; None where nobody but the customer is to read.
        switched_off: Whether the user has switched personal recommendations off: the list goes by popularity alone.
        all_excluded: Whether the user has excluded all that they did, so that none of it is used.
        withheld: Whether nothing is cited because what speaks for the item most is of a private kind: a text says that
            there is an interest which the user has chosen not to show, and nothing of it.
    """

    item_id: str
    title: str
    domain: str
    value_high: float = 5.0
    behaviours: tuple[CitedBehaviour, ...] = ()
    known_user: bool = True
    popularity: Popularity | None = None
    causal: bool = True
    now: int | None = None
    standing: Standing | None = None
    switched_off: bool = False
    all_excluded: bool = False
    withheld: bool = False

    @property
    def kept_out(self) -> bool:
        """Whether the user has kept us from using anything they did; then a text says so and nothing of taste."""
        return self.switched_off or self.all_excluded

    @property
    def is_new(self) -> bool:
        """Whether the user did nothing yet, and that is why nothing is cited."""
        return not self.known_user and not self.kept_out

    @property
    def causes(self) -> tuple[CitedBehaviour, ...]:
        """The cited behaviours that raised the item's score."""
        return tuple(b for b in self.behaviours if b.polarity is not Polarity.NEGATIVE)

    @property
    def aspects(self) -> tuple[str, ...]:
        """Every aspect that some cited behaviour shares with the item, in order of first mention."""
        return tuple(dict.fromkeys(aspect for b in self.behaviours for aspect in b.aspects))

    @property
    def common_aspects(self) -> tuple[str, ...]:
        """The aspects that all cited behaviours share with the item."""
        return tuple(aspect for aspect in self.aspects if len(self.sharing(aspect)) == len(self.behaviours))

    @property
    def aspect_source(self) -> AspectSource:
        """Where the aspects stand, all of them: the weakest source among them."""
        found = {r.source for b in self.behaviours for r in b.reasons if isinstance(r, SharedAspect)}
        return max(found, key=list(AspectSource).index, default=AspectSource.CATALOGUE)

    def sharing(self, aspect: str) -> tuple[str, ...]:
        """Return the slots of the behaviours that share the aspect with the item."""
        return tuple(b.slot for b in self.behaviours if aspect in b.aspects)
