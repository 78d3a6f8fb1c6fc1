"""Signed notes: a text that a person can read, with Ed25519 signatures below it (C2SP ``signed-note``).

A key has a name, which says whose it is, and an id, which is the beginning of a hash over name and public key. The
public half is written ``NAME+ID+BASE64`` and may be handed to anybody; whoever has it can check a note without us. The
private half is written ``PRIVATE+KEY+NAME+ID+BASE64``, as Go's ``sumdb/note`` writes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from explainer.audit.errors import VerificationError

_ED25519 = b"\x01"
# Half a character, as a command line can bring one, is no name either: it cannot be hashed.
_NAME = re.compile(r"[^\s+\x00-\x20\ud800-\udfff]{1,200}")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_PRIVATE = "PRIVATE+KEY+"
_KEY_BYTES, _ID_BYTES, _SIGNATURE_BYTES = 32, 4, 64
_MOST_SIGNATURES = 100
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key.

    Attributes:
        name: Whose it is.
        public: The key, 32 bytes.
        until: Size of the log up to which it may sign; None without an end. It is no part of the key.
    """

    name: str
    public: bytes
    until: int | None = field(default=None, compare=False)

    @property
    def id(self) -> bytes:
        """What signatures call the key, 4 bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key of ``NAME+ID+BASE64``.

        Raises:
            VerificationError: If it is none.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = decoded(encoded)
        if not _NAME.fullmatch(name) or len(raw) != 1 + _KEY_BYTES or raw[:1] != _ED25519:
            raise VerificationError("This is no public key; it looks like NAME+8 hexadecimal digits+Base64.")
        key = cls(name, raw[1:])
        if key.id.hex() != key_id:
            raise VerificationError("The public key was not copied whole: its id does not fit.")
        return key

    def verify(self, note: Note) -> bool:
        """Return whether the note has a signature of this key; one of its name and id that is false raises.

        Raises:
            VerificationError: If a signature says that it is this key's and is not.
        """
        found = [signature for name, key_id, signature in note.signatures if (name, key_id) == (self.name, self.id)]
        for signature in found:
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, note.text.encode())
            except (InvalidSignature, ValueError) as error:
                raise VerificationError(
                    f"A signature of {self.name!r} is not by its key, or the text was altered."
                ) from error
        return bool(found)


@dataclass(frozen=True, slots=True)
class Signer:
    """Both halves of a key.

    Attributes:
        name: Whose it is.
        private: The private half, 32 bytes.
    """

    name: str
    private: bytes

    @classmethod
    def new(cls, name: str) -> Self:
        """Return a new key.

        Raises:
            ValueError: If the name has spaces or a plus sign in it.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"A key's name has neither spaces nor a plus sign in it: {name!r}")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw())

    def secret(self) -> str:
        """Return the key as it is kept in a file; for nobody else's eyes."""
        encoded = base64.b64encode(_ED25519 + self.private).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{encoded}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key of such a file.

        Raises:
            VerificationError: If it is none.
        """
        body = text.strip()
        name, _, rest = body.removeprefix(_PRIVATE).partition("+")
        raw = decoded(rest.partition("+")[2])
        if not body.startswith(_PRIVATE) or len(raw) != 1 + _KEY_BYTES or not _NAME.fullmatch(name):
            raise VerificationError("This is no private key as `explainer audit key` writes it.")
        return cls(name, raw[1:])

    def sign(self, text: str) -> str:
        """Return the note of a text that ends with a line break."""
        return signed_by(text, self)

    def signature(self, text: str) -> str:
        """Return the line that stands below the text in a note."""
        signature = Ed25519PrivateKey.from_private_bytes(self.private).sign(text.encode())
        encoded = base64.b64encode(self.verifier.id + signature).decode()
        return f"— {self.name} {encoded}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and what stands below it.

    Attributes:
        text: What was signed, with its last line break.
        signatures: Name, id of the key and signature of each.
    """

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Return a note; nothing is verified yet.

        Raises:
            VerificationError: If it is none.
        """
        try:
            whole = raw.decode()
        except UnicodeDecodeError as error:
            raise VerificationError("A signed note is UTF-8 text; this is not.") from error
        text, gap, below = whole.rpartition("\n\n")
        lines = below.split("\n")[:-1]
        ended = bool(gap) and whole.endswith("\n")
        if not ended or not 0 < len(lines) <= _MOST_SIGNATURES or any(c < " " and c != "\n" for c in whole):
            raise VerificationError(
                "A signed note is a text, an empty line, and lines that begin with a dash; this is none."
            )
        return cls(text + "\n", tuple(_signature(line) for line in lines))


def signed_by(text: str, *signers: Signer) -> str:
    """Return the note of a text that ends with a line break, signed by each of them."""
    return f"{text}\n" + "".join(signer.signature(text) for signer in signers)


def plain_number(text: str) -> int:
    """Return a size as notes write it.

    Raises:
        VerificationError: If it is written in another way.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and text == str(int(text))):
        raise VerificationError(f"A size is a plain number; this is {text[:40]!r}.")
    return int(text)


def decoded(text: str) -> bytes:
    """Return the bytes of Base64; none where it is not, or not as everybody writes it.

    The last character has bits that say nothing: were they not looked at, one could be flipped and nobody would see it.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _SIGNATURE.fullmatch(line)
    raw = b"" if match is None else decoded(match[2])
    if match is None or len(raw) < _ID_BYTES + 1:
        raise VerificationError("A line below the note is no signature.")
    return match[1], raw[:_ID_BYTES], raw[_ID_BYTES:]
