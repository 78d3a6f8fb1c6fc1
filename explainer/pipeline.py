"""The one place where the steps meet: history → candidates → attribution → evidence → text → stored."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from explainer.attribution import Attributor
from explainer.attribution.defaults import default_attributor
from explainer.attribution.unmoved import Unmoved
from explainer.audit import log
from explainer.cases import Asking, Case, CaseMaker
from explainer.errors import ConflictError
from explainer.evidence import EvidenceBuilder
from explainer.storage.catalogue import (
    behaviour_titles,
    counted_kinds,
    dataset_row,
    load_dataset,
    load_history,
    load_item,
)
from explainer.storage.choices import load_choices
from explainer.storage.database import Database
from explainer.storage.explanations import find_shown
from explainer.storage.hidden import hidden_aspects
from explainer.storage.tables import EvidenceRow, ExplanationRow, now
from explainer.storage.versions import note_model, note_prompt
from explainer.tags import UserTags
from explainer.view import counterfactual_record, record_of
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import is_outdated
from explainer.writing.style import Style
from explainer.writing.texts import Request, Written
from explainer.writing.writer import Writer
from retriever.data import History, Item
from retriever.retrieve import Recommendation, met_items, rank_of, recommend
from retriever.statistics import PeopleCounts, counts_by_kind
from retriever.store import FittedModel

# The list that a single item is judged by, when no list was asked for.
USUAL_LIST = 10


class Explainer:
    """Recommends, explains and stores.

    Args:
        database: Where items, behaviours and explanations live.
        model: The fitted recommender.
        writer: Turns evidence into text.
        attributor: Computes contributions.
        notes: What it has to do without, for those who watch it.
    """

    def __init__(
        self,
        database: Database,
        model: FittedModel,
        writer: Writer,
        attributor: Attributor | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.database = database
        self.model = model
        self.writer = writer
        self.notes = tuple(notes)
        with database.session() as session:
            self.domain = dataset_row(session).domain
            people = _people(session, model)
        evidence = EvidenceBuilder(model, self.domain, people=people)
        self._cases = CaseMaker(model.recommender, attributor or default_attributor(model.recommender), evidence)
        self._popular = CaseMaker(model.by_popularity(), Unmoved(), evidence)

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
        with self.database.session() as session:
            history, choices = load_history(session, user), load_choices(session, user)
            hidden = hidden_aspects(session, user)
        set_aside = choices.set_aside(history)
        return Asking(history.set_aside(set_aside), k, hidden, set_aside, not choices.personalised)

    def cases(self, asking: Asking) -> CaseMaker:
        """Return what ranks and explains this list: by popularity alone if its user has switched the rest off."""
        return self._popular if asking.switched_off else self._cases

    @cached_property
    def tags(self) -> UserTags:
        """Users' tags, by the catalogue that the recommender knows."""
        model = self.model.recommender
        return UserTags(self.database, model.catalogue.items, model.scale)

    def titles(self, user: str) -> dict[str, str]:
        """Return the title of what each of the user's behaviours is about, by the behaviour's id."""
        with self.database.session() as session:
            return behaviour_titles(session, user)

    def recommendations(self, user: str, k: int) -> list[Recommendation]:
        """Return the user's k best unmet items."""
        return self.best(self.asking(user, None), k)

    def best(self, asking: Asking, k: int) -> list[Recommendation]:
        """Return the k best unmet items of the list."""
        return recommend(self.cases(asking).recommender, asking.history, k)

    def explain_top(
        self, user: str, k: int, style: Style | None = None, *, reuse: bool = False
    ) -> list[ExplanationRow]:
        """Explain the user's k best items and store it; with ``reuse``, show again what was stored and still holds."""
        asking = self.asking(user, k)
        return self._explain(asking, self.best(asking, k), style or Style(), reuse=reuse)

    def explain_items(
        self, user: str, items: Sequence[str], style: Style | None = None, *, reuse: bool = False
    ) -> list[ExplanationRow]:
        """Explain these items for the user and store it.

        Raises:
            NotFoundError: If an item is not in the catalogue.
            UnknownItemError: If the recommender knows no such item, and nothing has told it of new ones.
            ConflictError: If the user has met an item already: it would never be recommended.
        """
        asking = self.asking(user, USUAL_LIST)
        with self.database.session() as session:
            known = [load_item(session, item) for item in items]
        targets = [self._target(asking, item) for item in known]
        return self._explain(asking, targets, style or Style(), reuse=reuse)

    def _target(self, asking: Asking, item: Item) -> Recommendation:
        model, history = self.cases(asking).recommender, asking.history
        if met_items(model, history)[model.catalogue.position(item.id)]:
            raise ConflictError(
                f"User {history.user!r} has met item {item.id!r} already; it is not recommended to them."
            )
        return Recommendation(item, *rank_of(model, history, item.id), model.catalogue.is_cold(item.id))

    def _explain(
        self, asking: Asking, targets: Sequence[Recommendation], style: Style, *, reuse: bool
    ) -> list[ExplanationRow]:
        history = asking.history
        # Chosen once: what is promoted meanwhile must not come between the fingerprint, the text and what is stored.
        library = self.writer.prompts.for_user(history.user, style)
        fingerprint = self._fingerprint(asking, style, library)
        shown = self._shown(history.user, targets, fingerprint) if reuse else {}
        cases = [self.cases(asking).case(asking, target) for target in targets if target.item.id not in shown]
        requests = [Request(case.evidence, history.user) for case in cases]
        # No transaction is open while the model writes: seconds of a held lock would stop every other writer.
        texts = self.writer.write(requests, style, library)
        rows = [self._row(asking, case, text, style, fingerprint) for case, text in zip(cases, texts, strict=True)]
        self._store(rows, style, library)
        made = {row.item_id: row for row in rows} | shown
        return [made[target.item.id] for target in targets]

    def _shown(self, user: str, targets: Sequence[Recommendation], fingerprint: str) -> dict[str, ExplanationRow]:
        with self.database.session() as session:
            found = find_shown(session, user, {target.item.id: fingerprint for target in targets})
        return {item: row for item, row in found.items() if not _is_outdated(row)}

    @property
    def writer_version(self) -> str:
        """Hash of engine, base model and adapter; ``template`` when there is no engine."""
        engine = self.writer.engine
        if engine is None:
            return "template"
        return _hash(engine.name, engine.model_hash, engine.adapter_hash)

    def _fingerprint(self, asking: Asking, style: Style, library: PromptLibrary) -> str:
        version = library.version(style)
        behaviours = [behaviour.id for behaviour in asking.history.behaviours]
        made_by = (self.model.version, self.writer_version, version, style.locale, style.audience)
        return _hash(*made_by, repr(asking.record()), *behaviours)

    def _row(self, asking: Asking, case: Case, written: Written, style: Style, fingerprint: str) -> ExplanationRow:
        history, evidence, attribution = asking.history, case.evidence, case.attribution
        pairs = zip(history.behaviours, attribution.contributions, strict=True)
        return ExplanationRow(
            id=str(uuid.uuid4()),
            user_id=history.user,
            item_id=evidence.item_id,
            fingerprint=fingerprint,
            title=evidence.title,
            rank=case.target.rank,
            score=case.target.score,
            base_score=attribution.base,
            method=attribution.method,
            contributions={behaviour.id: contribution for behaviour, contribution in pairs},
            order=[history.behaviours[place].id for place in attribution.order],
            verdict=msgspec.to_builtins(case.verdict),
            counterfactual=msgspec.to_builtins(counterfactual_record(history, case.counterfactual)),
            popularity=msgspec.to_builtins(evidence.popularity),
            known_user=evidence.known_user,
            text=written.text,
            draft=written.draft,
            slots=written.slots,
            source=written.source,
            gate_failures=list(written.failures),
            locale=style.locale,
            audience=style.audience,
            prompt_hash=written.prompt_hash,
            prompt_version=written.prompt_version,
            recommender_version=self.model.version,
            writer_version=self.writer_version,
            created_at=now(),
            # "Two days ago" is counted from here, so a replay needs no other clock.
            asked=asking.record() | {"now": evidence.now},
            evidence=[_evidence_row(cited) for cited in msgspec.to_builtins(evidence.behaviours)],
        )

    def _store(self, rows: Sequence[ExplanationRow], style: Style, library: PromptLibrary) -> None:
        """Write explanations, evidence and audit entries in one transaction, committed when this returns."""
        if not rows:
            return
        with self.database.session() as session:
            self._note_versions(session, style, library)
            session.add_all(rows)
            session.flush()
            for row in rows:
                log.append(session, "explanation.created", row.id, record_of(row))

    def _note_versions(self, session: Session, style: Style, library: PromptLibrary) -> None:
        engine, version = self.writer.engine, library.version(style)
        note_prompt(session, version, style.locale, style.audience, library.sources(style))
        config = msgspec.to_builtins(self.model.recommender.config)
        details = {"config": config, "data_hash": self.model.data_hash, "encoder": self.model.encoder}
        note_model(session, self.model.version, "recommender", self.model.recommender.name, details)
        hashes = {} if engine is None else {"model_hash": engine.model_hash, "adapter_hash": engine.adapter_hash}
        note_model(session, self.writer_version, "writer", "template" if engine is None else engine.name, hashes)


def _people(session: Session, model: FittedModel) -> PeopleCounts:
    """Return the counts that a reason may quote, of people who liked, or bought, or read."""
    kinds = counted_kinds(session)
    if len(kinds) <= 1:
        return dict.fromkeys(kinds, model.counts)  # one kind only: the model has counted just that
    scale = model.recommender.scale
    return counts_by_kind(model.recommender.catalogue, load_dataset(session).behaviours, scale)


def _is_outdated(row: ExplanationRow) -> bool:
    times = {cited.slot: cited.time for cited in row.evidence}
    return is_outdated(row.draft, row.slots, times, int(time.time()), row.locale)


def _evidence_row(cited: dict[str, Any]) -> EvidenceRow:
    fields = {key: cited[key] for key in ("slot", "behaviour_id", "item_id", "title", "kind", "value", "time")}
    return EvidenceRow(
        **fields,
        contribution=cited["contribution"],
        share=cited["share"],
        reasons=list(cited["reasons"]),
        merged=list(cited["merged"]),
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
