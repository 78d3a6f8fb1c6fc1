"""What ``explainer subject check`` does."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.markup import escape

from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier
from explainer.audit.notes import Verifier
from explainer.cli.audit_log import UNSIGNED, UNVERIFIABLE, WHOLE, checkpoints_of
from explainer.cli.common import console
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.receipts import Receipt, check_receipt
from explainer.settings import Settings

ANOTHERS = 4


def check(settings: Settings, path: Path, key: str | None, folder: Path | None, user: str | None) -> int:
    """Check a receipt; print what came of it, return the exit code.

    Raises:
        ErasureError: If a user is named and the erasure key is not here.
    """
    try:
        receipt = _read(path)
        keys = _trusted(settings, key, folder)
        signed = check_receipt(receipt, keys)
    except VerificationError as error:
        console.print(f"[red]Not proved:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    if user is not None and not hmac.compare_digest(_code(settings, user), receipt.code):
        console.print("[red]Not theirs:[/] its code stands for somebody else.", highlight=False)
        return ANOTHERS
    console.print(
        f"[green]Proved:[/] erasure {escape(receipt.id)}{'' if user is None else ', which is theirs,'} is entry "
        f"{receipt.proof.seq} of a log of {receipt.proof.size} entries; when, what went, which recommenders and "
        "training sets. Not proved: what it says of the database's files (cleared).",
        highlight=False,
    )
    if signed:
        return WHOLE
    console.print(_why_unsigned(receipt), style="yellow")
    return UNSIGNED


def _read(path: Path) -> Receipt:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Receipt)
    except (msgspec.MsgspecError, UnicodeError, OSError, RecursionError) as error:
        raise VerificationError(f"{path} is no receipt: {error}") from error


def _trusted(settings: Settings, key: str | None, folder: Path | None) -> Sequence[Verifier]:
    """Return the keys to trust; none where neither one is given nor the home has its own."""
    if key is None and not settings.signing_key.is_file():
        return []
    public = load_verifier(key) if key is not None else load_signer(settings.signing_key).verifier
    return checkpoints_of(settings, folder).trusted(public)


def _code(settings: Settings, user: str) -> str:
    return ErasureKey.load(settings.code_key, make=False).code(user)


def _why_unsigned(receipt: Receipt) -> str:
    made_up = "its parts fit together, and that is all; anybody can make such a receipt up."
    if not receipt.proof.checkpoint:
        return (
            f"No signed checkpoint bears it out: {made_up} Erase them again (explainer subject erase, or "
            "DELETE): once the log is signed, the same receipt comes with one."
        )
    return f"Nobody here knows who may sign: {made_up} Name the public key by --key."
