"""``explainer deployment``."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from explainer.cli.common import console
from explainer.deployment import KINDS, Values, write_deployment, write_models
from explainer.loading import adapter_in_use
from explainer.settings import Settings


def deployment(settings: Settings, folder: Path, kind: str) -> None:
    """Write the files of a kind and name them."""
    adapter = adapter_in_use(settings)
    known = next((one for one in KINDS if one == kind), None)
    if known is None:
        with console.status("Unpacking the base model …"):
            written = write_models(settings, folder, adapter)
    else:
        written = write_deployment(known, folder, Values.of(settings, folder, adapter))
    for path in written:
        console.print(escape(str(path)), highlight=False, soft_wrap=True)
