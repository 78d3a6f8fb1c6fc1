"""The data report: what a dataset is, what cleaning left of it, and what to look at, as one HTML page."""

from explainer.datareport.build import build_report
from explainer.datareport.finding import Finding
from explainer.datareport.summary import Summary

__all__ = ["Finding", "Summary", "build_report"]
