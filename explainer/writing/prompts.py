"""Prompts: Jinja2 templates rendered from evidence, with slots only, versioned by what they say.

Autoescape is off on purpose: these templates make plain text for a model or for a slot-filled sentence, never HTML;
escaping there would put ``&amp;`` into sentences. HTML is made by the server's own templates, which do escape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from jinja2 import TemplateError, TemplateNotFound

from explainer.errors import PromptError
from explainer.evidence import Evidence
from explainer.paths import resource_dir
from explainer.writing.ago import ago
from explainer.writing.aspects import as_kind
from explainer.writing.glossary import told_in
from explainer.writing.names import by_slot
from explainer.writing.phrasing import put_better
from explainer.writing.slots import slot_values
from explainer.writing.style import Style
from explainer.writing.templates import make_environment, place_of, read_templates
from retriever.data import BehaviourKind

VARIANTS = 12
"""Divisible by twice every template's number of phrasings."""
_MOST_TIMED = 2
_SCOPE_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine gets. It is canonical: equal facts give equal prompts, whoever the user is.

    Attributes:
        system: The standing instruction.
        user: The facts, slots only.
        version: Content hash of the templates that made it.
    """

    system: str
    user: str
    version: str

    @property
    def hash(self) -> str:
        """SHA-256 of the whole prompt, hexadecimal."""
        return hashlib.sha256(f"{self.system}\x00{self.user}".encode()).hexdigest()


class DomainWords(msgspec.Struct, frozen=True):
    """How a domain speaks.

    Attributes:
        noun: What an item is called.
        plural: What several are called.
        verbs: What each kind of behaviour is called, in the past: "bought", "listened to".
        filed: How an item carries an aspect: "is filed under".
        shelf: What items of one aspect share: "shelf", "section".
        shelves: What items of several aspects share: "sections".
        kinship: In what respect items near in meaning are close: "in spirit".
    """

    noun: str
    plural: str
    verbs: dict[BehaviourKind, str]
    filed: str
    shelf: str
    shelves: str
    kinship: str


class PromptLibrary:
    """The templates of one folder, or templates that were kept elsewhere, word for word.

    Args:
        root: Folder with ``<locale>/<audience>/*.j2``; the package's own by default.
        sources: Templates by relative path, instead of a folder.
        origin: Where the sources come from, as error messages say it.

    Raises:
        PromptError: If there is no such folder, or a file in it cannot be read.
    """

    def __init__(
        self, root: Path | None = None, *, sources: Mapping[str, str] | None = None, origin: str = "memory"
    ) -> None:
        if sources is None:
            folder = root or resource_dir("prompts")
            sources, origin = read_templates(folder), str(folder)
        # One snapshot for the life of the library: a file edited meanwhile is not part of this version.
        self._sources, self.origin = dict(sources), origin
        self._versions: dict[Style, str] = {}
        self._environment = make_environment(self._sources)
        self._environment.filters["slot"] = lambda name: f"{{{name}}}"
        self._environment.filters["kind"] = as_kind
        self._environment.tests["contains"] = lambda terms, term: term in terms

    def for_user(self, user: str, style: Style) -> PromptLibrary:  # noqa: ARG002  everyone has this one
        """Return the library itself: the simplest :class:`~explainer.writing.choice.PromptChoice`."""
        return self

    def of_version(self, version: str, style: Style) -> PromptLibrary:
        """Return the library itself.

        Raises:
            PromptError: If it is another version.
        """
        if self.version(style) != version:
            raise PromptError(f"The prompts in {self.origin} were changed meanwhile; do it again.")
        return self

    def prompt(self, evidence: Evidence, cue: str = "", style: Style | None = None) -> Prompt:
        """Return the canonical prompt for the evidence.

        Args:
            evidence: The facts.
            cue: The words that the text should begin with (see :mod:`explainer.writing.cues`); empty leaves it free.
            style: Reader and language; a customer in English by default.

        Raises:
            PromptError: If a template is missing or broken.
        """
        style = style or Style()
        evidence = by_slot(evidence)
        folder = f"{style.locale}/{style.audience}"
        system = self._render(f"{folder}/system.j2", evidence, style, cue=cue)
        user = self._render(f"{folder}/prompt.j2", evidence, style, cue=cue)
        return Prompt(system, user, self.version(style))

    def fallback(self, evidence: Evidence, variant: int, style: Style | None = None) -> str:
        """Return the template's own draft (with slots) for the evidence.

        Args:
            evidence: The facts. A low rating that speaks against the item is left out for customers.
            variant: Picks the phrasing, below :data:`VARIANTS`; the upper half also says when it was, where that
                is known and reads well.
            style: Reader and language; a customer in English by default.
        """
        style = style or Style()
        draft = self.plain_fallback(evidence, variant, style)
        return put_better(draft, evidence) if style.locale == "en" else draft

    def plain_fallback(self, evidence: Evidence, variant: int, style: Style) -> str:
        """Return :meth:`fallback` as the template has it, before equal ratings are told once and the like."""
        if style.is_customer:
            evidence = msgspec.structs.replace(evidence, behaviours=evidence.causes)
        timed = _timed(evidence, style.locale) if variant >= VARIANTS // 2 else frozenset()
        name = f"{style.locale}/{style.audience}/fallback.j2"
        return self._render(name, evidence, style, locale=style.locale, variant=variant, timed=timed)

    def words(self, domain: str, *, locale: str = "en") -> DomainWords:
        """Return how the domain speaks, as its template says.

        Raises:
            PromptError: If the locale has no wording for the domain, or an incomplete one.
        """
        name = f"{locale}/domains/{domain}.j2"
        try:
            module = self._environment.get_template(name).module
            return msgspec.convert(vars(module), DomainWords)
        except TemplateNotFound as error:
            raise PromptError(f"Prompt template {error.name!r} is missing in {self.origin}.") from error
        except (TemplateError, msgspec.ValidationError) as error:
            place = place_of(error, self._sources) or repr(name)
            raise PromptError(f"Prompt template {place} is incomplete: {error}") from error

    def version(self, style: Style) -> str:
        """Return the SHA-256 over every template that a prompt or a fallback for this reader can touch."""
        if style not in self._versions:
            digest = hashlib.sha256()
            for name, text in self.sources(style).items():
                digest.update(f"{name}\x00{text}\x00".encode())
            self._versions[style] = digest.hexdigest()
        return self._versions[style]

    @property
    def styles(self) -> list[Style]:
        """Every reader and language that there are templates for."""
        folders = {tuple(name.split("/")[:-1]) for name in self._sources}
        found = sorted(f for f in folders if len(f) == _SCOPE_DEPTH and f[1] != "domains")
        return [Style(*f) for f in found]

    def sources(self, style: Style) -> dict[str, str]:
        """Return the templates for this reader, and what they import, by relative path.

        Raises:
            PromptError: If there are no templates for the reader.
        """
        own, shared = f"{style.locale}/{style.audience}/", f"{style.locale}/domains/"
        if not any(name.startswith(own) for name in self._sources):
            raise PromptError(
                f"There are no prompts for locale {style.locale!r} and audience {style.audience!r} in {self.origin}."
            )
        common = f"{style.locale}/"
        return {
            name: text
            for name, text in self._sources.items()
            if name.startswith((own, shared)) or (name.startswith(common) and name.count("/") == 1)
        }

    def _render(self, name: str, evidence: Evidence, style: Style, **variables: object) -> str:
        try:
            template = self._environment.get_template(name)
            evidence = told_in(evidence, style.locale)
            slots = slot_values(evidence, style).keys()
            return template.render(evidence=evidence, slots=slots, **variables).strip()
        except TemplateNotFound as error:
            raise PromptError(f"Prompt template {error.name!r} is missing in {self.origin}.") from error
        except TemplateError as error:
            place = place_of(error, self._sources) or repr(name)
            raise PromptError(f"Prompt template {place} does not render: {error}") from error


def _timed(evidence: Evidence, locale: str) -> frozenset[str]:
    """Return the slots of the behaviours of which a text may say when.

    Of one, or of two at different times: "A two days ago and B two days ago" is a list, not a sentence.
    """
    times = {b.slot: ago(b.time, evidence.now, locale) for b in evidence.behaviours}
    if len(times) > _MOST_TIMED or None in times.values() or len(set(times.values())) < len(times):
        return frozenset()
    return frozenset(times)
