"""What two versions made of a split is compared, fairly."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from explainer.pipeline import Explainer
from explainer.registry.prompts import PromptRegistry
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.prompts import SqlPromptChoice, version_for
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.commands import run, said
from tests.integration.prompt_versions.acting import CUSTOMER, PACKAGE
from tests.unit.test_writer import ScriptedEngine


class ByPrompt(ScriptedEngine):
    """Writes well at once for one version's prompts, at the second try for the other's, and never about dramas."""

    def __init__(self):
        super().__init__("")

    def write(self, prompts, sampling):
        return [Draft(self.said(prompt, sampling.attempt)) for prompt in prompts]

    def said(self, prompt, attempt):
        if "drama" in prompt.user or (attempt == 0 and "Briefly" not in prompt.system):
            return "{item} won an Oscar in 1999."
        (*_, fact) = [line for line in prompt.user.splitlines() if line.endswith("{b1}") and ":" in line] or [": "]
        return f"You gave {{b1}} {{b1.value}}, and {{item}} is {fact.split(':')[0]} too."


def test_the_report_compares_what_two_versions_made_of_a_split(explainer, database, make, tmp_path, monkeypatch):
    disk = PromptLibrary()
    registry = PromptRegistry(database, disk, disk)
    brief, _ = registry.add(
        PromptLibrary(make("brief", system="Briefly say why this is recommended, from these facts only.")[0]), CUSTOMER
    )
    writer = Writer(SqlPromptChoice(database, disk), load_vocabulary, ByPrompt())
    running = Explainer(database, explainer.model, writer)
    running.explain_top("u1", 5)  # before the split: does not count
    with database.session() as session:
        session.execute(text("UPDATE explanations SET created_at = '2020-01-01 00:00:00'"))
    use = registry.split(PACKAGE, brief, 50, CUSTOMER)
    users = [f"u{n}" for n in range(60)]
    for user in users:
        running.explain_top(user, 5)
    report = registry.report(CUSTOMER)
    a, b = report.first, report.second
    with database.session() as session:
        rows = list(session.scalars(select(ExplanationRow).where(ExplanationRow.created_at >= report.since)))
    mine = [[r for r in rows if version_for(r.user_id, use) == version] for version in (PACKAGE, brief)]
    assert [len(part) for part in mine] == [a.explanations, b.explanations]
    assert a.explanations + b.explanations == len(rows) == 300
    assert (a.users, b.users) == tuple(len({r.user_id for r in part}) for part in mine)
    for side, part in zip((a, b), mine, strict=True):
        asked = {r.prompt_hash: r for r in part if r.prompt_hash}
        assert side.drafts == len(asked)
        assert side.passed == sum(r.source == "model" for r in asked.values())
        assert side.fallbacks == sum(r.source == "template" for r in part)
        assert side.distinct == len({r.draft for r in part})
        assert side.mean_length == pytest.approx(sum(len(r.text) for r in part) / len(part))
        assert 0 < side.passed < side.drafts
        broken = sum("digits" in r.gate_failures for r in asked.values())
        assert side.failures["digits"] == broken > 0, "once a draft, though two tries broke it"
    assert (a.first_pass, b.first_pass) == (0, b.passed)
    assert report.first_pass.low > 0, "a difference that chance does not explain"
    assert report.after_retry.low < 0 < report.after_retry.high
    out = tmp_path / "report.json"
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    result = run(tmp_path, "prompts", "report", "--json", str(out))
    assert result.exit_code == 0, result.output
    assert f"A {PACKAGE[:12]}, B {brief[:12]}" in said(result)
    assert "failed: digits" in said(result)
    written = json.loads(out.read_text())
    assert written["first_pass"]["difference"] == report.first_pass.difference
    assert written["second"]["version"] == brief
    every = run(tmp_path, "prompts", "report", PACKAGE[:6], brief[:6])
    assert f"explanations {a.explanations + 5}" in said(every), "two named versions: all that was stored"
    registry.promote(brief, CUSTOMER)
    with database.session() as session:
        session.execute(text("UPDATE explanations SET created_at = '2099-01-01 00:00:00' WHERE user_id = 'u7'"))
    assert registry.report(CUSTOMER).first.explanations + registry.report(CUSTOMER).second.explanations == 295


def test_a_report_without_explanations_says_so_and_divides_nothing(home, two):
    run(home, "prompts", "split", *two, "--percent", "50")
    result = run(home, "prompts", "report")
    assert result.exit_code == 0, result.output
    assert "–" in result.output


def test_an_engine_that_was_away_is_not_held_against_the_prompts(explainer, database):
    from explainer.errors import EngineUnavailable

    disk = PromptLibrary()
    writer = Writer(disk, load_vocabulary, ScriptedEngine(EngineUnavailable("no memory")))
    Explainer(database, explainer.model, writer).explain_top("u2", 5)
    registry = PromptRegistry(database, disk, disk)
    side = registry.report(CUSTOMER, (PACKAGE, PACKAGE)).first
    assert (side.explanations, side.fallbacks, side.drafts, side.failures) == (5, 5, 0, {})
