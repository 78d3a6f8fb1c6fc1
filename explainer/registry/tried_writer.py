"""Try what is to write on sample evidence before anybody reads it: it must write, and something must pass the gate."""

from __future__ import annotations

import time
from itertools import islice

from explainer.errors import AssetError
from explainer.registry.samples import sample_evidence
from explainer.writing.patience import Call, calling
from explainer.writing.style import Style
from explainer.writing.texts import Request
from explainer.writing.writer import Writer, is_lost

_SAMPLES = 4
_PATIENCE_S = 60.0


def require_writes(writer: Writer, domain: str) -> None:
    """Have a writer write a few texts.

    Nobody asks for more than one that passes: how good an adapter is was measured before it was promoted. One of which
    nothing passes is broken, or of another base.

    Args:
        writer: Which; what it remembers does not count.
        domain: What items are.

    Raises:
        AssetError: If it cannot write, nothing that it wrote passes the gate, or it is asked for nothing here.
    """
    style, fresh = Style(), writer.forgetful()
    requests = (Request(evidence, "trial") for evidence in sample_evidence(domain))
    planned = (fresh.plan(request, fresh.prompts.for_user(request.user, style), style) for request in requests)
    plans = list(islice((plan for plan in planned if plan.asked is not None), _SAMPLES))
    if not plans:
        raise AssetError(
            f"it writes nothing for this domain ({domain}) in {style.locale}: by its card.json it was taught other "
            "domains or locales, or its cues.json fits no facts that there are here."
        )
    with calling(Call(time.monotonic() + _PATIENCE_S)):
        outcomes = fresh.drafts(plans, style).outcomes.values()
    failures = sorted({failure for outcome in outcomes for failure in outcome.failures})
    if any(map(is_lost, outcomes)):
        raise AssetError(f"it cannot write: {'; '.join(failures)}.")
    if not any(outcome.draft is not None for outcome in outcomes):
        raise AssetError(
            f"none of {len(outcomes)} texts that it wrote on trial passes the gate: {'; '.join(failures)}."
        )
