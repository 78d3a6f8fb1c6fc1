"""Somebody at a browser whose every word can be looked for: they use each page rightly and wrongly."""

from __future__ import annotations

import zipfile
from io import BytesIO

from sqlalchemy import select

from explainer.access import Role
from explainer.server.auth import COOKIE
from explainer.storage.reading_tables import ReviewRow
from tests.integration.staff import BROWSER, Staff
from tests.integration.traces import (
    BEHAVIOUR,
    COMMENT,
    HEADER,
    ITEMS,
    NOTE,
    PURPOSE,
    QUERY,
    REASON,
    TICKET,
    USER,
)

CANARY = "canary"
HTMX = {"HX-Request": "true"}


class Person(Staff):
    """Somebody at a browser of a client that others use, too."""

    def __init__(self, desk, token, csrf=""):
        super().__init__(desk.client, csrf)
        self.answers, self._token = desk.answers, token

    def _ask(self, method, path, **more):
        headers = BROWSER | {"Cookie": f"{COOKIE}={self._token}", "X-Request-Id": f"{HEADER} {USER}"}
        headers |= {"User-Agent": HEADER, "Referer": f"http://testserver/?user={USER}"} | more.pop("headers", {})
        answer = self.client.request(method, path, headers=headers, follow_redirects=False, **more)
        self.answers.append(answer)
        return answer

    def see(self, path, headers=None, **query):
        return self._ask("GET", path, params=query or None, headers=headers or {})

    def send(self, path, headers=None, **fields):
        return self._ask("POST", path, data={"csrf": self.csrf} | fields, headers=headers or {})


def said_in_location(answer):
    """Return where an answer leads, without whose page it is: that was in the address that asked."""
    return answer.headers.get("location", "").lower().replace(f"user={USER}", "")


def customer(one, ids):
    """Use the customer's page, rightly and wrongly."""
    assert one.see("/", user=USER).status_code == 200
    one.see("/", user=USER, opened=QUERY, thanked=QUERY, done=QUERY, lang="zh")
    one.see("/", user=QUERY * 30)
    for without in (ITEMS[2], QUERY, BEHAVIOUR.format(n=2), ""):
        for headers in ({}, HTMX):
            one.see("/preview", headers, user=USER, without=without)
    one.see(f"/explanations/{ids[0]}/waterfall.svg", **{"for": QUERY})
    one.see(f"/explanations/{QUERY}/waterfall.svg")
    for name in (BEHAVIOUR.format(n=3), ITEMS[3], QUERY, QUERY * 50, ""):
        for choice in ("exclude", "include"):
            one.send(f"/choices/{choice}", user=USER, name=name)
    for value in ("off", "on", COMMENT):
        one.send("/choices/personalisation", user=USER, personalised=value)
    for kind, comment in (("wrong", COMMENT), (COMMENT, COMMENT), ("helpful", COMMENT * 200)):
        for headers in ({}, HTMX):
            one.send("/feedback", headers, user=USER, explanation=ids[1], kind=kind, comment=comment)
    one.send("/feedback", user=USER, explanation=QUERY, kind="wrong", comment=COMMENT)
    one.send("/feedback", user=USER, explanation=ids[1], kind="wrong", comment=COMMENT, csrf=QUERY)


def support(one, ids):
    """Find, begin a case, look, take back, rightly and wrongly."""
    record = f"/support/explanations/{ids[0]}"
    assert one.see("/support", user=USER).status_code == 200
    for field in ("user", "item", "id", "since", "until", "cursor"):
        one.see("/support", **{field: QUERY, "user" if field != "user" else "item": USER})
        one.see("/support", **{field: QUERY * 60})
    back = f"/support?user={USER}"
    for ticket, purpose in ((TICKET, PURPOSE), ("", PURPOSE), (TICKET * 40, PURPOSE * 40)):
        one.send("/support/purpose", ticket=ticket, purpose=purpose, back=back)
    one.send("/support/purpose", ticket=TICKET, purpose=PURPOSE, back=f"https://{QUERY}.example")
    one.send("/support/purpose", ticket=TICKET, purpose=PURPOSE, more=QUERY)
    for path in (record, f"/support/explanations/{QUERY}", f"/support/{QUERY}"):
        one.see(path)
        one.send(f"{path}/suppress", reason=REASON * 100)
    assert one.send(f"{record}/suppress", reason=REASON).status_code == 303
    one.send(f"{record}/suppress", reason=REASON)


def review(one, database):
    """Judge, rightly and wrongly."""
    with database.session() as session:
        waiting = session.scalars(select(ReviewRow.id).where(ReviewRow.verdict.is_(None))).all()
    one.see("/review", queue=QUERY)
    one.see("/review", cursor=QUERY)
    for key in (*waiting, QUERY):
        one.see(f"/review/{key}")
        one.send(f"/review/{key}/verdict", verdict=NOTE, note=NOTE)
        one.send(f"/review/{key}/verdict", verdict="wrong", note=NOTE * 200)
        for _ in range(2):
            one.send(f"/review/{key}/verdict", verdict="wrong", note=NOTE)


def audit(one, ids):
    """Search, draw, look, check and take away, rightly and wrongly."""
    for page in ("/audit", "/audit/sample", "/audit/charts", "/audit/export.jsonl", "/audit/export.csv"):
        seed = {"seed": QUERY} if page == "/audit/sample" else {}
        assert one.see(page, user=USER, **seed).status_code == 200
        one.see(page, user=USER, **{QUERY: QUERY})
        for field in ("user", "item", "source", "since", "locale", "writer", "complained", "cursor", "n", "by"):
            one.see(page, **{field: QUERY * 20})
    one.see("/audit/check", run="yes")
    for key in (*ids, QUERY):
        for end in ("", "/replay"):
            one.see(f"/audit/explanations/{key}{end}")
    for page in ("/audit/report", "/audit/report.html"):
        one.see(page)
        one.see(page, month=QUERY)
    packed = one.see("/audit/package.zip", user=USER)
    assert zipfile.ZipFile(BytesIO(packed.content)).testzip() is None
    one.see("/audit/package.zip", since=QUERY)


def admin(one):
    """Make, rotate and end keys, let people in and out, promote, rightly and wrongly."""
    key, person = f"{CANARY} key", f"{CANARY} person"
    one.see("/admin")
    for fields in ({"role": "app"}, {"role": QUERY}, {"role": "app", "days": QUERY}):
        one.send("/admin/keys", name=key, **fields)
    for end in ("rotate", "revoke", "revoke"):
        one.send(f"/admin/keys/{end}", name=key)
    for password in (QUERY, f"{QUERY} of three green kettles"):
        one.send("/admin/people", name=person, role="support", password=password)
        one.send("/admin/people/password", name=person, password=password)
    for name in (person, person, QUERY):
        one.send("/admin/people/disable", name=name)
    for end, fields in (
        ("adapters/promote", ["version"]),
        ("adapters/rollback", ["locale"]),
        ("prompts/promote", ["version", "locale", "audience"]),
        ("prompts/rollback", ["locale", "audience"]),
    ):
        one.send(f"/admin/versions/{end}", **dict.fromkeys(fields, QUERY))
        one.send(f"/admin/versions/{end}", **{QUERY: QUERY})
    one.client.post("/login", data={"name": USER, "password": COMMENT}, headers=BROWSER)


def embedded(desk, ids):
    """See and judge a text on a shop's page, rightly and wrongly."""
    token = desk.ask(Role.APP, "POST", f"/v1/explanations/{ids[1]}/embed-token", {}).json()["token"]
    for given in (token, QUERY, f"{token}{QUERY}"):
        headers = {"Authorization": f"Embed {given}", "Origin": "https://shop.example"}
        for key in (ids[1], ids[0], USER):
            path = f"/embed/explanations/{key}"
            desk.answers.append(desk.client.get(path, headers=headers))
            for said in ({"kind": "wrong", "comment": COMMENT}, {"kind": COMMENT}, {"kind": "wrong", COMMENT: 1}):
                desk.answers.append(desk.client.post(f"{path}/feedback", json=said, headers=headers))
    desk.client.get("/embed.js", headers={"Referer": f"https://shop.example/{USER}"})
