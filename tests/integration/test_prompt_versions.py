"""Prompt versions from folder to the next text: stored, promoted, split between users, rolled back, compared."""

from __future__ import annotations

import json
import shutil

import pytest
from sqlalchemy import inspect, select, text

from explainer.assembly import make_explainer
from explainer.audit import log
from explainer.cases import CaseMaker
from explainer.errors import ConflictError, PromptError, RegistryError
from explainer.loading import make_prompts
from explainer.paths import resource_dir
from explainer.pipeline import Explainer
from explainer.registry.prompts import PromptRegistry
from explainer.registry.record import change_record
from explainer.service.preview import preview
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.changes import InUse
from explainer.storage.database import Database, _alembic
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.prompts import SqlPromptChoice, version_for
from explainer.storage.version_tables import PromptVersionRow, RegistryChangeRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.test_cli import home, run  # noqa: F401  a fixture
from tests.unit.test_writer import ScriptedEngine

PACKAGE = PromptLibrary().version(Style("en", "customer"))
CUSTOMER = Style()


def said(result) -> str:
    return " ".join(result.output.replace("│", " ").split())


@pytest.fixture
def make(tmp_path):
    def made(name, **changed):
        """Copy the package's templates with some replaced; return folder and version."""
        folder = tmp_path / name
        shutil.copytree(resource_dir("prompts"), folder)
        for template, content in (changed or {"fallback": f"{{item}} is told by {name}."}).items():
            (folder / "en" / "customer" / f"{template}.j2").write_text(content)
        return folder, PromptLibrary(folder).version(Style("en", "customer"))

    return made


@pytest.fixture
def two(home, make):  # noqa: F811
    made = {name: make(name) for name in ("first", "second")}
    for folder, _ in made.values():
        result = run(home, "prompts", "add", str(folder))
        assert result.exit_code == 0, result.output
    return [version for _, version in made.values()]


def explained(home, user="c0"):  # noqa: F811
    (row,) = make_explainer(Settings(home=home)).explain_top(user, 1, reuse=True)
    return row


def test_texts_come_from_the_promoted_version_and_again_from_disk_after_a_rollback(home, two, make, tmp_path):  # noqa: F811
    first, second = two
    before = explained(home)
    assert before.prompt_version == PACKAGE
    assert "from the next text on" in said(run(home, "prompts", "promote", first[:8]))
    shutil.rmtree(tmp_path / "first")
    after = explained(home)
    assert (after.text, after.prompt_version) == ("“Kettle” is told by first.", first), "from SQL, word for word"
    assert after.id != before.id
    assert run(home, "prompts", "promote", second).exit_code == 0
    assert explained(home).prompt_version == second
    assert first[:12] in said(run(home, "prompts", "rollback"))
    assert explained(home).id == after.id, "the same version, the same record"
    assert "templates on disk" in said(run(home, "prompts", "rollback"))
    assert explained(home).id == before.id
    assert "nothing to roll back" in said(run(home, "prompts", "rollback"))


def test_the_packages_own_version_is_known_without_being_added(home):  # noqa: F811
    assert "100 % of users" in said(run(home, "prompts", "list"))
    assert "fallback.j2" in run(home, "prompts", "show", PACKAGE[:6]).output
    assert run(home, "prompts", "promote", PACKAGE).exit_code == 0
    assert explained(home).prompt_version == PACKAGE
    assert "in use for en/customer already" in said(run(home, "prompts", "promote", PACKAGE))


def test_a_folder_in_the_settings_takes_the_packages_place(home, make, monkeypatch):  # noqa: F811
    folder, version = make("mine")
    monkeypatch.setenv("EXPLAINER_PROMPTS", str(folder))
    assert explained(home).prompt_version == version
    assert version[:12] in said(run(home, "prompts", "list"))
    assert PACKAGE[:12] in said(run(home, "prompts", "list"))
    assert "stored already" in said(run(home, "prompts", "add")), "the first explanation stored it"
    monkeypatch.setenv("EXPLAINER_PROMPTS", str(folder / "no"))
    assert "no folder of prompt templates" in said(run(home, "explain", "--user", "c0"))


def test_a_running_service_takes_up_a_promotion_at_once(explainer, database, make):
    disk = PromptLibrary()
    registry = PromptRegistry(database, disk, disk)
    running = Explainer(database, explainer.model, Writer(SqlPromptChoice(database, disk), load_vocabulary))
    version, _ = registry.add(PromptLibrary(make("live")[0]), CUSTOMER)
    before = running.explain_top("u2", 1)[0]
    registry.promote(version, CUSTOMER)
    after = running.explain_top("u2", 1)[0]
    assert (before.prompt_version, after.prompt_version) == (PACKAGE, version)
    (texts,) = {
        written.prompt_version for written in preview(running, "u2", [running.history("u2").behaviours[0].id], 3).texts
    }
    assert texts == version, "a preview reads like the list"


def test_a_promotion_between_two_steps_does_not_mix_versions(explainer, database, make, monkeypatch):
    disk = PromptLibrary()
    registry = PromptRegistry(database, disk, disk)
    version, _ = registry.add(PromptLibrary(make("late")[0]), CUSTOMER)
    running = Explainer(database, explainer.model, Writer(SqlPromptChoice(database, disk), load_vocabulary))
    real = CaseMaker.case

    def promote_meanwhile(self, *args):
        if registry.in_use(CUSTOMER) == InUse():
            registry.promote(version, CUSTOMER)
        return real(self, *args)

    monkeypatch.setattr(CaseMaker, "case", promote_meanwhile)
    (row,) = running.explain_top("u2", 1, reuse=True)
    assert (row.prompt_version, "late" in row.text) == (PACKAGE, False)
    assert running.explain_top("u2", 1, reuse=True)[0].prompt_version == version


def test_a_split_gives_each_user_one_version_and_moves_few_when_it_changes(home, two):  # noqa: F811
    first, second = two
    assert run(home, "prompts", "split", first, second, "--percent", "50").exit_code == 0
    explainer = make_explainer(Settings(home=home))
    users = [f"c{n}" for n in range(8)]

    def versions():
        return {user: explainer.explain_top(user, 1, reuse=True)[0].prompt_version for user in users}

    half = versions()
    assert versions() == half
    registry = make_prompts(Settings(home=home))
    use = registry.in_use(CUSTOMER)
    assert half == {user: version_for(user, use) for user in users}
    result = run(home, "prompts", "split", first[:6], second[:6], "--percent", "90")
    assert "10 % of users" in said(result)
    assert registry.in_use(CUSTOMER).split == use.split, "the same split, another percentage"
    most = versions()
    assert all(most[user] == second for user in users if half[user] == second)
    assert "90 % of users" in said(run(home, "prompts", "list"))
    assert "already" in said(run(home, "prompts", "split", first, second, "--percent", "90"))
    assert "50 %" in said(run(home, "prompts", "rollback"))
    assert versions() == half
    assert run(home, "prompts", "promote", second).exit_code == 0
    assert set(versions().values()) == {second}, "a promotion ends the split"


def test_every_change_leaves_an_audit_entry_that_the_change_proves(home, two):  # noqa: F811
    first, second = two
    run(home, "prompts", "promote", first)
    run(home, "prompts", "split", first, second, "--percent", "9")
    run(home, "prompts", "rollback")
    with Database(Settings(home=home).url).session() as session:
        changes = list(session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number)))
        entries = list(session.scalars(select(AuditEntryRow).order_by(AuditEntryRow.seq)))
    assert [e.event for e in entries] == [
        *["prompt.added"] * 2,
        "prompt.promoted",
        "prompt.split",
        "prompt.rolled_back",
    ]
    assert [e.record_id for e in entries] == [c.id for c in changes]
    assert all(log.proves(entry, change_record(change)) for entry, change in zip(entries, changes, strict=True))


@pytest.mark.parametrize("action", ["add", "promote", "split", "rollback"])
def test_change_and_audit_entry_stand_or_fall_together(home, two, make, monkeypatch, action):  # noqa: F811
    registry = make_prompts(Settings(home=home))
    registry.promote(two[0], CUSTOMER)
    before, library = (registry.in_use(CUSTOMER), len(registry.versions(CUSTOMER))), PromptLibrary(make("x")[0])

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(log, "append", fail)
    change = {
        "add": lambda: registry.add(library, CUSTOMER),
        "promote": lambda: registry.promote(two[1], CUSTOMER),
        "split": lambda: registry.split(*two, 50, CUSTOMER),
        "rollback": lambda: registry.rollback(CUSTOMER),
    }[action]
    with pytest.raises(RuntimeError, match="power cut"):
        change()
    assert (registry.in_use(CUSTOMER), len(registry.versions(CUSTOMER))) == before


def test_templates_that_were_altered_in_the_database_are_not_used(home, two):  # noqa: F811
    registry = make_prompts(Settings(home=home))
    registry.promote(two[0], CUSTOMER)
    registry.promote(two[1], CUSTOMER)
    database = Database(Settings(home=home).url)
    with database.session() as session:
        for version in two:
            row = session.get(PromptVersionRow, version)
            row.templates = row.templates | {"en/customer/fallback.j2": "{item} is the best offer."}
    for use in (
        lambda: explained(home),
        lambda: registry.rollback(CUSTOMER),
        lambda: registry.split(*two, 5, CUSTOMER),
        lambda: registry.library(two[0], CUSTOMER),
    ):
        with pytest.raises(PromptError, match="altered"):
            use()
    assert registry.in_use(CUSTOMER) == InUse(two[1])


def test_versions_for_another_reader_are_not_mixed_in(home, two, tmp_path):  # noqa: F811
    folder = tmp_path / "support"
    shutil.copytree(resource_dir("prompts"), folder)
    shutil.copytree(folder / "en" / "customer", folder / "en" / "clerk")
    result = run(home, "prompts", "add", str(folder), "--audience", "clerk")
    assert result.exit_code == 0, result.output
    clerk = PromptLibrary(folder).version(Style("en", "clerk"))
    for words in (
        ["promote", clerk],
        ["show", clerk],
        ["diff", two[0], clerk],
        ["split", two[0], clerk, "--percent", "5"],
        ["report", two[0], clerk],
    ):
        result = run(home, "prompts", *words)
        assert result.exit_code == 1, words
        assert "is for en/clerk, not for en/customer" in said(result), words
    assert run(home, "prompts", "promote", clerk, "--audience", "clerk").exit_code == 0
    assert explained(home).prompt_version == PACKAGE


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["promote", "012345"], 1, "no prompt version '012345'"),
        (["promote", PACKAGE[:5]], 1, "too short"),
        (["promote", "[red]x"], 1, "no prompt version '[red]x'"),
        (["split", "FIRST", "SECOND", "--percent", "0"], 2, "1<=x<=99"),
        (["split", "FIRST", "SECOND", "--percent", "100"], 2, "1<=x<=99"),
        (["split", "FIRST", "SECOND", "--percent", "half"], 2, "half"),
        (["split", "FIRST", "SECOND"], 2, "--percent"),
        (["split", "FIRST", "FIRST", "--percent", "5"], 1, "needs two"),
        (["rollback"], 1, "nothing to roll back"),
        (["rollback", "--locale", "xx"], 1, "nothing to roll back"),
        (["list", "--locale", "xx"], 0, "no prompts for xx/customer"),
        (["add", "no/such"], 1, "no folder of prompt templates"),
        (["add", "--audience", "nobody"], 1, "no prompts for locale 'en' and audience 'nobody'"),
        (["add", "--audience", "../.."], 1, "no prompts"),
        (["report"], 1, "no split for en/customer"),
        (["report", "FIRST"], 2, "two versions"),
    ],
)
def test_what_cannot_be_is_said_clearly(home, two, words, code, why):  # noqa: F811
    named = dict(zip(("FIRST", "SECOND"), two, strict=True))
    result = run(home, "prompts", *(named.get(word, word) for word in words))
    assert (result.exit_code, type(result.exception)) in ((code, SystemExit), (0, type(None))), result.output
    assert result.exit_code == code
    assert why in said(result)


@pytest.mark.parametrize("percent", [0, 100, -1, 101])
def test_a_percentage_that_is_no_split_is_refused_by_the_registry_too(home, two, percent):  # noqa: F811
    with pytest.raises(RegistryError, match="1 to 99"):
        make_prompts(Settings(home=home)).split(*two, percent, CUSTOMER)


def test_templates_that_do_not_render_are_not_stored(home, make):  # noqa: F811
    folder, _ = make("broken", prompt="fine\n{{ ''.__class__.__mro__ }}")
    result = run(home, "prompts", "add", str(folder))
    assert result.exit_code == 1
    assert "'en/customer/prompt.j2', line 2" in said(result)
    assert len(make_prompts(Settings(home=home)).versions(CUSTOMER)) == 1


def test_a_diff_shows_what_changed_and_obeys_nothing(home, make, two):  # noqa: F811
    folder, version = make("evil", fallback="\x1b[2J[bold]{item}\u202e is here.")
    assert run(home, "prompts", "add", str(folder)).exit_code == 0
    lines = run(home, "prompts", "diff", two[0], version).output.splitlines()
    assert "--- a/en/customer/fallback.j2" in lines
    assert "-{item} is told by first. (no newline at the end)" in lines
    assert r"+\x1b[2J[bold]{item}\u202e is here. (no newline at the end)" in lines
    assert not any("system.j2" in line for line in lines), "what is the same is not shown"
    assert "the same" in run(home, "prompts", "diff", version, version).output
    shown = run(home, "prompts", "show", version).output
    assert r"\x1b[2J[bold]{item}\u202e is here." in shown


def test_a_diff_is_coloured_on_a_terminal(home, two, monkeypatch):  # noqa: F811
    from rich.console import Console

    from explainer.cli import prompts as commands

    console = Console(force_terminal=True, color_system="standard", width=100, record=True)
    monkeypatch.setattr(commands, "console", console)
    run(home, "prompts", "diff", *two)
    printed = console.export_text(styles=True)
    assert "\x1b[32m+{item} is told by second." in printed
    assert "\x1b[31m-{item} is told by first." in printed


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


def test_a_report_without_explanations_says_so_and_divides_nothing(home, two):  # noqa: F811
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


def test_of_two_changes_at_the_same_moment_one_is_refused(home, two, monkeypatch):  # noqa: F811
    from explainer.storage import changes

    real = changes.changes
    monkeypatch.setattr(changes, "changes", lambda session, kind, style: real(session, kind, style)[:-1])
    registry = make_prompts(Settings(home=home))
    with pytest.raises(ConflictError, match="refused"):
        registry.promote(two[0], CUSTOMER)
    assert registry.in_use(CUSTOMER) == InUse()


def test_the_migration_goes_down_and_up_again_and_keeps_what_was_there(explainer, database):
    from alembic import command

    explainer.explain_top("u2", 2)
    config = _alembic(database.url)
    command.downgrade(config, "0005")
    assert not {"adapters", "registry_changes"} & set(inspect(database.engine).get_table_names())
    database.migrate()
    indexes = {index["name"]: index for index in inspect(Database(database.url).engine).get_indexes("adapters")}
    assert indexes["uq_adapters_production"]["unique"]
    with database.session() as session:
        assert len(list(session.scalars(select(ExplanationRow)))) == 2
        assert len(list(session.scalars(select(PromptVersionRow)))) == 1
