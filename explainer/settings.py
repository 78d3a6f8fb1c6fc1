"""All configuration, in one typed place: environment variables with the prefix EXPLAINER_, or a .env file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from explainer.paths import adapter_dir
from retriever.precision import Precision


class Settings(BaseSettings):
    """What can be set.

    Attributes:
        home: Folder for database, models and caches.
        database_url: SQLAlchemy URL; an SQLite file in ``home`` by default.
        encoder: Sentence encoder: ``minilm`` (packaged), a folder or a hub name.
        encoder_precision: ``float32``, ``bfloat16``, or ``auto`` for what this machine does well.
        engine: ``openvino`` or ``transformers`` write with the language model, ``auto`` with what suits the machine,
            ``none`` with templates only.
        base_model: Base language model: ``smollm2`` (packaged), a GGUF file, a folder or a hub name.
        adapter: Folder of the LoRA adapter; the one that ships with the package by default.
        host: Address to serve on.
        port: Port to serve on.
        queue: Requests that may wait for the language model; one more is told to come back.
    """

    model_config = SettingsConfigDict(env_prefix="EXPLAINER_", env_file=".env", extra="ignore")

    home: Path = Path(".explainer")
    database_url: str | None = None
    encoder: str = "minilm"
    encoder_precision: Precision = "auto"
    engine: Literal["auto", "openvino", "transformers", "none"] = "auto"
    base_model: str = "smollm2"
    adapter: Path = Field(default_factory=lambda: adapter_dir("en"))
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    queue: int = Field(default=16, ge=1)

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home / 'explainer.db'}"

    @property
    def cache(self) -> Path:
        """Folder of what can be computed again."""
        return self.home / "cache"

    @property
    def models(self) -> Path:
        """Folder of fitted recommenders."""
        return self.home / "models"
