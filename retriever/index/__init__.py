"""Nearest items by embedding: exact, or approximate above a configured size."""

from retriever.index.approximate import ApproximateIndex
from retriever.index.choice import make_index
from retriever.index.contract import IndexConfig, IndexMaker, NearestIndex
from retriever.index.exact import ExactIndex

__all__ = ["ApproximateIndex", "ExactIndex", "IndexConfig", "IndexMaker", "NearestIndex", "make_index"]
