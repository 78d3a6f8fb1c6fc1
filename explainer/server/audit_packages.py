"""Packages for auditors as downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter
from litestar.response import Stream

from explainer.access import Scope
from explainer.errors import NotFoundError
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.documented import problems
from explainer.server.searching import searching
from explainer.service.package.write import Packer, Wanted
from explainer.service.package.zipped import packed, zipped
from explainer.service.views import Looker
from explainer.storage.listing import Search

MAX_PACKED = 10_000
USUAL_PACKED = 20
PackedSeed = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=200, description="Draws a sample; best one that the auditor names."),
]
PackedCount = Annotated[
    int | None,
    QueryParameter(ge=1, le=MAX_PACKED, description=f"How many the seed draws; {USUAL_PACKED} where nothing is said."),
]
ZIP = "application/zip"


def packer_from(packer: Packer | None) -> Callable[[], Packer]:
    """Return the dependency ``packer``."""

    def found() -> Packer:
        if packer is None:
            raise NotFoundError("This service has no key to sign packages with; use: explainer audit package OUT_DIR")
        return packer

    return found


def package(
    explainer: Explainer, packer: Packer, looker: Looker, search: Search, seed: str | None, n: int | None
) -> Stream:
    """Return a package as a zip file, once it is made and the looks that it is are on record.

    Raises:
        ValidationException: If it is said how many to draw, and not with which seed.
        SearchError: If the search makes no sense.
        VerificationError: If the log is not the continuation of what was signed last.
    """
    if n is not None and not seed:
        raise ValidationException(f"n ({n}) is how many a seed draws: give a seed, too, or leave n out for all.")
    wanted = Wanted(search, seed or "", (n or USUAL_PACKED) if seed else 0)
    made, held = packed(explainer.database, packer, wanted, looker)
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
        seed: PackedSeed = None,
        n: PackedCount = None,
    ) -> Stream:
        """Return a zip file with the records, the whole log, its checkpoints, the salts and a signed manifest.

        With a seed, n records that it draws; else all that is found up to now. Check it: `explainer audit
        package-check`. It is made on the server's disk before it is sent; of millions of records, rather: `explainer
        audit package`.
        """
        return package(explainer, packer, looker, search, seed, n)
