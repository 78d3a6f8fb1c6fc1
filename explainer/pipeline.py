"""The one place where the steps meet: history → candidates → attribution → evidence → text → stored."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from explainer.attribution import Attributor
from explainer.attribution.defaults import default_attributor
from explainer.attribution.unmoved import Unmoved
from explainer.cases import Asking, CaseMaker
from explainer.due import Due
from explainer.evidence import EvidenceBuilder
from explainer.evidence.firewall import Firewall, load_lists
from explainer.judging import judge_catalogue
from explainer.keeper import Keeper, Makers
from explainer.manner import Afterwards, Manner, Unfinished
from explainer.missing import ask_for_missing, is_listed
from explainer.quoted_counts import people_of
from explainer.rows import Stamp, counterfactual_row, explanation_row
from explainer.storage.catalogue import (
    behaviour_titles,
    dataset_row,
    load_history,
    load_item,
)
from explainer.storage.choices import load_choices
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import still_shown
from explainer.storage.jobs import COUNTERFACTUAL, UPGRADE
from explainer.storage.private import private_behaviours
from explainer.tags import UserTags
from explainer.tallies import Tallies
from explainer.underway import Underway
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request
from explainer.writing.writer import Writer
from retriever.data import History
from retriever.index import IndexMaker, make_index
from retriever.retrieve import Recommendation
from retriever.statistics import PeopleCounts
from retriever.store import FittedModel

# The list that a single item is judged by, when no list was asked for.
USUAL_LIST = 10
_Wanted = TypeVar("_Wanted")


class Explainer:
    """Recommends, explains and stores.

    Args:
        database: Where items, behaviours and explanations live.
        model: The fitted recommender.
        writer: Turns evidence into text.
        attributor: Computes contributions.
        notes: What it has to do without, for those who watch it.
        afterwards: Does what is left after the answer: texts that were shown before the model had written are bettered,
            and counterfactuals found. Without it the first texts stay, and counterfactuals are found before the
            answer, which then takes twice as long.
        firewall: Judges what is private, and knows what no text says; by default by shipped terms, if nobody has.

    Attributes:
        underway: Who waits for an answer, as far as whoever serves says so.
        index: Makes what finds the nearest of items that come later.
    """

    review_percent = 1.0
    """Of a hundred texts that the model wrote, how many wait for a reviewer."""
    adapter: str | None = None
    """Version of the adapter in production that its writer was made for; None is the one of the package."""

    def __init__(
        self,
        database: Database,
        model: FittedModel,
        writer: Writer,
        attributor: Attributor | None = None,
        notes: Sequence[str] = (),
        afterwards: Afterwards | None = None,
        firewall: Firewall | None = None,
    ) -> None:
        self.database = database
        self.writer = writer
        self.notes = tuple(notes)
        self.afterwards = afterwards
        self.underway = Underway()
        self.index: IndexMaker = make_index
        self.firewall = firewall or Firewall(load_lists())
        judge_catalogue(database, self.firewall, again=firewall is not None)
        with database.session() as session:
            self.domain = dataset_row(session).domain
        people = people_of(database, model)
        self.tallies = Tallies()
        self.keeper = Keeper(database)
        self._attributor = attributor
        self._know(model, people)

    def _know(self, model: FittedModel, people: PeopleCounts) -> None:
        """Take a model, and everything that is made from it."""
        self.model, self._people = model, people
        evidence = EvidenceBuilder(model, self.domain, people=people, private_words=self.firewall.words)
        attributor = self._attributor or default_attributor(model.recommender)
        self._cases = CaseMaker(model.recommender, attributor, evidence)
        self._popular = CaseMaker(model.by_popularity(), Unmoved(), evidence)

    def with_model(self, model: FittedModel) -> Explainer:
        """Return this pipeline over another state of its model; this one stays as it is, for requests under way.

        Args:
            model: The same fit, with as many items behind the fitted ones or more.
        """
        other = copy.copy(self)
        other.__dict__.pop("tags", None)  # made from the model when they are first asked for
        catalogue = model.recommender.catalogue
        other._know(model, {kind: counts.extended(catalogue) for kind, counts in self._people.items()})  # noqa: SLF001
        return other

    def with_writer(self, writer: Writer, adapter: str | None) -> Explainer:
        """Return this pipeline with another writer; this one goes on with its own, for requests under way.

        Args:
            writer: What writes.
            adapter: Version of the adapter in production that it was made for; None is the one of the package.
        """
        other = copy.copy(self)
        other.writer, other.adapter, other.notes = writer, adapter, ()  # notes are of what no writer could be made of
        return other

    def check(self) -> None:
        """Check that the database can be used.

        Raises:
            NotReadyError: If its schema is old, it is empty, or it cannot be reached.
        """
        self.database.require_current()
        with self.database.session() as session:
            dataset_row(session)

    def history(self, user: str) -> History:
        """Return the user's history without what they set aside; a user we never met has an empty one."""
        return self.asking(user, None).history

    def asking(self, user: str, k: int | None) -> Asking:
        """Return whose list is explained, as the user has chosen: what they did, and what of it must not be used.

        Args:
            user: Whose list.
            k: Its length; None where no counterfactual is wanted.
        """
        with self.database.look() as connection:
            history, choices = load_history(connection, user), load_choices(connection, user)
            private = private_behaviours(connection, user)
        set_aside = choices.set_aside(history)
        return Asking(history.set_aside(set_aside), k, choices.hidden, set_aside, not choices.personalised, private)

    def cases(self, asking: Asking) -> CaseMaker:
        """Return what ranks and explains this list: by popularity alone if its user has switched the rest off."""
        return self._popular if asking.switched_off else self._cases

    @cached_property
    def tags(self) -> UserTags:
        """Users' tags, by the catalogue that the recommender knows."""
        model = self.model.recommender
        return UserTags(self.database, model.catalogue.items, model.scale, self.firewall.words)

    def titles(self, user: str) -> dict[str, str]:
        """Return the title of what each of the user's behaviours is about, by the behaviour's id."""
        with self.database.session() as session:
            return behaviour_titles(session, user)

    def recommendations(self, user: str, k: int) -> list[Recommendation]:
        """Return the user's k best unmet items."""
        return self.best(self.asking(user, None), k)

    def best(self, asking: Asking, k: int) -> list[Recommendation]:
        """Return the k best unmet items of the list."""
        return self.cases(asking).best(asking.history, k)

    def explain_top(
        self, user: str, k: int, style: Style | None = None, manner: Manner | None = None, *, reuse: bool = False
    ) -> list[ExplanationRow]:
        """Explain the user's k best items and store it; with ``reuse``, show again what was stored and still holds."""
        return self._explain(self.due(user, k, style or Style(), reuse=reuse), manner or Manner())

    def due(self, user: str, k: int, style: Style, *, reuse: bool) -> Due:
        """Return the list of the user's k best items, and which of them are still to be explained.

        Args:
            user: Whose.
            k: Its length.
            style: Reader and language.
            reuse: Whether what was stored before and still holds need not be explained again.
        """
        asking = self.asking(user, k)
        ranking = self.cases(asking).once()
        return self._due(asking, ranking, ranking.best(asking.history, k), style, reuse=reuse)

    def explain_items(
        self,
        user: str,
        items: Sequence[str],
        style: Style | None = None,
        manner: Manner | None = None,
        *,
        reuse: bool = False,
    ) -> list[ExplanationRow]:
        """Explain these items for the user and store it; one that is named again is explained once, where it was first.

        Raises:
            NotFoundError: If an item is not in the catalogue.
            UnknownItemError: If the recommender knows no such item, and nothing has told it of new ones.
            ConflictError: If the user has met an item already: it would never be recommended.
        """
        asking = self.asking(user, USUAL_LIST)
        with self.database.session() as session:
            known = [load_item(session, item) for item in dict.fromkeys(items)]
        ranking = self.cases(asking).once()
        targets = [ranking.standing(asking.history, item) for item in known]
        return self._explain(self._due(asking, ranking, targets, style or Style(), reuse=reuse), manner or Manner())

    def _due(
        self, asking: Asking, ranking: CaseMaker, targets: Sequence[Recommendation], style: Style, *, reuse: bool
    ) -> Due:
        user = asking.history.user
        # Chosen once: what is promoted meanwhile must not come between the fingerprint, the text and what is stored.
        library = self.writer.prompts.for_user(user, style)
        stamp = Stamp(style, self._fingerprint(asking, style, library), self.model.version, self.writer_version)
        shown = self._shown(user, targets, stamp.fingerprint) if reuse else {}
        return Due(asking, ranking, tuple(targets), library, stamp, shown)

    def _explain(self, due: Due, manner: Manner) -> list[ExplanationRow]:
        asking, ranking, library, style = due.asking, due.ranking, due.library, due.stamp.style
        cases = [ranking.case(asking, target, style) for target in due.missing]
        requests = [Request(case.evidence, asking.history.user) for case in cases]
        # No transaction is open while the model writes: seconds of a held lock would stop every other writer.
        texts = self.writer.write(requests, style, library, ask=manner.ask)
        asked = asking.record() | {"surface": manner.surface}
        made_of = zip(cases, texts, strict=True)
        rows = [explanation_row(asking.history, case, text, due.stamp, asked) for case, text in made_of]
        unfinished = [
            Unfinished(row.id, request, style, library)
            for row, request, text in zip(rows, requests, texts, strict=True)
            if text.unfinished
        ]
        unfinished = self._as_many(UPGRADE, unfinished)
        jobs = {UPGRADE: [one.id for one in unfinished]}
        if self.afterwards is None:
            for row in rows:
                found = ranking.counterfactual(asking, row.item_id, row.rank)
                row.counterfactual = counterfactual_row(found, asking.history)
        else:
            jobs[COUNTERFACTUAL] = self._as_many(COUNTERFACTUAL, [row.id for row in rows if is_listed(row, asking)])
        if rows or manner.along is not None:
            self.keeper.keep(rows, self.makers(style, library), jobs, self.review_percent, manner.along)
        if self.afterwards is not None:
            more = ask_for_missing(self.database, self.afterwards, due)
            if more or any(jobs.values()):
                self.afterwards.stored(unfinished)
        self.tallies.add(texts, style.locale)
        self.tallies.add_private((asking.private or {}).values(), len(rows))
        made = {**{row.item_id: row for row in rows}, **due.shown}
        return [made[target.item.id] for target in due.targets]

    def makers(self, style: Style, library: PromptLibrary) -> Makers:
        """Return what explanations for this reader, written with these prompts, refer to."""
        return Makers(style, library, self.model, self.writer.engine, self.writer_version)

    def _as_many(self, kind: str, wanted: list[_Wanted]) -> list[_Wanted]:
        """Return as many as there is room for among the jobs of a kind."""
        if self.afterwards is None or not wanted:
            return []
        return wanted[: self.afterwards.room(kind)]

    def _shown(self, user: str, targets: Sequence[Recommendation], fingerprint: str) -> dict[str, ExplanationRow]:
        with self.database.session() as session:
            return still_shown(session, user, {target.item.id: fingerprint for target in targets})

    @property
    def writer_version(self) -> str:
        """Hash of engine, base model and adapter; ``template`` when there is no engine."""
        engine = self.writer.engine
        if engine is None:
            return "template"
        return _hash(engine.name, engine.model_hash, engine.adapter_hash)

    def _fingerprint(self, asking: Asking, style: Style, library: PromptLibrary) -> str:
        behaviours = [behaviour.id for behaviour in asking.history.behaviours]
        words = self.firewall.words.version  # what was shown may name what is private by now
        made_by = (self.model.version, self.writer_version, library.version(style), style.locale, style.audience)
        return _hash(*made_by, words, repr(asking.record()), *behaviours)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
