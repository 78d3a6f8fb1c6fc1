"""What is answered when somebody is erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.document.examples.names import LATER, SHOP, SHOWN_AT
from explainer.service.subject.receipts import Proof, Receipt

_ID = "5b0c8b86-0d5e-4b0b-8f0b-3f1f8a0f6f57"
_CODE = "7825d158b891982d4d233e1d038c22eac2b632ca5922ee938112f225872a9bda"
_COUNTS = {"behaviours": 15, "evidence": 5, "explanations": 3, "audit_salts": 4, "audit_subjects": 4}
_RECORD = {
    "id": _ID,
    "code": _CODE,
    "by": SHOP,
    "requested_at": "2026-01-31T12:00:00.000000+00:00",
    "ended_at": "2026-01-31T12:00:02.000000+00:00",
    "counts": _COUNTS,
    "entries": [[1, 4]],
    "training": ["9c1f27d0"],
}
_PROOF = Proof(
    seq=5,
    event="erasure.done",
    at=LATER,
    digest="22e99693c797becbeb81ed1aa48945dbe3ef9c9534b568a5d769d56a0b5463b9",
    salt="47a208d4dc9aabfa02f598b1998515a1",
    record=_RECORD,
    size=5,
    root="zePlzfF29BRU6Ix2xQmckWhA690gy9+sIHGaWf3vD80=",
    hashes=["0iCgPPiFweHjbF7mlEEQRbZkDFHMfkXUxiCoEUM4mOQ="],
)
EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    Receipt: (Receipt(_ID, _CODE, SHOWN_AT, LATER, 2.0, _COUNTS, ["9c1f27d0"], cleared=True, proof=_PROOF),),
}
TEXTS: Mapping[str, str] = {"get_user_export": "PK\x03\x04…"}
