"""What a service leaves of somebody behind its answers: one row in every table that no request fills."""

from __future__ import annotations

from explainer.audit import log
from explainer.service.review_files import export
from explainer.storage.bulk_tables import PregeneratedRow
from explainer.storage.dead_letters import Failed, settle
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.jobs import COUNTERFACTUAL, ask_for
from explainer.storage.reading_tables import RevisionRow
from explainer.storage.revisions import DONE, await_upgrade, end_upgrade
from explainer.view import revision_record
from explainer.writing.style import Style
from tests.integration.traces import ITEMS, REASON, USER

_LATER = ("text", "draft", "slots", "source", "gate_failures", "prompt_hash", "prompt_version", "writer_version")


def leave_the_rest(database, ids, training, user=USER):
    """Leave a better text, a job, what was written ahead or could not be, and a training set.

    Args:
        database: Where.
        ids: Of the user's explanations, the first of which was judged.
        training: Folder for the training set, which is no part of the service's home.
        user: Of whom.
    """
    export(database, training / "good.jsonl", training / "rejected.jsonl", "operator")
    with database.session() as session:
        settle(session, [user], [Failed(user, ITEMS[0], "write", REASON)], Style())
        row = session.get_one(ExplanationRow, ids[0])
        ask_for(session, COUNTERFACTUAL, [ids[1]], row.recommender_version)
        await_upgrade(session, [row.id])
        revision = RevisionRow(explanation_id=row.id, number=2, **{name: getattr(row, name) for name in _LATER})
        session.add(revision)
        session.flush()
        log.append(session, "explanation.revised", row.id, revision_record(revision), [user])
        end_upgrade(session, row.id, DONE, REASON)
        written_ahead = {name: getattr(row, name) for name in ("item_id", "prompt_hash", "fingerprint")}
        versions = {name: getattr(row, name) for name in ("recommender_version", "writer_version")}
        session.add(PregeneratedRow(user_id=user, explanation_id=row.id, **written_ahead, **versions))
