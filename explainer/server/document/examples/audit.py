"""What auditors are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from explainer.audit.check import Finding, LogCheck, Trouble
from explainer.server.audits import CompleteRecord
from explainer.server.document.examples.explanations import WAITING
from explainer.server.document.examples.names import EXPLANATION, SHOWN_AT, USER
from explainer.service.audit_records import AuditRecord, Entry, Provenance
from explainer.service.audit_samples import METHOD, Sample
from explainer.service.comparison import TOLERANCE, Difference, Outcome
from explainer.service.replay import ComparedVersion, Replay
from explainer.service.series import Period, Point, Series, Version

_DIGEST = "4f655ce104b4bb5364608b0469079d0457f39eb1f8f9ae4f463c5cab1dde7e06"
_RECORD = AuditRecord(
    explanation={"id": EXPLANATION, "user_id": USER, "text": WAITING.text, "source": "template", "rank": 1},
    evidence=[{"slot": "b1", "title": WAITING.evidence[0].title, "share": 0.7}],
    counterfactual={"explanation_id": EXPLANATION, "record": {"k": 10, "behaviours": ["b-1"], "new_rank": 14}},
    entries=[Entry(118, "explanation.created", EXPLANATION, _DIGEST, SHOWN_AT, matches=True)],
    feedback=[],
    revisions=[],
    upgrade={"explanation_id": EXPLANATION, "state": "done", "reason": ""},
    suppression=None,
    review=None,
    views=[{"viewer": "bob", "role": "support", "ticket": "T-7", "unmasked": False}],
)
_MADE_BY = Provenance(
    prompts=[{"version": WAITING.versions.prompt, "intact": True, "templates": {"customer/fallback.j2": "…"}}],
    models=[{"version": WAITING.versions.recommender, "kind": "recommender", "name": "hybrid"}],
)
_VERSIONS = [
    ComparedVersion("recommender", "9c1f27d0", "9c1f27d0", same=True, needed=True),
    ComparedVersion("writer", "template", "b64c1bac", same=False, needed=False),
]
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    CompleteRecord: (CompleteRecord(_RECORD, _MADE_BY),),
    LogCheck: (
        LogCheck(
            sound=False,
            entries=1204,
            last=1204,
            explanations=1100,
            explanations_without_entry=0,
            records_without_entry=0,
            records_gone=0,
            digests_wrong=1,
            gaps=0,
            unchecked={"key.created": 2},
            findings=[Finding(Trouble.ALTERED, 118, "explanation.created", EXPLANATION)],
        ),
    ),
    Replay: (
        Replay(EXPLANATION, Outcome.EXACT, [], _VERSIONS, TOLERANCE, []),
        Replay(EXPLANATION, Outcome.DIFFERENT, [Difference("rank", 1, 3)], _VERSIONS, TOLERANCE, []),
    ),
    Sample: (Sample("2026-Q4", METHOD, 1100, [EXPLANATION], [_RECORD], _MADE_BY),),
    Series: (
        Series(
            Period.WEEK,
            Version.WRITER,
            [Point(date(2026, 11, 16), "b64c1bac", 420, 9, 0.021, {"unknown_word": 6}, 2, 0, 31, 0.005)],
        ),
    ),
}
TEXTS: Mapping[str, str] = {
    "get_audit_package": "PK… (a zip file: manifest.json, manifest.note, records.jsonl, records.parquet, …)",
    "get_audit_export_csv": f"id,user_id,source,text\n{EXPLANATION},{USER},template,{WAITING.text}\n",
    "get_audit_export_jsonl": msgspec.json.encode(_RECORD).decode() + "\n",
}
