"""All configuration, in one typed place: environment variables with the prefix EXPLAINER_, or a .env file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from explainer.origins import origins_from
from retriever.precision import Precision

Days = Annotated[int, Field(ge=1, le=36_500)]
_MOST_WORKERS = 4  # each holds the models once more
_MOST = 1_000_000_000  # what a database counts in its smallest integers, with room


def names_from(value: object) -> object:
    """Return names that were written with commas between them; None stands for all there are."""
    if not isinstance(value, str):
        return value
    names = frozenset(name.strip().lower() for name in value.split(",")) - {""}
    if names == {"all"}:
        return None
    return frozenset() if names == {"none"} else names


def urls_from(value: object) -> object:
    """Return addresses that were written with commas between them."""
    if not isinstance(value, str):
        return value
    return tuple(url.strip() for url in value.split(",") if url.strip())


class Settings(BaseSettings):
    """What can be set.

    Attributes:
        home: Folder for database, models and caches.
        database_url: SQLAlchemy URL; an SQLite file in ``home`` by default.
        database_replicas: URLs of read replicas, with commas between them: when a process starts it counts
            there what people did with each item, and on the primary while none answers. All else must be so at once.
        database_direct: URL of PostgreSQL itself, where ``database_url`` leads to a pooler (PgBouncer) before it: there
            every process keeps one connection more, beside its pools, on which it is told of better texts. A pooler
            does not pass that on, and without it they are looked for four times a second.
        pool_size: Connections to the database that each process keeps open in each of two pools, one for transactions
            and one for what only reads,
        pool_overflow: how many more it may open in each,
        pool_timeout_s: seconds to wait for one when all are in use,
        pool_recycle_s: age in seconds at which one is replaced; by default none is,
        pool_ping: whether one is tried before use,
        pool_prepare: and whether PostgreSQL is told statements by name once it knows them; switch that off behind a
            pooler by transactions that does not follow it (PgBouncer without ``max_prepared_statements``).
        index: Where nearest items are looked for when new ones come: ``memory`` of each process, or ``pgvector``, where
            PostgreSQL keeps all embeddings for all processes. A fit always looks for them in memory: it has to find the
            same twice.
        encoder: Sentence encoder: ``minilm`` (packaged), a folder or a hub name.
        encoder_precision: ``float32``, ``bfloat16``, or ``auto`` for what this machine does well.
        engine: ``openvino`` or ``transformers`` write with the language model, ``auto`` with what suits the machine,
            ``openai`` through a server; ``none`` writes with templates only.
        base_model: Base language model: ``smollm2`` (packaged), a GGUF file, a folder or a hub name.
        adapter: Folder of the LoRA adapter; by default the one in production (see ``explainer adapters``), else the
            one that ships with the package.
        prompts: Folder of the prompt templates; the package's own by default. A promoted version (see ``explainer
            prompts``) takes their place.
        host: Address to serve on.
        port: Port to serve on.
        workers: Processes that serve; ``auto`` for one per core, four at most.
        queue: Requests that may wait for the language model, in each process; one more is told to come back.
        deadline_s: Seconds from a request's arrival to its texts: what the model has not written by then, templates do.
        drain_s: Seconds from SIGTERM on in which the service says that it is not ready and still answers, for whoever
            spreads requests to notice; then it takes no more, and ends when those under way are answered.
        batch: Prompts that the service writes together at most.
        wait_ms: Milliseconds that a batch waits for company.
        backlog: Prompts that may wait; requests that bring more get templates at once.
        jobs: Who does what is left after answers (better texts, counterfactuals): ``here`` every process that serves
            takes part, ``workers`` leaves it to ``explainer worker``.
        job_lease_s: Seconds after which a process that is silent is taken for dead, and its jobs are done by another.
        review_percent: Of a hundred texts that the model wrote, how many wait for a reviewer.
        embed_origins: Origins of the shops whose pages may show explanations (see ``/embed.js``), with commas between
            them: ``https://shop.example, https://www.shop.example:8443``.
        rate_app: Requests per minute of one program.
        rate_people: Requests per minute of one person of the shop.
        rate_sign_in: Tries to sign in per minute from one address.
        audit_key: File with the key that signs the audit log, made by a service or ``explainer audit key`` where
            nothing is signed yet; ``audit.key`` in ``home`` by default.
        checkpoints: Folder of the signed checkpoints; best on another volume than the database, ``checkpoints`` in
            ``home`` by default.
        checkpoint_entries: After so many new entries the audit log is signed,
        checkpoint_s: or after so many seconds with at least one.
        sensitive: Categories of what is private, with commas between them, ``all`` or ``none``: what a customer did
            with such items is no evidence for them (see ``explainer/evidence/firewall``).
        sensitive_lists: Folder of an operator's own lists, added to the shipped ones: a folder of each category with
            its terms and descriptions, and ``thresholds.json``. Texts are held to all terms of all lists, whichever
            categories ``sensitive`` names. Read when a process starts.
        erasure_key: File with the key of the codes that stand for erased people, made when first needed;
            ``erasure.key`` beside the key that signs the audit log by default. Keep it as long as your backups.
        erasure_list: File that tells a restored backup who was erased since; ``erasures.jsonl`` among the checkpoints
            by default.
        keep_explanations: Days that explanations are kept, with all that was said and decided of them, and
            letters of what could not be explained; by default, as with the others below, for ever,
        keep_comments: customers' words in feedback,
        keep_views: and who looked at whose record.
        keep_drafts: Days that the model's drafts are reused.
        keep_behaviours: Days that behaviours are kept from their own time on, with what customers excluded of them; one
            of which nobody told the time stays.
        keep_promises: Days that a request under the same idempotency key gets the same answer.
        log_format: ``json`` for machines, ``plain`` for people; by default machines read a service's log, people a
            demo's.
        openai_url: Base URL of an OpenAI-compatible server: ``http://127.0.0.1:8001/v1``; of several, with commas
            between them, and ``;limit=NUMBER`` behind one that takes another number of requests at once.
        openai_model: Name under which they have the model or adapter; ``{adapter}`` in it is the beginning of the hash
            of the adapter in production, so that promoting one asks for another name.
        openai_key: Their key, if they want one.
        openai_timeout_s: Seconds to wait for a connection to one, and for each next piece of an answer.
        openai_concurrency: Requests under way to each at once, from each process.
    """

    model_config = SettingsConfigDict(env_prefix="EXPLAINER_", env_file=".env", extra="ignore")

    home: Path = Path(".explainer")
    database_url: str | None = None
    database_replicas: Annotated[tuple[str, ...], NoDecode, BeforeValidator(urls_from)] = ()
    database_direct: str | None = None
    pool_size: int = Field(default=16, ge=1, le=1000)
    pool_overflow: int = Field(default=32, ge=0, le=1000)
    pool_timeout_s: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    pool_recycle_s: Annotated[int, Field(ge=1, le=_MOST)] | None = None
    pool_ping: bool = False
    pool_prepare: bool = True
    index: Literal["memory", "pgvector"] = "memory"
    encoder: str = "minilm"
    encoder_precision: Precision = "auto"
    engine: Literal["auto", "openvino", "transformers", "openai", "none"] = "auto"
    base_model: str = "smollm2"
    adapter: Path | None = None
    prompts: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = "auto"
    queue: int = Field(default=16, ge=1)
    deadline_s: float = Field(default=20.0, gt=0, allow_inf_nan=False)
    drain_s: float = Field(default=0.0, ge=0, le=600)
    batch: int = Field(default=32, ge=1)
    wait_ms: float = Field(default=5.0, ge=0, allow_inf_nan=False)
    backlog: int = Field(default=128, ge=1)
    jobs: Literal["here", "workers"] = "here"
    job_lease_s: float = Field(default=30.0, ge=1, allow_inf_nan=False)
    review_percent: float = Field(default=1.0, ge=0, le=100, allow_inf_nan=False)
    embed_origins: Annotated[frozenset[str], NoDecode, BeforeValidator(origins_from)] = frozenset()
    rate_app: int = Field(default=60_000, ge=1, le=_MOST)
    rate_people: int = Field(default=600, ge=1, le=_MOST)
    rate_sign_in: int = Field(default=30, ge=1, le=_MOST)
    audit_key: Path | None = None
    checkpoints: Path | None = None
    checkpoint_entries: int = Field(default=1000, ge=1, le=_MOST)
    checkpoint_s: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    sensitive: Annotated[frozenset[str] | None, NoDecode, BeforeValidator(names_from)] = None
    sensitive_lists: Path | None = None
    erasure_key: Path | None = None
    erasure_list: Path | None = None
    keep_explanations: Days | None = None
    keep_comments: Days | None = None
    keep_views: Days | None = None
    keep_drafts: Days | None = None
    keep_behaviours: Days | None = None
    keep_promises: Days = 7
    log_format: Literal["auto", "json", "plain"] = "auto"
    openai_url: str = ""
    openai_model: str = ""
    openai_key: SecretStr | None = None
    openai_timeout_s: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    openai_concurrency: int = Field(default=8, ge=1)

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home / 'explainer.db'}"

    @property
    def worker_count(self) -> int:
        """How many processes serve."""
        return min(os.cpu_count() or 1, _MOST_WORKERS) if self.workers == "auto" else self.workers

    @property
    def signing_key(self) -> Path:
        """File of the key that signs the audit log."""
        return self.audit_key or self.home / "audit.key"

    @property
    def checkpoint_folder(self) -> Path:
        """Where signed checkpoints are kept."""
        return self.checkpoints or self.home / "checkpoints"

    @property
    def code_key(self) -> Path:
        """File of the key of the codes that stand for erased people."""
        return self.erasure_key or self.signing_key.with_name("erasure.key")

    @property
    def erased(self) -> Path:
        """File that tells a restored backup who was erased since."""
        return self.erasure_list or self.checkpoint_folder / "erasures.jsonl"

    @property
    def cache(self) -> Path:
        """Folder of what can be computed again."""
        return self.home / "cache"

    @property
    def scratch(self) -> Path:
        """Folder of what is only there while it is made; swept when a service starts, and of a process that died."""
        return self.home / "scratch"

    @property
    def models(self) -> Path:
        """Folder of fitted recommenders."""
        return self.home / "models"
