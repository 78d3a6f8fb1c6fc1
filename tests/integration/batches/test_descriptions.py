"""Items described anew: at once where they came later, from the next fit on where they were fitted."""

from __future__ import annotations

import pytest

from explainer.assembly import make_explainer
from explainer.settings import Settings
from explainer.storage.catalogue_tables import ItemRow
from retriever.errors import OtherDataError
from tests.integration.batches.acting import NOIR, put, statuses


class TestChangedDescriptions:
    def test_a_fitted_item_keeps_its_old_description_until_the_next_fit(self, client, explainer, database):
        item = explainer.recommendations("u1", 1)[0].item
        row = {"id": item.id, "title": "Renamed", "aspects": list(item.aspects), "year": item.year}
        answer = put(client, row)
        assert statuses(answer) == ["updated"]
        assert "until the next fit (explainer fit)" in answer["results"][0]["detail"]
        (made,) = client.post("/v1/explanations", json={"user": "u1", "item": item.id}).json()["explanations"]
        assert made["title"] == item.title
        with database.session() as session:
            assert session.get_one(ItemRow, item.id).title == "Renamed"

    def test_the_service_starts_with_descriptions_that_it_was_told_of_and_with_no_others(
        self, client, explainer, tmp_path, caplog
    ):
        settings = Settings(home=tmp_path, database_url=explainer.database.url, engine="none")
        explainer.model.save(settings.models)
        put(client, {"id": "i20", "title": "Renamed", "aspects": ["war"], "year": 1970})
        started = make_explainer(settings)
        assert "1 items are described otherwise" in caplog.text
        assert "Renamed" not in {item.title for item in started.model.recommender.catalogue.items}
        with explainer.database.session() as session:
            session.get_one(ItemRow, "i21").title = "Another catalogue's"
        with pytest.raises(OtherDataError, match=r"1 of its 60 items.*'i21'.*explainer fit"):
            make_explainer(settings)

    def test_a_later_item_described_anew_is_known_so_at_once(self, client):
        put(client, NOIR)
        answer = put(client, {**NOIR, "title": "Night Harbour Two"})
        assert [(r["status"], r["detail"]) for r in answer["results"]] == [("updated", None)]
        (made,) = client.post("/v1/explanations", json={"user": "u1", "item": "n1"}).json()["explanations"]
        assert made["title"] == "Night Harbour Two"
