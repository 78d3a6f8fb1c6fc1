"""What is filled into the files: every number stands here once, whatever files say it."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from explainer import __version__
from explainer.audit.notes import Signer
from explainer.errors import AssetError
from explainer.paths import adapter_dir
from explainer.service.subject.codes import ErasureKey
from explainer.settings import Settings
from explainer.writing.engines.base_file import ADAPTER_PLACE, short_hash

_PRE_STOP_S = 5
_SIGNING_S = 10


def _new_audit_key() -> str:
    return Signer.new(f"explainer-{secrets.token_hex(4)}").secret()


def _new_erasure_key() -> str:
    return ErasureKey.new().secret.hex()


@dataclass(frozen=True, slots=True)
class Values:
    """See the module.

    Attributes:
        folder: Where the files are written, as commands name it.
        adapter: Name of the adapter on vLLM: it holds the beginning of the hash of its weights.
        asked: Name that the service asks for: whichever adapter is in production, or that one for good.
        rank: Of the adapter.
        deadline_s: Seconds that a request may take.
        image: Name of our image.
        vllm: Version of vLLM's image.
        postgres: Version of pgvector's image.
        port: Where the API answers in its container,
        worker_port: where a worker tells its metrics,
        vllm_port: and where vLLM answers.
        apis: Replicas of the API at least,
        workers: and of the workers.
        limit: Requests that one vLLM has under way at once.
        uid: User of our containers.
        pre_stop: Seconds that a pod still takes connections after it was told to end.
        password: Of the service in the database,
        owner_password: and of the owner of its tables.
        key: That vLLM asks for.
        audit_key: Signs the audit log.
        erasure_key: Makes the codes of erased people.
    """

    folder: str
    adapter: str
    asked: str
    rank: int
    deadline_s: float = 20.0
    image: str = f"recommended-because:{__version__}"
    vllm: str = "v0.33.0"
    postgres: str = "pg18"
    port: int = 8000
    worker_port: int = 9100
    vllm_port: int = 8000
    apis: int = 2
    workers: int = 2
    limit: int = 32
    uid: int = 10001
    pre_stop: int = _PRE_STOP_S
    # Drawn anew for every folder, and never shown.
    password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    owner_password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    key: str = field(default_factory=secrets.token_urlsafe, repr=False)
    audit_key: str = field(default_factory=_new_audit_key, repr=False)
    erasure_key: str = field(default_factory=_new_erasure_key, repr=False)

    @classmethod
    def of(cls, settings: Settings, folder: Path, adapter: Path) -> Values:
        """Return the values for an adapter.

        Args:
            settings: How long requests may take.
            folder: Where the files are written.
            adapter: A PEFT folder.

        Raises:
            AssetError: If there is no adapter in it.
        """
        name = adapter_name(adapter)
        return cls(str(folder), name, _asked(name), _rank(adapter), settings.deadline_s)

    @property
    def grace(self) -> int:
        """Seconds from being told to end to being killed."""
        return self.pre_stop + math.ceil(self.deadline_s) + _SIGNING_S

    @property
    def grace_why(self) -> str:
        """How these seconds are made up."""
        return (
            f"{self.pre_stop} s until load balancers know, {math.ceil(self.deadline_s)} s (EXPLAINER_DEADLINE_S) for "
            f"requests under way, {_SIGNING_S} s to sign the audit log and end."
        )


def adapter_name(adapter: Path) -> str:
    """Return the name under which servers have the adapter: other weights have another.

    Raises:
        AssetError: If there is no adapter in the folder.
    """
    return f"explainer-{short_hash(adapter)}"


def _asked(name: str) -> str:
    # A service asks for the shipped adapter until another is promoted; any other than that it must be told by name.
    return f"explainer-{ADAPTER_PLACE}" if name == adapter_name(adapter_dir("en")) else name


class _Peft(msgspec.Struct):
    r: int


def _rank(adapter: Path) -> int:
    config = adapter / "adapter_config.json"
    try:
        return msgspec.json.decode(config.read_bytes(), type=_Peft).r
    except (OSError, msgspec.DecodeError) as error:
        raise AssetError(f"{config} can't be read ({error}); it comes with the adapter: copy the folder.") from error
