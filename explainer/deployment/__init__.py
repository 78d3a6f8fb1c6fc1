"""Files that start the service elsewhere: an image, Compose, Kubernetes, systemd, and what vLLM loads."""

from explainer.deployment.models import write_models
from explainer.deployment.values import Values
from explainer.deployment.write import KINDS, Kind, write_deployment

__all__ = ["KINDS", "Kind", "Values", "write_deployment", "write_models"]
