"""Stores explanations: rows, evidence, versions and audit entries in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.fitting import note_recommender
from explainer.manner import Admit, Along
from explainer.oversight import oversee
from explainer.storage.database import Database
from explainer.storage.erasing import still_known
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.inserting import insert_new
from explainer.storage.jobs import UPGRADE, ask_for
from explainer.storage.pregenerated import rests_on_behaviours
from explainer.storage.revisions import await_upgrade
from explainer.storage.versions import note_model, note_prompt
from explainer.tracing import step
from explainer.view import counterfactual_digested, record_of
from explainer.writing.engines import Engine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from retriever.store import FittedModel


@dataclass(frozen=True, slots=True)
class Makers:
    """What explanations refer to.

    Attributes:
        style: Language and audience.
        library: Their prompts.
        model: What ranked.
        engine: What wrote; None for templates.
        writer: Its version.
    """

    style: Style
    library: PromptLibrary
    model: FittedModel
    engine: Engine | None
    writer: str

    def versions(self) -> set[str]:
        """Return the versions of all of it."""
        return {self.library.version(self.style), self.model.version, self.writer}

    def note(self, session: Session) -> None:
        """Write all of it down, unless it is."""
        style, model, engine = self.style, self.model, self.engine
        version, sources = self.library.version(style), self.library.sources(style)
        note_prompt(session, version, style.locale, style.audience, sources)
        note_recommender(session, model)
        hashes = {} if engine is None else {"model_hash": engine.model_hash, "adapter_hash": engine.adapter_hash}
        note_model(session, self.writer, "writer", "template" if engine is None else engine.name, hashes)


class Keeper:
    """See the module; safe to use from several threads.

    Args:
        database: Where they are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # What this process has seen stored: versions are never removed, so they need not be written down every time.
        self._noted: frozenset[str] = frozenset()

    @step("store")
    def keep(
        self,
        rows: Sequence[ExplanationRow],
        makers: Makers,
        jobs: Mapping[str, Sequence[str]],
        review_percent: float,
        along: Along | None,
        admit: Admit | None = None,
    ) -> Sequence[ExplanationRow]:
        """Write explanations, committed when this returns.

        Args:
            rows: The explanations, with their evidence.
            makers: What they refer to.
            jobs: What is left to do for them: ids by the kind of job.
            review_percent: Of a hundred texts that the model wrote, how many wait for a reviewer.
            along: Stores something in the same transaction.
            admit: Decides in the same transaction which of them are stored, where nobody has asked for them yet; by
                default all are.

        Returns:
            What was stored.

        Raises:
            ConflictError: If the database refuses them.
        """
        versions = makers.versions()
        try:
            with self._database.writing() as session:
                if not versions <= self._noted:
                    makers.note(session)
                if admit is not None:
                    rows = admit(session, rows)
                _write(session, rows)
                oversee(session, rows, review_percent, ahead=admit is not None)
                await_upgrade(session, jobs.get(UPGRADE, ()))
                for kind, ids in jobs.items():
                    ask_for(session, kind, ids, makers.model.version)
                if along is not None:
                    along(session, rows)
        except ConflictError:
            self._noted = frozenset()  # a database that was replaced meanwhile has lost what was written down before
            raise
        self._noted |= versions
        return rows


def _write(session: Session, rows: Sequence[ExplanationRow]) -> None:
    for row in rows:
        for cited in row.evidence:
            cited.explanation_id = row.id
    insert_new(session, rows)
    insert_new(session, [cited for row in rows for cited in row.evidence])
    _require_not_erased(session, rows)
    for row in rows:
        log.append(session, "explanation.created", row.id, record_of(row), [row.user_id])
        if row.counterfactual is not None:
            row.counterfactual.explanation_id = row.id
            session.add(row.counterfactual)
            session.flush()
            found = counterfactual_digested(row.counterfactual)
            log.append(session, "counterfactual.found", row.id, found, [row.user_id])


def _require_not_erased(session: Session, rows: Sequence[ExplanationRow]) -> None:
    """Refuse to store what was made of behaviours that were erased while it was made."""
    users = {row.user_id for row in rows if rests_on_behaviours(row)}
    if users - still_known(session, users):
        raise ConflictError("What this was made of has been erased meanwhile; ask again.")
