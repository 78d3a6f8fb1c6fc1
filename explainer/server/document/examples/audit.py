"""What auditors are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from explainer.audit.check import Finding, LogCheck, Trouble
from explainer.audit.proofs import ConsistencyProof, InclusionProof
from explainer.server.audit_proofs import Checkpoints, SignedCheckpoint
from explainer.server.audits import CompleteRecord
from explainer.server.document.examples.explanations import WAITING
from explainer.server.document.examples.names import EXPLANATION, SHOWN_AT, USER
from explainer.service.audit_records import AuditRecord, Entry, Provenance
from explainer.service.audit_samples import METHOD, Sample
from explainer.service.comparison import TOLERANCE, Difference, Outcome
from explainer.service.month.accesses import Accesses, Looks, Viewer
from explainer.service.month.erasures import Erasures
from explainer.service.month.findings import Finding as MonthFinding
from explainer.service.month.findings import Level
from explainer.service.month.log_state import LogState, Look
from explainer.service.month.report import MonthlyReport
from explainer.service.month.texts import Texts, Written
from explainer.service.month.versions import Change, MadeBy, Versions
from explainer.service.month.voices import Said, Voices
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
    views=[{"viewer": "staff-6f1c09d2a4e8b357", "role": "support", "ticket": "T-7", "unmasked": False}],
    private={"religion": 1},
)
_MADE_BY = Provenance(
    prompts=[{"version": WAITING.versions.prompt, "intact": True, "templates": {"customer/fallback.j2": "…"}}],
    models=[{"version": WAITING.versions.recommender, "kind": "recommender", "name": "hybrid"}],
)
_VERSIONS = [
    ComparedVersion("recommender", "9c1f27d0", "9c1f27d0", same=True, needed=True),
    ComparedVersion("writer", "template", "b64c1bac", same=False, needed=False),
]
_ROOTS = ("lfbhWjBPAeHbJKcBRFoJy6nCIbiu3jUfvL2AXIbcgLk=", "kSrdCUX1VYCBDLu4Jjdcr1KPBIAlZuTM8oWtBQZaG0A=")
_NOTE = (
    f"explainer-9f3c2a10\n1204\n{_ROOTS[1]}\nat 2026-11-25T12:00:00+00:00\nafter 1180\n\n"
    "— explainer-9f3c2a10 "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
_CHECKPOINT = SignedCheckpoint("explainer-9f3c2a10", 1204, _ROOTS[1], "2026-11-25T12:00:00+00:00", _NOTE)
_ENTRY = (
    f'{{"at":"2026-11-25T11:58:31.204417+00:00","digest":"{_DIGEST}","event":"explanation.created",'
    f'"record":"{EXPLANATION}","seq":118}}'
)
_SINCE, _UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
_WRITER = "b64c1bac"
_MONTH = MonthlyReport(
    month="2026-11",
    since=_SINCE,
    until=_UNTIL,
    made_at=datetime(2026, 12, 1, 6, tzinfo=UTC),
    over=True,
    findings=[MonthFinding(Level.NOTE, "fallback", {"share": 0.021, "n": 9, "of": 420})],
    texts=Texts(
        explanations=420,
        users=97,
        gone=0,
        by_day=[Written(date(2026, 11, 16), _WRITER, 407, 13, 420, 9, 4)],
        rules={"unknown_word": 6},
        held_back=6,
        causes={"engine_unavailable": 2},
        readers={"en/customer": 420},
        private={"religion": 3},
        with_private=3,
    ),
    voices=Voices(
        of_texts={"wrong": 2},
        by_day=[Said(date(2026, 11, 16), "wrong", 2)],
        received={"wrong": 2},
        opened={"reported": 2, "sampled": 4},
        verdicts={"good": 3, "wrong": 1},
        waiting=2,
        suppressed=1,
        carried_on=0,
    ),
    accesses=Accesses(
        12, 3, 0, 2, 1, [Looks(date(2026, 11, 17), "support", 12)], [Viewer("bob", "support", 12, 3, 0, 2)]
    ),
    erasures=Erasures(2, 0.8, 1.2, {"behaviours": 31, "explanations": 12}, 0),
    versions=Versions(
        [MadeBy("writer", _WRITER, "openvino", SHOWN_AT, SHOWN_AT, 420)],
        [Change("adapter", "en", "promoted", _WRITER, None, None, SHOWN_AT, None, "ada")],
        0,
    ),
    log=LogState(431, 1204, {"explanation.created": 420, "record.viewed": 11}, 30, 1204, Look.NONE),
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    SignedCheckpoint: (_CHECKPOINT,),
    Checkpoints: (Checkpoints([_CHECKPOINT], None),),
    InclusionProof: (InclusionProof(118, _ENTRY, 117, 1204, _ROOTS[0], [_ROOTS[1]], _ROOTS[1], _NOTE),),
    ConsistencyProof: (ConsistencyProof(1180, 1204, [_ROOTS[0]], _ROOTS[0], _ROOTS[1], "", _NOTE),),
    CompleteRecord: (CompleteRecord(_RECORD, _MADE_BY, {"staff-6f1c09d2a4e8b357": "bob"}),),
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
            erased=12,
            erased_but_there=0,
            erasures_unlisted=0,
            retentions_unsealed=0,
            gaps=0,
            unchecked={"person.signed_in": 2},
            findings=[Finding(Trouble.ALTERED, 118, "explanation.created", EXPLANATION)],
        ),
    ),
    Replay: (
        Replay(EXPLANATION, Outcome.EXACT, [], _VERSIONS, TOLERANCE, []),
        Replay(EXPLANATION, Outcome.DIFFERENT, [Difference("rank", 1, 3)], _VERSIONS, TOLERANCE, []),
    ),
    MonthlyReport: (_MONTH,),
    Sample: (Sample("2026-Q4", METHOD, 1100, [EXPLANATION], [_RECORD], _MADE_BY),),
    Series: (
        Series(
            Period.WEEK,
            Version.WRITER,
            [
                Point(
                    date(2026, 11, 16), "b64c1bac", 420, 9, 0.021, {"unknown_word": 6}, {"religion": 3}, 2, 0, 31, 0.005
                )
            ],
        ),
    ),
}
TEXTS: Mapping[str, str] = {
    "get_audit_package": "PK… (a zip file: manifest.json, manifest.note, records.jsonl, records.parquet, …)",
    "get_audit_export_csv": f"id,user_id,source,text\n{EXPLANATION},{USER},template,{WAITING.text}\n",
    "get_audit_export_jsonl": msgspec.json.encode(_RECORD).decode() + "\n",
}
