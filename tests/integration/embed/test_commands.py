"""``explainer embed``: a sample shop whose tokens work, and another secret."""

from __future__ import annotations

import re

from click.testing import CliRunner

from explainer.cli import main
from explainer.storage.reading_tables import SuppressionRow
from tests.integration.embed.acting import bearer


def run(database, *arguments):
    environment = {"EXPLAINER_DATABASE_URL": database.url, "COLUMNS": "200"}
    return CliRunner().invoke(main, ["embed", *arguments], env=environment)


def test_the_command_writes_a_shop_whose_tokens_work(shop, database, explainer, tmp_path):
    rows = explainer.explain_top("u3", 4)
    done = run(database, "sample", "--out", str(tmp_path / "shop"), "--service", "https://why.example/", "--port", "9")
    assert done.exit_code == 0, done.output
    assert "EXPLAINER_EMBED_ORIGINS=http://127.0.0.1:9 explainer serve" in done.output
    page = (tmp_path / "shop" / "index.html").read_text()
    assert '<script src="https://why.example/embed.js" defer></script>' in page
    embedded = re.findall(r'<why-this explanation="([^"]+)" token="([^"]+)" lang="en">', page)
    assert [one for one, _ in embedded] == [row.id for row in rows[:3]]
    for one, token in embedded:
        assert shop.get(f"/embed/explanations/{one}", headers=bearer(token)).status_code == 200


def test_the_sample_leaves_out_what_is_suppressed(database, explainer, tmp_path):
    first, second = explainer.explain_top("u3", 2)
    with database.session() as session:
        session.add(SuppressionRow(explanation_id=first.id, reason="complaint", by="ada"))
    assert run(database, "sample", "--user", "u3", "--out", str(tmp_path)).exit_code == 0
    page = (tmp_path / "index.html").read_text()
    assert first.id not in page
    assert second.id in page


def test_a_sample_of_nothing_says_how_to_make_something(database, tmp_path):
    done = run(database, "sample", "--out", str(tmp_path / "shop"))
    assert done.exit_code == 1
    assert "explainer explain --user" in done.output
    assert not (tmp_path / "shop").exists()


def test_a_sample_that_cannot_be_written_says_so(database, row, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run(database, "sample", "--out", str(tmp_path / "file" / "shop"))
    assert done.exit_code == 1
    assert "cannot be written" in done.output


def test_the_command_rotates_the_secret(shop, database, row, token):
    assert run(database, "rotate-secret").exit_code == 0
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 200
    assert run(database, "rotate-secret", "--overlap-hours", "0").exit_code == 0
    assert shop.get(f"/embed/explanations/{row.id}", headers=token).status_code == 401
