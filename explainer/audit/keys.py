"""The key that signs checkpoints: a file that its owner alone may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from explainer.audit.errors import VerificationError
from explainer.audit.notes import Signer, Verifier


def load_signer(path: Path) -> Signer:
    """Return the key of a file; made now if there is none.

    Raises:
        VerificationError: If the file holds no key, or cannot be read or written.
    """
    try:
        if path.exists():
            return Signer.read(path.read_text(encoding="utf-8"))
        signer = Signer.new(f"explainer-{secrets.token_hex(4)}")
        write_signer(path, signer)
    except (OSError, UnicodeDecodeError) as error:
        raise VerificationError(
            f"The key {path} cannot be used ({error}); set EXPLAINER_AUDIT_KEY to another."
        ) from error
    except VerificationError as error:
        raise VerificationError(f"{path}: {error}") from error
    return signer


def write_signer(path: Path, signer: Signer) -> None:
    """Write a key so that nobody else can read it; one that is there is replaced at once.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(8)}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(signer.secret() + "\n")
    fresh.replace(path)


def load_verifier(told: str) -> Verifier:
    """Return a public key, given as itself or as a file that holds it.

    Raises:
        VerificationError: If it is none.
    """
    path = Path(told)
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else told
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise VerificationError(f"The public key {told[:100]!r} cannot be read: {error}") from error
    return Verifier.read(text)
