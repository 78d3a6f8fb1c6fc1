"""What the app works with besides the pipeline; each may be left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from explainer.access.rates import Rates
from explainer.audit.checkpointer import Checkpointer
from explainer.audit.checkpoints import CheckpointFolder
from explainer.server.admin_versions import Registries
from explainer.server.draining import Draining
from explainer.service.package.write import Packer
from explainer.service.subject.erase import Erasing
from explainer.service.succession import Heirs
from retriever.encoder import TextEncoder


@dataclass(frozen=True, slots=True)
class Heads:
    """Where signed heads of the audit log are kept.

    Attributes:
        folder: None where that is not known.
        packs: Whether packages for auditors are signed here.
    """

    folder: CheckpointFolder | None = None
    packs: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """See the module.

    Attributes:
        registries: What knows the versions of adapters and prompts; over the database alone by default.
        encoder: Encodes items that come while it serves; without one they are stored but not recommended.
        embed_origins: Origins of the shops whose pages may show explanations.
        rates: How often somebody may ask.
        erasing: Key and list of erasures; by default a key that nobody keeps, and no list.
        tracer: Makes the spans; the process' own by default.
        together: Whether several processes serve together, and count together.
        checkpointer: Signs the audit log; without one nothing is signed.
        packer: Signs packages for auditors; without it there are none to download.
        draining: Whether the process is about to stop, as whoever stops it says.
        heirs: Makes the writer anew when another adapter comes into production; without it that takes a restart.
    """

    registries: Registries | None = None
    encoder: TextEncoder | None = None
    embed_origins: Collection[str] = ()
    rates: Rates | None = None
    erasing: Erasing | None = None
    tracer: Tracer | None = None
    together: bool = False
    checkpointer: Checkpointer | None = None
    packer: Packer | None = None
    draining: Draining | None = None
    heirs: Heirs | None = None
