"""Write the files of one kind of deployment, filled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from jinja2 import Environment, StrictUndefined

from explainer.deployment.values import Values
from explainer.errors import ConflictError, ExplainerError

Kind = Literal["compose", "kubernetes", "systemd"]
KINDS: tuple[Kind, ...] = ("compose", "kubernetes", "systemd")
_FILES = Path(__file__).resolve().parent / "files"
_IMAGE = "image"
_WITH_IMAGE = frozenset({"compose", "kubernetes"})
_FOR_ITS_OWNER = frozenset(
    {"explainer.env", "owner.env", "postgres.env", "vllm.env", "secrets.yaml", "audit.key", "erasure.key"}
)


def write_deployment(kind: Kind, folder: Path, values: Values) -> list[Path]:
    """Write all files of a kind and return them; files that hold a secret can be read by their owner alone.

    Raises:
        ConflictError: If one of them is there already: its passwords may be in use.
        ExplainerError: If they cannot be written.
    """
    wanted = {folder / name: text for name, text in _filled(kind, values)}
    there = [str(path) for path in wanted if path.exists()]
    if there:
        raise ConflictError(f"{', '.join(there)} would be overwritten, with other passwords in it; name a new folder.")
    try:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if path.name in _FOR_ITS_OWNER else 0o644
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise ExplainerError(f"{folder} cannot be written: {error.strerror}") from error
    return list(wanted)


def _filled(kind: Kind, values: Values) -> Iterator[tuple[str, str]]:
    # Their braces are YAML's, Docker's and Go's; ours are brackets.
    filler = Environment(  # noqa: S701  plain files, not HTML
        variable_start_string="[[ ",
        variable_end_string=" ]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[##",
        comment_end_string="##]",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    given = {name: getattr(values, name) for name in dir(values) if not name.startswith("_")}
    for folder in (_IMAGE, kind) if kind in _WITH_IMAGE else (kind,):
        for file in sorted((_FILES / folder).iterdir()):
            yield file.name, filler.from_string(file.read_text(encoding="utf-8")).render(given)
    if kind == "compose":
        yield "secrets/audit.key", values.audit_key + "\n"
        yield "secrets/erasure.key", values.erasure_key + "\n"
