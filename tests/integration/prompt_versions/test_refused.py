"""What is no version, no change or not for this reader is refused, and the reason is said."""

from __future__ import annotations

import shutil

import pytest

from explainer.errors import PromptError, RegistryError
from explainer.loading import make_prompts
from explainer.paths import resource_dir
from explainer.settings import Settings
from explainer.storage.changes import InUse
from explainer.storage.database import Database
from explainer.storage.version_tables import PromptVersionRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.integration.commands import run, said
from tests.integration.prompt_versions.acting import CUSTOMER, PACKAGE, explained


def test_templates_that_were_altered_in_the_database_are_not_used(home, two):
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


def test_versions_for_another_reader_are_not_mixed_in(home, two, tmp_path):
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
def test_what_cannot_be_is_said_clearly(home, two, words, code, why):
    named = dict(zip(("FIRST", "SECOND"), two, strict=True))
    result = run(home, "prompts", *(named.get(word, word) for word in words))
    assert (result.exit_code, type(result.exception)) in ((code, SystemExit), (0, type(None))), result.output
    assert result.exit_code == code
    assert why in said(result)


@pytest.mark.parametrize("percent", [0, 100, -1, 101])
def test_a_percentage_that_is_no_split_is_refused_by_the_registry_too(home, two, percent):
    with pytest.raises(RegistryError, match="1 to 99"):
        make_prompts(Settings(home=home)).split(*two, percent, CUSTOMER)


def test_templates_that_do_not_render_are_not_stored(home, make):
    folder, _ = make("broken", prompt="fine\n{{ ''.__class__.__mro__ }}")
    result = run(home, "prompts", "add", str(folder))
    assert result.exit_code == 1
    assert "'en/customer/prompt.j2', line 2" in said(result)
    assert len(make_prompts(Settings(home=home)).versions(CUSTOMER)) == 1
