"""Which items tell of a person's private life, by category: health, sexuality, religion and the like."""

from explainer.evidence.firewall.categories import Category, Lists, load_lists
from explainer.evidence.firewall.judge import Firewall

__all__ = ["Category", "Firewall", "Lists", "load_lists"]
