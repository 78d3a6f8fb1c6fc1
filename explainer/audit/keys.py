"""The key that signs checkpoints: a file that its owner alone may read."""

from __future__ import annotations

import secrets
from pathlib import Path

from explainer.audit.checkpoints import CheckpointFolder, begin_anew
from explainer.audit.errors import VerificationError
from explainer.audit.files import write_once
from explainer.audit.notes import Signer, Verifier

_OURS_ALONE = 0o600


def load_signer(path: Path) -> Signer:
    """Return the key of a file.

    Raises:
        VerificationError: If there is none, the file holds no key, or cannot be read.
    """
    try:
        return Signer.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise VerificationError(
            f"There is no key {path}: set EXPLAINER_AUDIT_KEY to the one that the service signs with. Whoever only "
            "verifies needs its public half alone (--key). Where nothing was ever signed: explainer audit key makes one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    except VerificationError as error:
        raise VerificationError(f"{path}: {error}") from error


def make_signer(path: Path, folder: CheckpointFolder) -> Signer:
    """Return the key of a file; made now if there is none and nothing was signed yet.

    A new key in a folder of another one's checkpoints would make all of them worthless to whoever has either.

    Raises:
        VerificationError: As :func:`load_signer`, or if there is no key and something was signed.
    """
    try:
        there = path.exists()
        if not there and folder.newest():
            raise VerificationError(
                f"There is no key {path}, and {folder.folder} has checkpoints that one has signed: set "
                "EXPLAINER_AUDIT_KEY to it. If it is lost, keep that folder as it is, with the public key, to verify "
                f"what it vouches for, and {begin_anew()}"
            )
        if not there:
            write_signer(path, Signer.new(f"explainer-{secrets.token_hex(4)}"))
    except OSError as error:
        raise _unusable(path, error) from error
    return load_signer(path)


def write_signer(path: Path, signer: Signer) -> None:
    """Write a key so that nobody else can read it; one that is there stays.

    Raises:
        OSError: If it cannot be written.
    """
    write_once(path, signer.secret() + "\n", _OURS_ALONE)


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


def _unusable(path: Path, error: Exception) -> VerificationError:
    return VerificationError(f"The key {path} cannot be used ({error}); set EXPLAINER_AUDIT_KEY to another.")
