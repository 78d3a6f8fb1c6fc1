"""What an explanation's record keeps of the choices that held, and when it is shown again."""

from __future__ import annotations

from explainer.storage.explanation_tables import ExplanationRow
from tests.integration.choices.acting import U, everything, exclude, explain, switch


def stored(database, explanation_id):
    with database.session() as session:
        return session.get_one(ExplanationRow, explanation_id)


class TestRecord:
    def test_it_holds_what_was_set_aside(self, client, explainer, database):
        every = everything(explainer)
        plain = stored(database, explain(client, k=1)[0]["id"])
        assert (plain.asked["set_aside"], plain.asked["switched_off"]) == ([], False)
        exclude(client, every[3], every[1])
        some = stored(database, explain(client, k=1)[0]["id"])
        assert (some.asked["set_aside"], some.asked["switched_off"]) == (sorted([every[1], every[3]]), False)
        switch(client, "off")
        off = stored(database, explain(client, k=1)[0]["id"])
        assert (off.asked["set_aside"], off.asked["switched_off"]) == (sorted(every), True)
        assert off.known_user is True
        for row in (plain, some, off):
            assert sorted({*row.contributions, *row.asked["set_aside"]}) == sorted(every), "the whole history"

    def test_what_was_shown_is_shown_again_only_while_the_choices_are_the_same(self, client, explainer):
        def shown():
            return [row.id for row in explainer.explain_top("u1", 3, reuse=True)]

        one = everything(explainer)[0]
        plain = shown()
        assert shown() == plain
        exclude(client, one)
        without = shown()
        assert not set(without) & set(plain)
        assert shown() == without
        switch(client, "off")
        off = shown()
        assert not set(off) & {*without, *plain}
        switch(client, "on")
        assert shown() == without
        client.delete(f"{U}/exclusions/{one}")
        assert shown() == plain

    def test_all_excluded_and_switched_off_are_not_taken_for_each_other(self, client, explainer):
        exclude(client, *everything(explainer))
        excluded = [row.id for row in explainer.explain_top("u1", 3, reuse=True)]
        switch(client, "off")
        assert not set(excluded) & {row.id for row in explainer.explain_top("u1", 3, reuse=True)}
