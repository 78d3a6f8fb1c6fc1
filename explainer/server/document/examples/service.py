"""What the machines that watch the service read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explainer.server.schemas import Health

EXAMPLES: Mapping[type, tuple[Any, ...]] = {
    Health: (
        Health("ready"),
        Health("degraded", ["The engine smollm2 does not answer; texts come from templates."]),
    )
}
TEXTS = {
    "get_metrics": """\
# HELP explainer_explanations_total Explanations stored, by who wrote the text.
# TYPE explainer_explanations_total counter
explainer_explanations_total{locale="en",source="model"} 417.0
"""
}
