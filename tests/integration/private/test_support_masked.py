"""The support page of a customer whose record has private things in it: nothing names them before a case begins."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.masking import MASK
from explainer.service.today import today
from explainer.service.unnamed import private_share
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.writing.style import Style
from tests.integration.staff import staff_of
from tests.integration.watched import PIOUS

SECRETS = ("Choir", "Psalm", "christianity")


@pytest.fixture
def support(explainer):
    made = staff_of(explainer, Role.SUPPORT, "/support")
    yield made
    made.client.__exit__(None, None, None)


def told(answer):
    assert answer.status_code == 200
    return [word for word in SECRETS if word in answer.text]


@pytest.mark.parametrize("audience", ["customer", "support", "auditor"])
def test_no_private_thing_is_named_before_a_case_begins(support, explainer, audience):
    rows = explainer.explain_top(PIOUS, 6, Style("en", audience))
    for path in ("/support?user=pious", *(f"/support/explanations/{row.id}" for row in rows)):
        assert told(support.see(path)) == [], path
    record = f"/support/explanations/{rows[0].id}"
    assert MASK in support.see(record).text
    support.send("/support/purpose", ticket="T-1", purpose="The customer asks why.")
    assert told(support.see(record))
    support.send("/support/purpose")
    assert told(support.see(record)) == []


def test_todays_text_rests_no_more_on_what_was_done_since_once_that_is_private(support, explainer):
    database = explainer.database
    row, liked = rests_on_something_new(explainer, "u2")
    with database.session() as session:
        title = session.get_one(ItemRow, liked).title
    record = f"/support/explanations/{row.id}"
    assert title in support.see(record).text
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == liked).values(private="health"))
    masked = support.see(record)
    assert title not in masked.text, "today's text would rest on it no more"
    assert row.text in masked.text, "what was shown rests on nothing private"
    support.send("/support/purpose", ticket="T-1", purpose="The customer asks why.")
    assert row.text in support.see(record).text


def rests_on_something_new(explainer, user):
    """Return an explanation of a user's, and the item of a behaviour since then on which today's text rests."""
    rows = explainer.explain_top(user, 20)
    told = " ".join(row.text for row in rows)
    for item in explainer.model.recommender.catalogue.items:
        if item.title in told or not item.title.startswith("Film Number"):
            continue
        key = f"new-{item.id}"
        with explainer.database.session() as session:
            session.add(BehaviourRow(id=key, user_id=user, item_id=item.id, kind="rating", time=3_000_000, value=5.0))
        for row in rows:
            if row.evidence and key in today(explainer, row).causes:
                return row, item.id
        with explainer.database.session() as session:
            session.delete(session.get_one(BehaviourRow, key))
    raise AssertionError("nothing that they could do changes a text")


def test_what_a_masked_cause_did_is_told_of_in_the_one_sum_alone(support, explainer):
    row = next(row for row in explainer.explain_top("u2", 20) if len(row.evidence) > 1)
    cited = row.evidence[0]
    path = f"/support/explanations/{row.id}"
    words, share = words_in("en"), f'"percent">{words_in("en").percent(cited.share)}<'
    assert share in support.see(path).text
    assert "Without what is cited" in support.see(path).text
    others = [key for key, value in row.contributions.items() if value > 0.01 and key != cited.behaviour_id]
    with explainer.database.session() as session:
        items = [session.get_one(BehaviourRow, key).item_id for key in (cited.behaviour_id, *others[:1])]
        session.execute(update(ItemRow).where(ItemRow.id.in_(items)).values(private="health"))
    masked = support.see(path).text
    assert share not in masked
    assert "Without what is cited" not in masked
    hidden = private_share(row.contributions, {cited.behaviour_id, others[0]})
    assert f'"percent">{words.percent(hidden)}<' in masked
