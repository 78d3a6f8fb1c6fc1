"""Somebody all of whose behaviours are private: every text says that there is something, and nothing that is untrue."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from explainer.access import Role
from explainer.service.replay import replay
from explainer.service.unnamed import NOT_SHOWN
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.writing.style import AUDIENCES, Style
from explainer.writing.texts import TEMPLATE
from tests.integration.staff import staff_of
from tests.integration.watched import PIOUS, Scripted, stored, writing

A, U = Role.APP, Role.AUDITOR
SAID = {
    "en": {
        "customer": "an interest you have chosen not to show",
        "support": ("an interest they have chosen not to show", "an interest the customer has chosen not to show"),
        "auditor": "an interest the reader has chosen not to show",
    },
    "zh": {
        "customer": "您选择不显示的一项兴趣",
        "support": "该客户选择不显示的一项兴趣",
        "auditor": "该用户选择不显示的一项兴趣",
    },
}
UNTRUE = ("Nothing this user did", "many people like it", "nothing you did", "everal things", "没有哪")


@pytest.fixture
def database(database):
    with database.session() as session:
        session.execute(delete(BehaviourRow).where(BehaviourRow.user_id == PIOUS, BehaviourRow.item_id.startswith("i")))
    return database


@pytest.mark.parametrize("locale", SAID)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_text_says_so_by_a_template_and_replays(database, model, locale, audience):
    engine = Scripted("{item} came out near the top for you: several things together point to it.")
    explainer = writing(database, model, engine)
    said = SAID[locale][audience]
    rows = explainer.explain_top(PIOUS, 6, Style(locale, audience))
    for row in rows:
        assert row.evidence == []
        assert max(row.contributions.values()) > 0, "there is something to keep"
        assert row.text.lower().count(said.lower()) if isinstance(said, str) else any(one in row.text for one in said)
        assert not [one for one in UNTRUE if one in row.text]
        assert row.source == TEMPLATE
        assert replay(explainer, row.id).outcome == "exact"
    assert engine.asked == 0, "no model was taught to say it"


def test_whoever_has_films_that_count_as_much_reads_nothing_else_than_before(empty, model):
    explainer = writing(stored(empty), model, None)
    rows = explainer.explain_top(PIOUS, 10)
    assert [row for row in rows if row.evidence]
    assert not [row for row in rows if row.evidence and NOT_SHOWN["en"] in row.text]


@pytest.mark.parametrize("locale", SAID)
def test_the_page_says_it_and_not_that_nothing_they_did_is_behind_it(asks, locale):
    page = asks(A, f"/?user={PIOUS}", **{"Accept-Language": locale}).text
    assert NOT_SHOWN[locale] in page.lower()
    assert not [one for one in (*UNTRUE, "并非依据这位用户的行为") if one in page]


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR])
def test_the_pages_of_staff_say_nothing_untrue_either(database, model, role):
    explainer = writing(database, model, None)
    row = explainer.explain_top(PIOUS, 1)[0]
    path = {Role.SUPPORT: "/support", Role.AUDITOR: "/audit"}[role]
    desk = staff_of(explainer, role, path)
    page = desk.see(f"{path}/explanations/{row.id}").text
    desk.client.__exit__(None, None, None)
    assert "What raised it is not named one by one." in page
    assert not [one for one in UNTRUE[:3] if one in page], "the record has the templates, too"
