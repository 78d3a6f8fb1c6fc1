"""Bars that a test holds: as many cases as it tries, none may fail."""

from __future__ import annotations

from collections.abc import Mapping

from explainer.bench.bars.bar import Bar, Figures, Part

_AREA = "Held by tests"
_PYTEST = ("python", "-m", "pytest")


def failures(found: Figures) -> float | None:
    """Return how many tests failed; None where none was run, all skipped: that proves nothing."""
    failed, passed = found.get("failed", 0), found.get("passed", 0)
    return float(failed) if failed or passed else None


def skipped(found: Figures) -> str:
    """Return how many tests were skipped, as those for a PostgreSQL that is not there; nothing where none was."""
    number = found.get("skipped", 0)
    return f"{number} skipped" if number else ""


def _bar(name: str) -> Bar:
    return Bar(name, failures, "=", 0, unit="failed", told=skipped)


def _part(name: str, minutes: float, *tests: str) -> Part:
    return Part(_AREA, (*_PYTEST, *tests), (_bar(name),), minutes, checkout=True)


_ATTRIBUTOR = "tests/contract/test_attributor.py"

PROOFS: Mapping[str, Part] = {
    "proof-closed-form": _part(
        "EASE in closed form equals brute force to a millionth",
        1,
        f"{_ATTRIBUTOR}::test_closed_form_equals_brute_force_for_ease_to_a_millionth",
    ),
    "proof-attribution": _part(
        "completeness, symmetry, null player, permutation",
        3,
        f"{_ATTRIBUTOR}",
        "tests/unit/test_counterfactual.py",
    ),
    "proof-splits": _part("splits without leakage", 1, "tests/unit/test_splits.py"),
    "proof-corpus": _part("every text of the corpus passes the gate", 2, "tests/unit/test_corpus.py"),
    "proof-gate": Part(
        _AREA,
        ("make", "gate"),
        (_bar("every branch of the gate is run"),),
        minutes=4,
        checkout=True,
    ),
    "proof-merkle": _part("RFC 6962 proofs of all sizes up to 130, and larger ones", 2, "tests/unit/test_merkle.py"),
    "proof-canaries": _part(
        "no personal word in logs, traces, metrics, messages, prompts, cache",
        3,
        "tests/integration/test_canaries.py",
        "tests/integration/test_canaries_pages.py",
        "tests/integration/test_firewall_canaries.py",
    ),
    "proof-erasure": _part(
        "no byte of an erased person is left",
        2,
        "tests/integration/erasure",
        "tests/integration/test_erasure_postgresql.py",
    ),
    "proof-kill": _part("killed amid 200 writes, nothing is half-stored", 2, "tests/integration/test_kill.py"),
    "proof-matrix": _part("role × endpoint, every cell", 2, "tests/integration/test_access_matrix.py"),
    "proof-document": _part(
        "the API does what its document says, schemathesis", 8, "tests/integration/test_contract_openapi.py"
    ),
    "proof-pages": _part("every page in a real Chromium, axe", 10, "tests/browser"),
    "proof-once": _part(
        "killed ten times while writing ahead, the same rows", 5, "tests/integration/pregenerate/test_once.py"
    ),
    "proof-filter": _part("filtered searches find all rows they ask for", 3, "tests/contract/test_index_pgvector.py"),
    "proof-replicas": _part("two replicas and two workers are as one", 4, "tests/integration/test_replicas.py"),
    "proof-fuzz": Part(
        _AREA,
        ("make", "fuzz"),
        (_bar("ten minutes of rubbish, only VerificationError escapes"),),
        minutes=13,
        checkout=True,
    ),
}
