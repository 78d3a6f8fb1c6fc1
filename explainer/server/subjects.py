"""What a person may ask for: all that is held about them, and that it goes."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, delete, get
from litestar.di import NamedDependency
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from explainer.access import Scope
from explainer.pipeline import Explainer
from explainer.server.auth import caller_of, needs
from explainer.server.schemas import UserInPath
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.export import archive, note_export
from explainer.service.subject.receipts import Receipt
from explainer.service.views import Looker, note_look

_HEADERS = {"Content-Disposition": 'attachment; filename="data.zip"', "Cache-Control": "no-store"}


def everything_about(user: str, explainer: Explainer, looker: Looker) -> Stream:
    """Return all that is held about a user as a ZIP file, once it is on record who was given it."""
    with explainer.database.session() as session:
        note_look(session, looker, user, "everything", sensitive=True)
        note_export(session, user, looker.caller.name)
    return Stream(archive(explainer.database, user), headers=_HEADERS, media_type="application/zip")


class SubjectsController(Controller):
    """Access and erasure."""

    path = "/v1/users/{user:str}"
    tags = ["subjects"]  # noqa: RUF012

    @get(
        "/export",
        opt=needs(Scope.EXPORT),
        sync_to_thread=True,
        media_type="application/zip",
        summary="All that is held about a user",
    )
    def export(
        self, user: UserInPath, explainer: NamedDependency[Explainer], looker: NamedDependency[Looker]
    ) -> Stream:
        """Return a ZIP file: `data/*.jsonl` with every column, `en.html` and `zh.html` to read; goes on record."""
        return everything_about(user, explainer, looker)

    @delete("/", opt=needs(Scope.ERASE), sync_to_thread=True, status_code=HTTP_200_OK, summary="Erase a user")
    def erase(
        self,
        request: Request[Any, Any, Any],
        user: UserInPath,
        explainer: NamedDependency[Explainer],
        erasing: NamedDependency[Erasing],
    ) -> Receipt:
        """Remove everything that is held about a user, for good, and return the receipt.

        The audit log keeps that something was there, and nothing of what it was. A second time changes nothing and
        returns the same receipt. What the user does after that is new.
        """
        return erase(explainer.database, erasing, user, caller_of(request).name)
