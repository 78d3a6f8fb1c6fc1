"""What to look at: findings in plain words, each computed, each with its number, the weightiest first."""

from __future__ import annotations

from explainer.datareport.finding import Finding
from explainer.datareport.findings_people import bots, busiest_user, constant_values, few_people, short_histories
from explainer.datareport.findings_things import (
    aspects_missing,
    descriptions_missing,
    few_behaviours,
    popularity,
    rows_lost,
    twins,
)
from explainer.datareport.findings_time import far_times, one_sitting, quiet_and_loud_periods, times_missing, values
from explainer.datareport.summary import Summary

RULES = (
    few_people,
    rows_lost,
    bots,
    busiest_user,
    short_histories,
    few_behaviours,
    popularity,
    aspects_missing,
    descriptions_missing,
    twins,
    times_missing,
    far_times,
    one_sitting,
    quiet_and_loud_periods,
    values,
    constant_values,
)


def findings_of(summary: Summary) -> tuple[Finding, ...]:
    """Return what is worth a look, most important first."""
    found = [finding for rule in RULES for finding in rule(summary)]
    return tuple(sorted(found, key=lambda finding: -finding.weight))
