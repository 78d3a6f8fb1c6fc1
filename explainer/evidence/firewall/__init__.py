"""What tells of a person's private life: items by category (health, religion and the like), and words in texts."""

from explainer.evidence.firewall.categories import Category, Lists, load_lists, shipped_words
from explainer.evidence.firewall.judge import Firewall
from explainer.evidence.firewall.words import PrivateWords

__all__ = ["Category", "Firewall", "Lists", "PrivateWords", "load_lists", "shipped_words"]
