"""From a source to a page on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from explainer.datareport.finding import Finding
from explainer.datareport.findings import findings_of
from explainer.datareport.page import render
from explainer.datareport.pictures import draw_all
from explainer.datareport.summary import Summary, summarise
from explainer.errors import ExplainerError
from retriever.data import CleaningReport, Dataset
from retriever.data.screening import screen


def build_report(
    source: str,
    cleaned: Dataset,
    report: CleaningReport,
    out: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Summary, tuple[Finding, ...]]:
    """Screen a dataset, write its page, and return what the page says.

    Args:
        source: What the person named; stands on the page.
        cleaned: The dataset as read, not screened yet.
        report: What cleaning did; the screening adds to it.
        out: The HTML file to write.
        on_progress: Called with (pictures drawn, pictures in all).

    Raises:
        ExplainerError: If nothing is left to report on, or the file cannot be written.
    """
    summary = summarise(source, cleaned, screen(cleaned, report), report)
    findings = findings_of(summary)
    page = render(summary, findings, draw_all(summary, on_progress), report.screening)
    try:
        # A path may hold bytes that are no text; the page shows a mark in their place.
        out.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ExplainerError(f"{out} cannot be written: {error.strerror}") from error
    return summary, findings
