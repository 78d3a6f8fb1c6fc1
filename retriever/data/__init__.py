"""Items, behaviours and histories; readers that turn files into them; the cleaning report."""

from retriever.data.cleaning_report import CleaningReport
from retriever.data.model import (
    Aspect,
    AspectSource,
    Behaviour,
    BehaviourKind,
    Dataset,
    History,
    Item,
    Polarity,
    ValueScale,
)
from retriever.data.sources import read_dataset

__all__ = [
    "Aspect",
    "AspectSource",
    "Behaviour",
    "BehaviourKind",
    "CleaningReport",
    "Dataset",
    "History",
    "Item",
    "Polarity",
    "ValueScale",
    "read_dataset",
]
