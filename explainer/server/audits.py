"""What an auditor needs, under /v1/audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from explainer.access import Scope
from explainer.audit.check import LogCheck, check_log
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.documented import problems
from explainer.server.searching import searching
from explainer.service.audit_records import AuditRecord, Provenance, audit_records, provenance, staff_in
from explainer.service.audit_samples import Sample, draw
from explainer.service.audited import KEPT
from explainer.service.downloads import csv_lines, json_lines
from explainer.service.series import Period, Series, Version, series
from explainer.service.subject.erase import Erasing
from explainer.service.views import Looker, note_look
from explainer.service.whole import note_looks, note_record
from explainer.storage.explanations import explanations_named, get_explanation
from explainer.storage.listing import Search, conditions_of

MAX_SAMPLE = 100
SeedParameter = Annotated[str, QueryParameter(min_length=1, max_length=200)]
CountParameter = Annotated[int, QueryParameter(ge=1, le=MAX_SAMPLE)]


class CompleteRecord(msgspec.Struct, frozen=True):
    """An explanation with everything on record that concerns it, and what made it.

    Attributes:
        staff: Whose the ids in the record are that stand for people and keys of the shop, without those removed since.
    """

    record: AuditRecord
    provenance: Provenance
    staff: dict[str, str]


class AuditController(Controller):
    """Records as they are, whether they are whole, and how texts fared."""

    path = "/v1/audit"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["audit"]  # noqa: RUF012
    dependencies = {"search": Provide(searching, sync_to_thread=False)}  # noqa: RUF012

    @get("/status", opt=needs(Scope.AUDIT), sync_to_thread=True, summary="Is the audit log whole?")
    def status(self, explainer: NamedDependency[Explainer], erasing: NamedDependency[Erasing]) -> LogCheck:
        """Compare every audit entry with its record, and every record with the log; name what is wrong.

        Takes some seconds per ten thousand entries.
        """
        with explainer.database.session() as session:
            return check_log(session, KEPT, outside=lambda: erasing)

    @get(
        "/sample",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="A seeded random sample, complete",
        responses=problems(406),
    )
    def sample(
        self,
        explainer: NamedDependency[Explainer],
        search: NamedDependency[Search],
        looker: NamedDependency[Looker],
        seed: SeedParameter,
        n: CountParameter = 20,
    ) -> Sample:
        """Return what the seed draws from all that is found: the same for everybody, by a method that it states."""
        with explainer.database.session() as session:
            found = draw(session, search, seed, n)
            rows = explanations_named(session, [record.explanation["id"] for record in found.records])
            note_looks(session, looker, rows, "audit sample", explainer.firewall.words)
            return found

    @get(
        "/series",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="How texts fared, by period and version",
        responses=problems(406),
    )
    def series(
        self,
        explainer: NamedDependency[Explainer],
        search: NamedDependency[Search],
        by: Annotated[Period, QueryParameter()] = Period.DAY,
        version: Annotated[Version, QueryParameter()] = Version.WRITER,
    ) -> Series:
        """Return explanations, fallbacks, failures by the gate's rule, complaints and praise, by UTC day or week."""
        with explainer.database.session() as session:
            return series(session, search, by, version)

    @get(
        "/export.jsonl",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        media_type="application/jsonl",
        summary="All that is found, complete, one record a line",
        responses=problems(406),
    )
    def export_jsonl(
        self, explainer: NamedDependency[Explainer], search: NamedDependency[Search], looker: NamedDependency[Looker]
    ) -> Stream:
        """Return every record with all that concerns it, oldest first; a download of any size."""
        note_download(explainer, looker, search)
        return download(json_lines(explainer.database, search), search, "explanations.jsonl", "application/jsonl")

    @get(
        "/export.csv",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        media_type="text/csv",
        summary="All that is found, as a table",
        responses=problems(406),
    )
    def export_csv(
        self, explainer: NamedDependency[Explainer], search: NamedDependency[Search], looker: NamedDependency[Looker]
    ) -> Stream:
        """Return one row per explanation, oldest first; what a spreadsheet would run begins with an apostrophe."""
        note_download(explainer, looker, search)
        return download(csv_lines(explainer.database, search), search, "explanations.csv", "text/csv; charset=utf-8")

    @get(
        "/explanations/{explanation_id:str}",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="One record with all its inputs",
    )
    def record(
        self, explanation_id: FromPath[str], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> CompleteRecord:
        """Return every column as it is stored, the templates word for word, and all that was done with it."""
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            note_record(session, looker, row, "audit record", explainer.firewall.words)
            found = audit_records(session, [row])
            return CompleteRecord(found[0], provenance(session, [row]), staff_in(session, found))


def note_download(explainer: Explainer, looker: Looker, search: Search) -> None:
    """Record a download: a look at one user's record, or at everybody's, with all that may be sensitive in it.

    Raises:
        SearchError: If the search makes no sense.
    """
    conditions_of(search)
    with explainer.database.session() as session:
        note_look(session, looker, search.user, "download", sensitive=True)


def download(pieces: Iterator[bytes], search: Search, name: str, media_type: str) -> Stream:
    """Return a file that is made while it is sent.

    Raises:
        SearchError: If the search makes no sense.
    """
    conditions_of(search)  # what makes no sense must be said before the answer has begun
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(pieces, headers=headers, media_type=media_type)
