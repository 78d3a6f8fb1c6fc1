"""The monthly report and packages on the auditor's pages, and the report by API."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import QueryParameter
from litestar.response import Stream, Template

from explainer.access import Scope
from explainer.errors import SearchError
from explainer.pipeline import Explainer
from explainer.server.audit_forms import form_of
from explainer.server.audit_packages import PackedCount, PackedSeed, package
from explainer.server.audit_report import report_context, report_file
from explainer.server.auth import needs, to_login
from explainer.server.language import locale_of
from explainer.server.parts import Heads
from explainer.server.rendering import page
from explainer.server.words import words_in
from explainer.service.month.calendar import Month
from explainer.service.month.report import MonthlyReport, monthly_report
from explainer.service.package.write import Packer
from explainer.service.views import Looker
from explainer.storage.base import now

_OPT = needs(Scope.AUDIT, page=True)
MonthParameter = Annotated[str | None, QueryParameter(max_length=20)]


def _month(told: str | None) -> Month:
    return Month.of(told) if told else Month.at(now())


def _report(explainer: Explainer, heads: Heads, month: Month) -> MonthlyReport:
    with explainer.database.session() as session:
        return monthly_report(session, month, heads.folder)


class ReportController(Controller):
    """A month in numbers."""

    path = "/v1/audit/report"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["audit"]  # noqa: RUF012

    @get("/", opt=needs(Scope.AUDIT), sync_to_thread=True, summary="A month of the service in numbers")
    def report(
        self, explainer: NamedDependency[Explainer], heads: NamedDependency[Heads], month: MonthParameter = None
    ) -> MonthlyReport:
        """Return volumes, gate failures, complaints, verdicts, looks, erasures and versions, with what to look at.

        Nothing in it is about one user. As HTML it is at /audit/report and from `explainer audit report`.
        """
        return _report(explainer, heads, _month(month))


class AuditReportPages(Controller):
    """For an auditor who has signed in."""

    path = "/audit"
    exception_handlers = {NotAuthorizedException: to_login}  # noqa: RUF012
    include_in_schema = False

    @get("/report", opt=_OPT, sync_to_thread=True)
    def report(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        heads: NamedDependency[Heads],
        month: MonthParameter = None,
    ) -> Template:
        """Return the report of a month, with a form for another one."""
        try:
            wanted = _month(month)
            found = _report(explainer, heads, wanted)
        except SearchError as error:
            return page(request, "audit/report.html", status_code=400, wrong=str(error), wanted=str(month), report=None)
        context = report_context(found, words_in(locale_of(request)))
        return page(request, "audit/report.html", wrong="", wanted=str(wanted), **context)

    @get("/report.html", opt=_OPT, sync_to_thread=True)
    def report_file(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        heads: NamedDependency[Heads],
        month: MonthParameter = None,
    ) -> Response[str]:
        """Return the report of a month as a file to keep."""
        wanted = _month(month)
        made = report_file(_report(explainer, heads, wanted), locale_of(request))
        headers = {"Content-Disposition": f'attachment; filename="explainer-{wanted}.html"'}
        return Response(made, media_type=MediaType.HTML, headers=headers)

    @get("/package.zip", opt=_OPT, sync_to_thread=True)
    def package(
        self,
        request: Request[Any, Any, Any],
        explainer: NamedDependency[Explainer],
        packer: NamedDependency[Packer],
        looker: NamedDependency[Looker],
        seed: PackedSeed = None,
        n: PackedCount = None,
    ) -> Stream:
        """Return what a search finds, or what a seed draws of that, as a signed package."""
        return package(explainer, packer, looker, form_of(request).wanted(), seed, n)
