"""The auditor's pages: search, sample, one record with all its inputs, the log's check, charts, downloads."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream, Template

from explainer.access import Scope
from explainer.audit.check import check_log
from explainer.pipeline import Explainer
from explainer.server.audit_charts import figures
from explainer.server.audit_forms import SearchForm, form_of
from explainer.server.audits import MAX_SAMPLE, download, note_download
from explainer.server.auth import needs, to_login
from explainer.server.causes import uncited
from explainer.server.language import locale_of
from explainer.server.parts import Heads
from explainer.server.rendering import is_fragment, page
from explainer.server.schemas import CursorParameter
from explainer.server.words import words_in
from explainer.service.audit_records import audit_records, provenance, staff_in
from explainer.service.audit_samples import METHOD, draw_ids
from explainer.service.audited import KEPT
from explainer.service.downloads import csv_lines, json_lines
from explainer.service.replay import replay
from explainer.service.series import Period, Series, Version, series
from explainer.service.subject.erase import Erasing
from explainer.service.views import Looker
from explainer.service.whole import note_looks, note_record
from explainer.storage.base import now
from explainer.storage.explanations import explanations_named, get_explanation
from explainer.storage.listing import list_explanations

_ROWS = 25
_USUAL_SAMPLE = 10
_USUAL_WEEKS = 12
_OPT = needs(Scope.AUDIT, page=True)


class AuditPages(Controller):
    """For an auditor who has signed in; every page is an address that can be kept and sent."""

    path = "/audit"
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/", opt=_OPT, sync_to_thread=True)
    def find(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        heads: NamedDependency[Heads],
        cursor: CursorParameter = None,
    ) -> Template:
        """Return what a search finds, newest first, a page at a time."""
        form = form_of(request)
        shown: dict[str, Any] = {"form": form, "packs": heads.packs}
        if form.wrong:
            return page(request, "audit/find.html", status_code=400, **shown, rows=[], following=None, cursor=None)
        with explainer.database.session() as session:
            rows, following = list_explanations(session, form.search, _ROWS, cursor)
            note_looks(session, looker, rows, "audit list", explainer.firewall.words)
        return page(request, "audit/find.html", **shown, rows=rows, following=following, cursor=cursor)

    @get("/sample", opt=_OPT, sync_to_thread=True)
    def sample(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
        seed: Annotated[str, QueryParameter(max_length=200)] = "",
        n: Annotated[int, QueryParameter(ge=1, le=MAX_SAMPLE)] = _USUAL_SAMPLE,
    ) -> Template:
        """Return what a seed draws from a search, or the form that asks for one."""
        form, found, rows = form_of(request), 0, []
        if seed and not form.wrong:
            with explainer.database.session() as session:
                found, ids = draw_ids(session, form.search, seed, n)
                rows = explanations_named(session, ids)
                note_looks(session, looker, rows, "audit sample", explainer.firewall.words)
        return page(
            request,
            "audit/sample.html",
            status_code=400 if form.wrong else 200,
            form=form,
            seed=seed,
            n=n,
            most=MAX_SAMPLE,
            found=found,
            rows=rows,
            method=METHOD,
        )

    @get("/charts", opt=_OPT, sync_to_thread=True)
    def charts(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        by: Annotated[Period, QueryParameter()] = Period.WEEK,
        version: Annotated[Version, QueryParameter()] = Version.WRITER,
    ) -> Template:
        """Return how texts fared over time, of the last weeks where no beginning is given."""
        form, found = _recent(form_of(request)), Series(by, version, [])
        if not form.wrong:
            with explainer.database.session() as session:
                found = series(session, form.search, by, version)
        return page(
            request,
            "audit/charts.html",
            status_code=400 if form.wrong else 200,
            form=form,
            found=found,
            figures=figures(found, words_in(locale_of(request))) if found.points else [],
        )

    @get("/check", opt=_OPT, sync_to_thread=True)
    def check(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        erasing: NamedDependency[Erasing],
        run: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002  the name is the query's
    ) -> Template:
        """Return what a check of the whole log finds, once it is asked for: it reads everything."""
        found = None
        if run:
            with explainer.database.session() as session:
                found = check_log(session, KEPT, outside=lambda: erasing)
        return page(request, "audit/_checked.html" if is_fragment(request) else "audit/check.html", found=found)

    @get("/explanations/{explanation_id:str}", opt=_OPT, sync_to_thread=True)
    def record(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
    ) -> Template:
        """Return one record with all its inputs."""
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            note_record(session, looker, row, "audit record", explainer.firewall.words)
            records, made_by = audit_records(session, [row]), provenance(session, [row])
            staff, found = staff_in(session, records), records[0]
        return page(
            request,
            "audit/record.html",
            record=found,
            staff=staff,
            one=found.explanation,
            made_by=made_by,
            pretty=_pretty,
            uncited=uncited(found.explanation["contributions"], words_in(locale_of(request))),
        )

    @get("/explanations/{explanation_id:str}/replay", opt=_OPT, sync_to_thread=True)
    def replay(
        self,
        request: Request[Any, Any, Any],
        explanation_id: FromPath[str],
        explainer: NamedDependency[Explainer],
        looker: NamedDependency[Looker],
    ) -> Template:
        """Return what computing the explanation again gives; nothing is stored."""
        with explainer.database.session() as session:
            row = get_explanation(session, explanation_id)
            note_record(session, looker, row, "replay", explainer.firewall.words)
        template = "audit/_replayed.html" if is_fragment(request) else "audit/replay.html"
        return page(request, template, found=replay(explainer, explanation_id), pretty=_pretty)

    @get("/export.jsonl", opt=_OPT, sync_to_thread=True)
    def export_jsonl(
        self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> Stream:
        """Return what a search finds, complete, one record a line."""
        search = form_of(request).wanted()
        note_download(explainer, looker, search)
        return download(json_lines(explainer.database, search), search, "explanations.jsonl", "application/jsonl")

    @get("/export.csv", opt=_OPT, sync_to_thread=True)
    def export_csv(
        self, request: Request[Any, Any, Any], explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> Stream:
        """Return what a search finds as a table."""
        search = form_of(request).wanted()
        note_download(explainer, looker, search)
        return download(csv_lines(explainer.database, search), search, "explanations.csv", "text/csv; charset=utf-8")


def _recent(form: SearchForm) -> SearchForm:
    """Return the search, of the last weeks where it has no beginning: charts of everything would be of dots."""
    if form.wrong or form.search.since is not None or form.search.until is not None:
        return form
    return form.beginning((now() - timedelta(weeks=_USUAL_WEEKS)).date())


def _pretty(value: object) -> str:
    """Return a value as JSON that one can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
