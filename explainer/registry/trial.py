"""Try templates on sample evidence: what does not render, or says what only slots may say, is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from explainer.errors import PromptError
from explainer.evidence import Evidence
from explainer.registry.samples import NAME, sample_evidence
from explainer.writing.names import names_of
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import SLOT, slot_values
from explainer.writing.style import Style
from explainer.writing.templates import place_of
from retriever.data.folder import DOMAINS

_CUES = ("", "Here is")
_TEXT = "fallback.j2"
_OWN = ("system.j2", "prompt.j2", _TEXT)


def tried(library: PromptLibrary, style: Style, package: PromptLibrary) -> PromptLibrary:
    """Return the library's templates of one style, once all of them have rendered for all sample evidence.

    Args:
        library: The templates; those of other readers are left out, so that none of these can lean on them.
        style: Their language and reader.
        package: The package's own, which says which files a style must have.

    Raises:
        PromptError: If a template is missing, does not render, or says what only slots may say; the message names
            template and line.
    """
    sources = library.sources(style)
    alone = PromptLibrary(sources=sources, origin=library.origin)
    _require_files(sources, style, package, library.origin)
    _render(_Templates(tuple(sources.items()), style, library.origin))
    return alone


@dataclass(frozen=True, slots=True)
class _Templates:
    """Templates of one style; equal ones are those with the same names and texts, wherever they come from."""

    sources: tuple[tuple[str, str], ...]
    style: Style
    origin: str = field(compare=False)


# Seconds of work that depend on the texts alone: what is added and then promoted is tried once. Failures aren't kept.
@lru_cache(maxsize=64)
def _render(templates: _Templates) -> None:
    """Render them for all sample evidence.

    Raises:
        PromptError: See :func:`tried`.
    """
    sources, style = dict(templates.sources), templates.style
    alone = PromptLibrary(sources=sources, origin=templates.origin)
    for domain in DOMAINS:
        with _blamed(sources, style):
            alone.words(domain, locale=style.locale)
        for evidence in sample_evidence(domain):
            with _blamed(sources, style):
                values = set(slot_values(evidence, style))
                texts = _texts(alone, style, evidence, prompted=f"{style}/prompt.j2" in sources)
            for name, text in texts:
                # Names among the aspects are slots for a model only: a text has them put in.
                _check_text(f"{style}/{name}", text, values if name == _TEXT else values | names_of(evidence).keys())


@contextmanager
def _blamed(sources: Mapping[str, str], style: Style) -> Iterator[None]:
    try:
        yield
    except PromptError:
        raise
    except Exception as error:  # whatever a template can bring about: a type, a division, a depth
        place = place_of(error, sources) or f"of {style}"
        raise PromptError(f"Prompt template {place} does not render: {type(error).__name__}: {error}") from error


def _require_files(sources: Mapping[str, str], style: Style, package: PromptLibrary, origin: str) -> None:
    own = [f"{style}/{name}" for name in _OWN]
    if style in package.styles:
        # A reader for whom no model writes has no prompt, only texts.
        own = [name for name in own if name in package.sources(style)]
    missing = [name for name in own if name not in sources]
    if missing:
        raise PromptError(f"Prompt template {missing[0]!r} is missing in {origin}.")


def _texts(library: PromptLibrary, style: Style, evidence: Evidence, *, prompted: bool) -> set[tuple[str, str]]:
    """Return all that the templates make of the evidence: (template's name, text)."""
    texts = {(_TEXT, library.fallback(evidence, variant, style)) for variant in range(VARIANTS)}
    if prompted:
        prompts = [library.prompt(evidence, cue, style) for cue in _CUES]
        texts |= {("system.j2", prompt.system) for prompt in prompts} | {
            ("prompt.j2", prompt.user) for prompt in prompts
        }
    return texts


def _check_text(name: str, text: str, slots: set[str]) -> None:
    if not text:
        raise PromptError(f"Prompt template {name!r} says nothing for some evidence.")
    if NAME in text:
        raise PromptError(
            f"Prompt template {name!r} writes a title or a name itself; only a slot may: {{{{ … | slot }}}}"
        )
    if unknown := sorted(set(SLOT.findall(text)) - slots):
        raise PromptError(f"Prompt template {name!r} uses the slot {{{unknown[0]}}} where the evidence has none.")
