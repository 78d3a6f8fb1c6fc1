"""Bodies, ids and forms that are too long or no text: refused, before they are read where that can be."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from explainer.access import Role
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import SuppressionRow, ViewRow
from explainer.storage.removal_tables import ErasureRow
from tests.databases import number_of
from tests.integration.staff import BROWSER, is_page, program_of, staff_of
from tests.integration.test_server import problem_of

LIMIT = 32 * 1024 * 1024
CHUNK = b" " * 2**16
BATCHES = [("PUT", "/v1/items", b'{"items": [{"id": "n1", "title": "New"}]}'), ("POST", "/v1/behaviours", b"")]
URL_ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(explainer):
    with program_of(explainer, Role.ADMIN) as made:
        yield made


@pytest.fixture
def admin(explainer):
    made = staff_of(explainer, Role.ADMIN, "/support")
    yield made
    made.client.__exit__(None, None, None)


class Upload:
    """A body that is made while it is read, piece by piece, and counts what was taken of it."""

    def __init__(self, start: bytes, size: int) -> None:
        self._start, self._left, self.taken = start, size, 0

    async def receive(self):
        piece = self._start or CHUNK[: self._left]
        self._start = b""
        self._left -= len(piece)
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": self._left > 0}


def sent(client, method, path, headers, body=None):
    """Return status and body of the answer to a request as it is, byte for byte: clients mend what they send."""
    said = []

    async def send(message):
        said.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path, "query_string": b"",
        "raw_path": path.encode(), "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(name.lower(), value) for name, value in headers], "extensions": {}, "state": {},
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    with client.portal() as portal:
        portal.call(client.app, scope, (body or Upload(b"", 0)).receive, send)
    return said[0]["status"], b"".join(part.get("body", b"") for part in said[1:])


def asked(client, method, path, headers, body=b""):
    """Return the same for a small body and with the key, unless the headers hold another one."""
    key = (b"x-api-key", client.headers["X-API-Key"].encode())
    held = {name.lower() for name, _ in headers}
    return sent(client, method, path, [*headers, *([] if key[0] in held else [key])], Upload(body, len(body)))


def upload(client, method, path, body, announced=None, key=None):
    """Return the same for an upload that nobody needs to hold."""
    headers = [(b"content-type", b"application/json"), (b"x-api-key", (key or client.headers["X-API-Key"]).encode())]
    if announced is not None:
        headers.append((b"content-length", str(announced).encode()))
    return sent(client, method, path, headers, body)


@pytest.mark.parametrize(("method", "path", "_start"), BATCHES)
def test_a_batch_that_says_it_is_too_large_is_refused_and_nothing_of_it_read(client, method, path, _start):
    body = Upload(b"", LIMIT + 1)
    status, said = upload(client, method, path, body, announced=LIMIT + 1)
    assert (status, body.taken) == (413, 0)
    assert b'"status":413' in said


@pytest.mark.parametrize(("method", "path", "start"), BATCHES)
def test_a_batch_in_pieces_is_read_up_to_the_limit_and_refused(client, database, method, path, start):
    before = number_of(database, ItemRow), number_of(database, BehaviourRow)
    body = Upload(start, 4 * LIMIT)
    status, said = upload(client, method, path, body)
    assert status == 413
    assert b'"status":413' in said
    assert LIMIT < body.taken <= LIMIT + len(CHUNK)
    assert (number_of(database, ItemRow), number_of(database, BehaviourRow)) == before


def test_a_batch_of_just_the_limit_is_taken_and_one_byte_more_is_not(client, database):
    method, path, start = BATCHES[0]
    for size, status in ((LIMIT + 1, 413), (LIMIT, 200)):
        assert upload(client, method, path, Upload(start, size))[0] == status
        with database.session() as session:
            assert (session.get(ItemRow, "n1") is not None) == (status == 200)


def test_nothing_is_read_of_what_a_stranger_uploads(client):
    for method, path, start in BATCHES:
        body = Upload(start, LIMIT)
        assert upload(client, method, path, body, key="rb_wrong")[0] == 401
        assert body.taken == 0


def operations_of_a_user(client):
    document = client.get("/schema/openapi.json").json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "{user}" in path:
                (parameter,) = [p for p in operation["parameters"] if p["name"] == "user"]
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples")
                example = next(iter(body.values()))["value"] if body else None
                yield method.upper(), path.replace("{tag}", "noir").replace("{behaviour}", "b"), parameter, example


def test_a_user_has_at_most_200_characters_in_every_address(client):
    operations = list(operations_of_a_user(client))
    assert len(operations) > 12
    for method, path, parameter, example in operations:
        assert (parameter["schema"]["minLength"], parameter["schema"]["maxLength"]) == (1, 200), path
        for letter in ("x", "%F0%9F%9A%80"):
            problem = client.request(method, path.replace("{user}", letter * 201), json=example)
            assert "Validation failed" in problem_of(problem, 400), path
            longest = client.request(method, path.replace("{user}", letter * 200), json=example)
            assert longest.status_code in {200, 204, 404}, (path, longest.text)


FORMS = [
    ("/feedback", b"user=u1&explanation=ID&kind=wrong&comment=TEXT"),
    ("/support/purpose", b"ticket=T-1&purpose=Asked+why+they+saw+TEXT"),
    ("/support/explanations/ID/suppress", b"reason=TEXT"),
    ("/choices/exclude", b"user=TEXT&name=b"),
    ("/data/erase", b"sure=yes&user=TEXT"),
    ("/login", b"name=TEXT&password=three+green+kettles"),
]
NO_UTF8 = (b"%FF", b"%ED%A0%80", b"%C0%AF", b"%E4%B8", b"\xff", b"a\xe4")


@pytest.fixture
def shown(explainer):
    return explainer.explain_top("u1", 1)[0].id


def fill_in(admin, shown, path, fields, text):
    content = fields.replace(b"ID", shown.encode()).replace(b"TEXT", text) + b"&csrf=" + admin.csrf.encode()
    address = path.replace("ID", shown)
    return admin.client.post(address, content=content, headers=URL_ENCODED, follow_redirects=False)


def kept(database):
    return [number_of(database, table) for table in (FeedbackRow, SuppressionRow, ViewRow, ErasureRow)]


def test_a_form_that_is_no_utf8_is_refused_on_a_page_and_nothing_of_it_kept(admin, shown, database):
    before = kept(database)
    for path, fields in FORMS:
        for text in NO_UTF8 if path == "/feedback" else NO_UTF8[:1]:
            answer = fill_in(admin, shown, path, fields, text)
            assert is_page(answer, 400, "The form is not UTF-8"), (path, text, answer.status_code)
            assert "\ufffd" not in answer.text
    assert kept(database) == before


@pytest.mark.both
def test_a_nul_in_a_form_is_refused_on_a_page_and_nothing_of_it_kept(admin, shown, database):
    before = kept(database)[:2]
    for path, fields in FORMS[:3]:
        assert is_page(fill_in(admin, shown, path, fields, b"a%00b"), 400), path
    assert fill_in(admin, shown, *FORMS[-1], b"a%00b").status_code in {400, 403}
    assert kept(database)[:2] == before


@pytest.mark.parametrize("text", [b"%E4%B8%AD+%F0%9F%9A%80", "中+🚀".encode()])
def test_a_form_in_any_script_is_read_as_it_is_percent_encoded_or_not(admin, shown, database, text):
    assert fill_in(admin, shown, *FORMS[0], text).status_code == 303
    with database.session() as session:
        assert session.scalars(select(FeedbackRow.comment)).one() == "中 🚀"


def test_a_form_in_parts_is_refused_whatever_they_hold(admin, shown, database):
    fields = {"csrf": admin.csrf, "user": "u1", "explanation": shown, "kind": "wrong"}
    for comment in (b"Fine.", b"\xff"):
        files = {name: (None, value) for name, value in {**fields, "comment": comment}.items()}
        answer = admin.client.post("/feedback", files=files)
        assert is_page(answer, 400, "application/x-www-form-urlencoded")
    assert number_of(database, FeedbackRow) == 0


def test_an_address_for_a_shops_page_that_is_no_utf8_is_refused_before_its_token_is_looked_at(client):
    for address in ("%FF", "%FF/feedback", "a%ED%A0%80", "a?lang=%FF"):
        method = "POST" if "feedback" in address else "GET"
        answer = client.request(method, f"/embed/explanations/{address}", json={"kind": "wrong"})
        assert "not UTF-8" in problem_of(answer, 400)
    assert client.get("/embed/explanations/%E4%B8%AD").status_code == 401


def test_open_addresses_that_are_no_utf8_never_end_in_an_error_of_ours(client):
    for address in ("/login?lang=%FF", "/%FF", "/static/%FF", "/health/live?%FF", "/embed.js?%FF", "/docs-assets/%FF"):
        assert client.get(address, headers=BROWSER).status_code < 500, address


RAW = [b"\xff", b"\xe4\xb8\xad", b"\xed\xa0\x80", b"a\x80b"]
"""Bytes of headers: no text, UTF-8, half a surrogate pair, no text again; HTTP hands them all on as Latin-1."""


@pytest.mark.parametrize("value", RAW)
@pytest.mark.both
def test_an_idempotency_key_of_any_bytes_is_taken_as_it_is(client, database, value):
    def made(key):
        headers = [(b"Idempotency-Key", key), (b"Content-Type", b"application/json")]
        status, answer = asked(client, "POST", "/v1/explanations", headers, b'{"user": "u1", "k": 1}')
        assert status == 201
        return msgspec.json.decode(answer)["explanations"][0]["id"]

    assert made(value) == made(value) != made(value + b"\xfe")
    assert number_of(database, ExplanationRow) == 2


@pytest.mark.parametrize("value", [b"\xff", b"\xe4\xb8\xad", b"\xe4\xb8"])
@pytest.mark.both
def test_ticket_and_purpose_of_any_bytes_go_on_record_as_utf8_or_else_byte_for_byte(client, database, value):
    headers = [(b"X-Ticket", b"T" + value), (b"X-Purpose", b"They asked us why: " + value)]
    assert asked(client, "GET", "/v1/users/u1/tags", headers)[0] == 200
    text = value.decode() if value == "中".encode() else value.decode("latin-1")
    with database.session() as session:
        seen = session.scalars(select(ViewRow)).one()
    assert (seen.ticket, seen.purpose) == (f"T{text}", f"They asked us why: {text}")


def test_bytes_of_a_ticket_that_stand_for_control_characters_are_refused(client):
    for value in (b"a\x80b", b"\xed\xa0\x80"):
        status, said = asked(client, "GET", "/v1/users/u1/tags", [(b"X-Ticket", value), (b"X-Purpose", b"x" * 20)])
        assert status == 400
        assert b"lines of text" in said


ANSWERS = {
    b"X-API-Key": 401, b"Authorization": 200, b"Accept": 200, b"Accept-Language": 200, b"Accept-Encoding": 200,
    b"Content-Type": 200, b"Content-Length": 200, b"Cookie": 200, b"X-Request-ID": 200, b"traceparent": 200,
    b"If-None-Match": 200, b"Origin": 200, b"Prefer": 200, b"Last-Event-ID": 400,
}  # fmt: skip
"""Header → what an API answers to it in bytes that are no text: most it does not need, or takes for none."""


def test_no_header_of_any_bytes_ends_in_an_error_of_ours(client, shown):
    for name, status in ANSWERS.items():
        path = f"/v1/explanations/{shown}/events" if name == b"Last-Event-ID" else "/v1/users/u1/settings"
        for value in RAW:
            assert asked(client, "GET", path, [(name, value)])[0] == status, (name, value)
    for name in (b"Content-Type", b"Content-Length", b"Prefer", b"Idempotency-Key"):
        for value in RAW:
            status, _ = asked(client, "POST", "/v1/explanations", [(name, value)], b'{"user": "u1", "k": 1}')
            assert status == (400 if name == b"Content-Length" else 201), (name, value)


def test_no_header_of_any_bytes_breaks_a_page(admin):
    cookie = (b"cookie", "; ".join(f"{name}={value}" for name, value in admin.client.cookies.items()).encode())
    for name in {*ANSWERS, b"X-CSRF-Token", b"HX-Request"} - {b"X-API-Key"}:
        for method, path in (("GET", "/support"), ("GET", "/login"), ("POST", "/feedback")):
            for value in RAW:
                status, _ = sent(admin.client, method, path, [(name, value), (b"accept", b"text/html"), cookie])
                assert status < 500, (name, path, value)
