"""The version that the next text is made of: promoted, split between users, rolled back."""

from __future__ import annotations

import shutil

from explainer.assembly import make_explainer
from explainer.cases import CaseMaker
from explainer.loading import make_prompts
from explainer.pipeline import Explainer
from explainer.registry.prompts import PromptRegistry
from explainer.service.preview import preview
from explainer.settings import Settings
from explainer.storage.changes import InUse
from explainer.storage.prompts import SqlPromptChoice, version_for
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.commands import run, said
from tests.integration.prompt_versions.acting import CUSTOMER, PACKAGE, explained


def test_texts_come_from_the_promoted_version_and_again_from_disk_after_a_rollback(home, two, make, tmp_path):
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


def test_the_packages_own_version_is_known_without_being_added(home):
    assert "100 % of users" in said(run(home, "prompts", "list"))
    assert "fallback.j2" in run(home, "prompts", "show", PACKAGE[:6]).output
    assert run(home, "prompts", "promote", PACKAGE).exit_code == 0
    assert explained(home).prompt_version == PACKAGE
    assert "in use for en/customer already" in said(run(home, "prompts", "promote", PACKAGE))


def test_a_folder_in_the_settings_takes_the_packages_place(home, make, monkeypatch):
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
    first = running.history("u2").behaviours[0].id
    (texts,) = {written.prompt_version for written in preview(running, "u2", [first], 3, CUSTOMER).texts}
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


def test_a_split_gives_each_user_one_version_and_moves_few_when_it_changes(home, two):
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
