"""What explanations can be searched by, as query parameters; the same in every address that searches."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from explainer.server.moments import MomentParameter, between
from explainer.storage.listing import Search
from explainer.writing.style import AUDIENCES, LOCALES, known_locale

IdParameter = Annotated[str | None, QueryParameter(min_length=1, max_length=200)]
SourceParameter = Annotated[str | None, QueryParameter(pattern="^(model|template)$")]
LocaleParameter = Annotated[
    str | None, QueryParameter(schema_extra={"enum": list(LOCALES)}, description="Language the texts were written in.")
]
AudienceParameter = Annotated[str | None, QueryParameter(pattern=f"^({'|'.join(AUDIENCES)})$")]
VersionParameter = Annotated[
    str | None,
    QueryParameter(min_length=6, max_length=64, pattern="^[0-9a-z]+$", description="A version, or how it begins."),
]
ComplainedParameter = Annotated[
    bool | None, QueryParameter(description="Whether somebody found the text wrong or offensive.")
]


def searching(
    user: IdParameter = None,
    item: IdParameter = None,
    source: SourceParameter = None,
    since: MomentParameter = None,
    until: MomentParameter = None,
    locale: LocaleParameter = None,
    audience: AudienceParameter = None,
    recommender: VersionParameter = None,
    writer: VersionParameter = None,
    prompt: VersionParameter = None,
    complained: ComplainedParameter = None,
) -> Search:
    """Return the search that a request's query is; a dependency of handlers.

    Raises:
        LocaleError: If there are no texts in the language.
        ValidationException: If a moment is none, or if the two leave no time.
    """
    language = None if locale is None else known_locale(locale)
    moments = between(since, until)
    return Search(user, item, source, *moments, language, audience, recommender, writer, prompt, complained)
