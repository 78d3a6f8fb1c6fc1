"""Packages for auditors as downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from explainer.access import Scope
from explainer.errors import NotFoundError
from explainer.pipeline import Explainer
from explainer.server.audits import note_download
from explainer.server.auth import needs
from explainer.server.documented import problems
from explainer.server.searching import searching
from explainer.service.package.write import Packer, Wanted
from explainer.service.package.zipped import packed, zipped
from explainer.service.views import Looker
from explainer.storage.listing import Search

MAX_PACKED = 10_000
_USUAL = 20
ZIP = "application/zip"


def packer_from(packer: Packer | None) -> Callable[[], Packer]:
    """Return the dependency ``packer``."""

    def found() -> Packer:
        if packer is None:
            raise NotFoundError("This service has no key to sign packages with; use: explainer audit package OUT_DIR")
        return packer

    return found


def package(explainer: Explainer, packer: Packer, looker: Looker, search: Search, seed: str, n: int) -> Stream:
    """Return a package as a zip file, once it is made; the look is on record before.

    Raises:
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
    """
    note_download(explainer, looker, search)
    made, held = packed(explainer.database, packer, Wanted(search, seed, n if seed else 0))
    name = f"explainer-package-{made.made_at:%Y%m%d-%H%M%S}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(zipped(held), headers=headers, media_type=ZIP)


class PackagesController(Controller):
    """What an auditor takes away, whole and signed."""

    path = "/v1/audit/package"
    security = [{"ApiKey": []}]  # noqa: RUF012
    tags = ["audit"]  # noqa: RUF012
    dependencies = {"search": Provide(searching, sync_to_thread=False)}  # noqa: RUF012

    @get(
        "/",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        media_type=ZIP,
        summary="A signed package that an auditor checks offline",
        responses=problems(404, 406),
    )
    def package(
        self,
        explainer: NamedDependency[Explainer],
        packer: NamedDependency[Packer],
        search: NamedDependency[Search],
        looker: NamedDependency[Looker],
        seed: Annotated[str, QueryParameter(max_length=200)] = "",
        n: Annotated[int, QueryParameter(ge=1, le=MAX_PACKED)] = _USUAL,
    ) -> Stream:
        """Return a zip file with the records, the whole log, its checkpoints, the salts and a signed manifest.

        With a seed, n records that it draws; else all that is found. Check it: `explainer audit package-check`. It is
        made on the server's disk before it is sent; of millions of records, rather: `explainer audit package`.
        """
        return package(explainer, packer, looker, search, seed, n)
