"""A shop whose every stored word is meant to break out of a page: it is followed from link to link, and none does."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import pytest
from httpx import Response

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.service.exclusions import exclude_behaviours
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.reviews import Judgement, decide
from explainer.service.suppress import suppress
from explainer.storage.database import Database
from explainer.storage.reviews import list_reviews
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import Dataset
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill, make_dataset, rating
from tests.integration.staff import PASSWORD, Staff, staff_of

EVIL = "\"'><i data-evil>&lt;i data-evil&gt;</title></script>{{ 7 * 7 }}"
USER = f"u1 {EVIL}"
_PAGES = 300
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Read(HTMLParser):
    """What is on a page: where its links and forms lead, and what broke out of its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.broken: list[str] = []
        self._form: tuple[str, dict[str, str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "i" or any(name.startswith(("on", "data-evil")) for name in named):
            self.broken.append(f"{tag} {attrs}")
        if any(value.lower().startswith("javascript:") for value in named.values()):
            self.broken.append(f"{tag} {attrs}")
        if tag == "form":
            self._form = (named["action"], {}) if named.get("method") == "get" else None
        elif self._form is not None and tag in {"input", "button"} and named.get("name") and named.get("value"):
            self._form[1].setdefault(named["name"], named["value"])
        else:
            self.links += [named[name] for name in ("href", "src") if name in named]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.links.append(f"{self._form[0]}?{urlencode(self._form[1])}")
            self._form = None


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    plain = make_dataset()
    items = tuple(
        replace(
            one,
            id=f"{one.id} {EVIL}",
            title=f"{one.title.replace(chr(0), '')} {EVIL}",
            aspects=(*one.aspects, EVIL),
            creator=f"{EVIL} {number % 5}",
            text=EVIL,
        )
        for number, one in enumerate(plain.items)
    )
    behaviours = (rating(f"{b.user} {EVIL}", f"{b.item} {EVIL}", b.value, b.time) for b in plain.behaviours)
    return Dataset("evil", "video", items, tuple(behaviours))


@pytest.fixture
def explainer(empty: Database, dataset: Dataset) -> Explainer:
    fill(empty, dataset)
    return Explainer(empty, fit(dataset, HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary))


@pytest.fixture
def admin(explainer: Explainer) -> Iterator[Staff]:
    live(explainer)
    one = staff_of(explainer, Role.ADMIN, "/admin/keys", f"admin {EVIL}")
    yield one
    one.client.__exit__(None, None, None)


def live(explainer: Explainer) -> None:
    """Have it all said that can be stored, in these words."""
    database = explainer.database
    first, second, third = explainer.explain_top(USER, 3)
    for row, kind in ((first, FeedbackKind.WRONG), (second, FeedbackKind.OFFENSIVE)):
        give_feedback(database, row.id, kind, EVIL, EVIL)
    with database.session() as session:
        reviews, _ = list_reviews(session, None, None, 10)
        create_key(session, EVIL)
        add_person(session, f"sue {EVIL}", Role.SUPPORT, PASSWORD)
    decide(database, reviews[0].id, Judgement.WRONG, EVIL, EVIL)
    suppress(database, third.id, EVIL, EVIL)
    exclude_behaviours(database, USER, [explainer.history(USER).behaviours[0].id])
    explainer.tags.delete(USER, explainer.tags.of(USER).tags[0].tag)


def followed(see: Callable[[str], Response], starts: list[str]) -> dict[str, Response]:
    """Return the answers by address: of the starts and of all they lead to, one of each kind of address."""
    waiting, known, found = deque(starts), set(), dict[str, Response]()
    while waiting and len(found) < _PAGES:
        address = waiting.popleft()
        parts = urlsplit(address)
        kind = _ID.sub("{id}", parts.path), frozenset(parse_qs(parts.query))
        if parts.netloc or parts.scheme or kind in known or parts.path.startswith(("/static", "/schema", "/docs")):
            continue
        known.add(kind)
        answer = found[address] = see(address)
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [urljoin(address, link) for link in Read(answer.text).links if not link.startswith("#")]
    return found


def pages_of(explainer: Explainer) -> set[str]:
    """Return the paths of all pages that the app has, with a pattern for what varies."""
    routes = create_app(explainer, queue=4).routes
    found = {
        r.path
        for r in routes
        for h in getattr(r, "route_handlers", ())
        if h.opt.get("page") and "GET" in h.http_methods
    }
    return {re.sub(r"\{[^}]*\}", "[^/]+", path) for path in found if not path.startswith("/schema")}


def test_no_stored_word_becomes_part_of_a_page(explainer: Explainer, admin: Staff) -> None:
    starts = ["/start", f"/?user={quote(USER)}", "/support", f"/support?user={quote(USER)}", "/review", "/audit"]
    starts += ["/audit/sample?seed=1&n=5", "/audit/charts", "/audit/check", "/audit/report", "/admin", "/admin/keys"]
    starts += ["/admin/people", "/admin/versions", f"/data/export?user={quote(USER)}"]
    found = followed(lambda address: admin.client.get(address, follow_redirects=False), starts)
    told = 0
    for address, answer in found.items():
        # A service that signs nothing has no package, and says so.
        assert answer.status_code < 400 or address.startswith("/audit/package.zip"), (address, answer.text[:300])
        if answer.headers.get("content-type", "").startswith(("text/html", "image/svg")):
            told += "data-evil" in answer.text
            assert not Read(answer.text).broken, address
            assert "{{ 7 * 7 }}" in answer.text or "data-evil" not in answer.text, address
    assert told > 20, "the words are on the pages"
    paths = {urlsplit(address).path for address in found}
    assert not [page for page in pages_of(explainer) if not any(re.fullmatch(page, path) for path in paths)]
