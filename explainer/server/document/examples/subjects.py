"""What is answered when somebody is erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.document.examples.names import LATER, SHOP, SHOWN_AT
from explainer.service.subject.receipts import Proof, Receipt, TrainingSet

_ID = "5b0c8b86-0d5e-4b0b-8f0b-3f1f8a0f6f57"
_CODE = "7825d158b891982d4d233e1d038c22eac2b632ca5922ee938112f225872a9bda"
_COUNTS = {"behaviours": 15, "evidence": 5, "explanations": 3, "audit_salts": 4, "audit_subjects": 4}
_SET = TrainingSet("0b8f7a52-3c1d-4f6e-9a47-5d2c8e1b7f30", "b4" * 32)
_ADAPTER = "a3" * 32
_RECORD = {
    "id": _ID,
    "code": _CODE,
    "by": SHOP,
    "requested_at": "2026-01-31T12:00:00.000000+00:00",
    "ended_at": "2026-01-31T12:00:02.000000+00:00",
    "counts": _COUNTS,
    "entries": [[1, 4]],
    "training": ["9c1f27d0"],
    "corpora": [{"id": _SET.id, "sha256": _SET.sha256}],
    "lines": ["review-2f6d1f0e-7c55-4b6e-9a0c-1f0f5a7f7d11"],
    "adapters": [_ADAPTER],
}
_PROOF = Proof(
    seq=5,
    event="erasure.done",
    at=LATER,
    digest="9e5673151b8d4fd354ac3986d1cb26ce42cabcc4906f55a57c798c54c2804130",
    salt="47a208d4dc9aabfa02f598b1998515a1",
    record=_RECORD,
    size=5,
    root="3Yub28SyOe3HWL0UWP7ksRrd/lPM6cdpSM2U3nWbnyw=",
    hashes=["0iCgPPiFweHjbF7mlEEQRbZkDFHMfkXUxiCoEUM4mOQ="],
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    TrainingSet: (_SET,),
    Receipt: (
        Receipt(
            _ID,
            _CODE,
            SHOWN_AT,
            LATER,
            2.0,
            _COUNTS,
            ["9c1f27d0"],
            cleared=True,
            proof=_PROOF,
            corpora=[_SET],
            adapters=[_ADAPTER],
        ),
    ),
}
TEXTS: Mapping[str, str] = {"get_user_export": "PK\x03\x04…"}
