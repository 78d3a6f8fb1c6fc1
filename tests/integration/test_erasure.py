"""Erasing a person: nothing of theirs is left anywhere, the log stays whole, and a restored backup does not bring them back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from explainer.audit.check import Trouble, check_log
from explainer.service.audited import KEPT
from explainer.service.exclusions import exclude_behaviours, include_behaviour
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.receipts import check_receipt
from explainer.service.user_settings import set_personalised
from explainer.storage.personal import HELD, IMPERSONAL
from explainer.storage.tables import Base


def test_every_table_is_known_to_hold_something_of_people_or_nothing():
    held = {one.table for one in HELD}
    assert held | set(IMPERSONAL) == {mapper.class_ for mapper in Base.registry.mappers}
    assert not held & set(IMPERSONAL)


def test_x(explainer, database):
    rows = explainer.explain_top("u1", 3)
    give_feedback(database, rows[0].id, FeedbackKind.WRONG, "comment", "app")
    exclude_behaviours(database, "u1", ["i1"] if False else [rows[0].evidence[0].behaviour_id])
    receipt = erase(database, Erasing.unlisted(), "u1", "me")
    print(receipt)
    check_receipt(receipt)
    with database.session() as session:
        found = check_log(session, KEPT)
    print(found)
    assert found.sound
