"""What the API takes and gives."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import PathParameter, QueryParameter

from explainer.service.shown import ShownExplanation
from explainer.writing.style import AUDIENCES, CUSTOMER, LOCALES
from retriever.data import Aspect
from retriever.data.cleaning import LONGEST_ID

MAX_K = 50
MOST_BEHAVIOURS = 1000
"""That one request may name."""
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
UserInPath = Annotated[str, PathParameter(min_length=1, max_length=LONGEST_ID)]
CursorParameter = Annotated[str | None, QueryParameter(max_length=2000)]
"""A behaviour's id is in it, which may be 200 characters of any script."""
# A plain string, and the choices in the schema: a wrong one is then refused by an error that says which there are.
Locale = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(LOCALES)})]


Audience = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(AUDIENCES)})]


class ExplanationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for explanations of one item, of several, or of the user's best k.

    Attributes:
        user: Whose recommendations; a user without behaviours gets honest cold-start texts.
        item: One item.
        items: Several items; each is explained once, however often it is named.
        k: The user's k best unmet items.
        locale: Language of the texts.
        audience: Who reads them: customer, support or auditor.
        surface: Where they will be shown, e.g. ``home`` or ``mail``; kept with the explanation.
    """

    user: Identifier
    item: Identifier | None = None
    items: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=MAX_K)] | None = None
    k: Annotated[int, msgspec.Meta(ge=1, le=MAX_K)] | None = None
    locale: Locale = "en"
    audience: Audience = CUSTOMER
    surface: Annotated[str, msgspec.Meta(max_length=60, pattern="^[A-Za-z0-9._-]*$")] = ""

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.item, self.items, self.k)) != 1:
            raise ValueError("give exactly one of item, items and k")

    @property
    def named(self) -> list[str]:
        """The items that are asked for by their ids."""
        return self.items or ([] if self.item is None else [self.item])


class Explanations(msgspec.Struct, frozen=True):
    """The stored explanations, in the order asked for, each once."""

    explanations: list[ShownExplanation]


class ExplanationPage(msgspec.Struct, frozen=True):
    """Some explanations, newest first; ``next`` is the cursor of the following page, None after the last."""

    explanations: list[ShownExplanation]
    next: str | None


class RecommendedItem(msgspec.Struct, frozen=True):
    """One recommended item.

    Attributes:
        item: Its id.
        title: What people call it.
        year: Year of release, when known.
        aspects: What the catalogue says of it.
        phrases: Aspects found in title or description where the catalogue has none.
        rank: Place in the list, from 1.
        score: The recommender's score.
        cold: Whether it came after the recommender was fitted, so that only its text spoke for it.
    """

    item: str
    title: str
    year: int | None
    aspects: tuple[str, ...]
    phrases: tuple[Aspect, ...]
    rank: int
    score: float
    cold: bool


class Recommendations(msgspec.Struct, frozen=True):
    """The user's list.

    Attributes:
        user: Whose.
        cold_start: Whether we know nothing of them, so that it is only what many like.
        personalised: False if they have switched personal recommendations off: it goes by popularity alone.
        recommendations: The items, best first.
    """

    user: str
    cold_start: bool
    personalised: bool
    recommendations: list[RecommendedItem]


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask what a list would be without some behaviours.

    Attributes:
        exclude: Ids of behaviours, or of items: then all that the user did with them; to name one again adds nothing.
        k: Length of the list.
        locale: Language of the texts.
    """

    exclude: Annotated[list[Identifier], msgspec.Meta(min_length=1, max_length=MOST_BEHAVIOURS)]
    k: Annotated[int, msgspec.Meta(ge=1, le=MAX_K)] = 10
    locale: Locale = "en"


class PreviewedItem(msgspec.Struct, frozen=True):
    """One item of the new list; ``was`` is its rank in the old one, None if it is new there."""

    item: str
    title: str
    rank: int
    was: int | None
    text: str


class PreviewedList(msgspec.Struct, frozen=True):
    """The list as it would be, and what would leave it; nothing was stored.

    Attributes:
        user: Whose.
        exclude: Ids of the behaviours left out of account, besides those that the user has excluded already.
        recommendations: The new list.
        gone: Ids of the items that are only in the old list,
        new: and of those that are only in the new one.
    """

    user: str
    exclude: list[str]
    recommendations: list[PreviewedItem]
    gone: list[str]
    new: list[str]


class Health(msgspec.Struct, frozen=True):
    """Whether the service can work, and if not, or not fully, why."""

    status: str
    reasons: list[str] = []
