"""The admin pages in a real browser: keys, people, versions, queue and engine."""

from __future__ import annotations

import shutil

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.paths import resource_dir
from explainer.pipeline import Explainer
from explainer.registry.prompts import PromptRegistry
from explainer.server.words import words_in
from explainer.storage.access_tables import ApiKeyRow
from explainer.storage.changes import ON_DISK
from explainer.storage.prompts import SqlPromptChoice
from explainer.storage.version_tables import AdapterRow, RegistryChangeRow
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import PLAIN, WAYS, Gallery
from tests.integration.watched import Scripted

pytestmark = NEEDS_CHROMIUM
CUSTOMER = Style("en", "customer")
NAME = "shop/<b>eu</b>?"


@pytest.fixture
def explainer(database, model, request):
    """Texts come from the prompts in use, and from an engine where a test asks for one."""
    engine = getattr(request, "param", None)
    worker = None if engine is None else BatchingEngine(engine, Limits(backlog=77))
    return Explainer(database, model, Writer(SqlPromptChoice(database, PromptLibrary()), load_vocabulary, worker))


@pytest.mark.parametrize("way", PLAIN)
def test_a_key_is_made_shown_once_rotated_and_revoked(reader, server, database, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-keys", way)
    page = reader(Role.ADMIN, locale, scheme, width, script=script, refusals=True)

    def works(key):
        answer = httpx.get(f"{server[0]}/v1/users/u3/recommendations", headers={"X-API-Key": key})
        return answer.status_code == 200

    page.goto("/admin/keys")
    gallery.take(page, "none")
    page.get_by_label(t("admin.name"), exact=True).fill(NAME)
    page.get_by_label(t("admin.role"), exact=True).select_option("support")
    page.get_by_label(t("admin.keys.days")).fill("9" * 5000)
    page.get_by_role("button", name=t("admin.keys.create")).click()
    expect(page.get_by_role("alert")).to_contain_text("1 to 3650 days")
    expect(page.get_by_label(t("admin.name"), exact=True)).to_have_value(NAME)
    expect(page.get_by_label(t("admin.role"), exact=True)).to_have_value("support")
    page.get_by_label(t("admin.keys.days")).fill("30")
    page.get_by_role("button", name=t("admin.keys.create")).click()
    first = page.locator("#made").inner_text()
    assert works(first)
    gallery.take(page, "made")
    page.get_by_role("button", name=t("admin.keys.rotate_one", name=NAME)).click()
    second = page.locator("#made").inner_text()
    assert works(first)
    assert works(second)
    gallery.take(page, "rotated")
    page.goto("/admin/keys")
    assert first not in page.content()
    assert second not in page.content()
    expect(page.get_by_role("rowheader")).to_have_text([NAME, NAME])
    page.get_by_role("button", name=t("admin.keys.revoke_one", name=NAME)).first.click()
    expect(page.get_by_role("rowheader")).to_have_count(0)
    assert not works(first)
    assert not works(second)
    with database.session() as session:
        assert session.scalars(select(ApiKeyRow)).all() == []


def test_a_second_key_of_a_name_is_refused(reader):
    page = reader(Role.ADMIN, refusals=True)
    page.goto("/admin/keys")
    for _ in range(2):
        page.get_by_label("Name", exact=True).fill("shop")
        page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a key 'shop' already")
    expect(page.get_by_role("rowheader")).to_have_count(1)


def add(page, t, name, password, role="support"):
    page.get_by_label(t("admin.name"), exact=True).fill(name)
    page.get_by_label(t("admin.role"), exact=True).select_option(role)
    page.get_by_label(t("admin.people.password")).first.fill(password)
    page.get_by_role("button", name=t("admin.people.button"), exact=True).click()


@pytest.fixture
def comes_in(server, browser):
    """Return a function that signs somebody in by the form and tells whether that worked."""

    def signs_in(name, password):
        context = browser.new_context(base_url=server[0], locale="en")
        page = context.new_page()
        page.goto("/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        found = not page.url.endswith("/login")
        context.close()
        return found

    return signs_in


@pytest.mark.parametrize("way", WAYS)
def test_somebody_is_let_in_gets_a_new_password_and_is_let_in_no_more(reader, comes_in, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-people", way)
    page = reader(Role.ADMIN, locale, scheme, width, script=script, refusals=True)
    page.goto("/admin/people")
    add(page, t, "b/öb 李", "aaaaaaaaaaaa")
    expect(page.get_by_role("alert")).to_contain_text("too easy to guess")
    expect(page.get_by_label(t("admin.name"), exact=True)).to_have_value("b/öb 李")
    gallery.take(page, "too-easy")
    add(page, t, "b/öb 李", "four blue lanterns")
    expect(page.get_by_role("rowheader")).to_have_count(2)
    add(page, t, "b/öb 李", "four blue lanterns")
    expect(page.get_by_role("alert")).to_contain_text("already")
    assert comes_in("b/öb 李", "four blue lanterns")

    page.get_by_text(t("admin.people.new_password"), exact=True).nth(1).click()
    row = page.get_by_role("row", name="b/öb 李")
    row.get_by_label(t("admin.people.password")).fill("five red kettles")
    gallery.take(page, "new-password")
    row.get_by_role("button", name=t("admin.people.set_one", name="b/öb 李")).click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert not comes_in("b/öb 李", "four blue lanterns")
    assert comes_in("b/öb 李", "five red kettles")

    expect(page.get_by_role("button", name=t("admin.people.disable_one", name="ada"))).to_have_count(0)
    page.get_by_role("button", name=t("admin.people.disable_one", name="b/öb 李")).click()
    expect(page.get_by_text(t("admin.people.disabled"), exact=True)).to_be_visible()
    gallery.take(page, "disabled")
    assert not comes_in("b/öb 李", "five red kettles")


def test_whoever_is_disabled_or_has_a_new_password_is_out_at_once(reader):
    admin, clerk = reader(Role.ADMIN), reader(Role.SUPPORT)
    clerk.goto("/support")
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Support")
    admin.goto("/admin/people")
    admin.get_by_text("New password", exact=True).nth(0).click()
    row = admin.get_by_role("row", name="a-support")
    row.get_by_label("Password (12 characters or more)").fill("five red kettles")
    row.get_by_role("button", name="Set the password of a-support").click()
    expect(admin.get_by_role("row", name="a-support")).to_contain_text("active")
    clerk.goto("/support")
    expect(clerk.get_by_label("Password")).to_be_visible()


@pytest.fixture
def version(database, tmp_path):
    """A version of the customers' prompts in the database."""
    folder = tmp_path / "mine"
    shutil.copytree(resource_dir("prompts"), folder)
    (folder / "en" / "customer" / "fallback.j2").write_text("{item} is told by mine.")
    disk = PromptLibrary()
    return PromptRegistry(database, disk, disk).add(PromptLibrary(folder), CUSTOMER)[0]


@pytest.mark.parametrize("way", WAYS)
def test_prompts_are_promoted_write_the_next_text_and_are_rolled_back(reader, explainer, database, version, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-versions", way)
    page = reader(Role.ADMIN, locale, scheme, width, script=script)
    page.goto("/admin/versions")
    expect(page.get_by_text(t("admin.adapters.none"))).to_be_visible()
    gallery.take(page, "disk")
    row = page.get_by_role("row").filter(has_text=version[:12])
    row.get_by_role("button").click()
    expect(row.get_by_text(t("admin.in_use"), exact=True)).to_be_visible()
    gallery.take(page, "promoted")
    assert explainer.explain_top("u3", 1)[0].text.endswith("is told by mine.")
    row.get_by_role("button", name=t("admin.rollback")).click()
    expect(row.get_by_text(t("admin.in_use"), exact=True)).to_have_count(0)
    assert not explainer.explain_top("u3", 1)[0].text.endswith("is told by mine.")
    with database.session() as session:
        assert [c.action for c in session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number))][
            -2:
        ] == ["promoted", "rolled_back"]


def test_a_split_is_shown_with_its_shares_and_can_be_undone(reader, database, version):
    disk = PromptLibrary()
    registry = PromptRegistry(database, disk, disk)
    registry.split(disk.version(CUSTOMER), version, 30, CUSTOMER)
    page = reader(Role.ADMIN)
    page.goto("/admin/versions")
    row = page.get_by_role("row").filter(has_text=version[:12])
    expect(row).to_contain_text("30 % of users")
    expect(page.get_by_role("row").filter(has_text=disk.version(CUSTOMER)[:12])).to_contain_text("70 % of users")
    Gallery("admin-split").take(page, "both")
    row.get_by_role("button", name="Roll back").click()
    expect(row).not_to_contain_text("%")
    assert registry.in_use(CUSTOMER) == ON_DISK


@pytest.mark.parametrize("way", WAYS)
def test_adapters_are_listed_and_one_whose_files_are_gone_cannot_be_promoted(reader, database, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-adapters", way)
    with database.session() as session:
        for label, letter in (("retired", "a"), ("production", "b"), ("candidate", "c")):
            session.add(
                AdapterRow(
                    version=letter * 64, name=f"<i>{label}</i>", locale="en", folder=f"/nowhere/{letter}",
                    base_hash="0" * 64, card={}, label=label,
                )
            )  # fmt: skip
    page = reader(Role.ADMIN, locale, scheme, width, script=script, refusals=True)
    page.goto("/admin/versions")
    for label in ("retired", "production", "candidate"):
        expect(page.get_by_role("row").filter(has_text=f"<i>{label}</i>")).to_contain_text(t(f"admin.label.{label}"))
    page.get_by_role("button", name=t("admin.promote_one", version="c" * 12)).click()
    expect(page.get_by_role("alert")).to_contain_text("/nowhere/c")
    expect(page.get_by_role("row").filter(has_text="candidate")).to_contain_text(t("admin.label.candidate"))
    gallery.take(page, "refused")


@pytest.mark.parametrize("way", WAYS)
def test_without_an_engine_the_page_says_that_templates_write(reader, way):
    locale, scheme, width, script = way
    t = words_in(locale)
    page = reader(Role.ADMIN, locale, scheme, width, script=script)
    page.goto("/admin")
    expect(page.get_by_text(t("admin.engine.templates"))).to_be_visible()
    expect(page.get_by_text(t("admin.queue.places", taken="0", places="4"))).to_be_visible()
    Gallery("admin-engine", way).take(page, "templates")


@pytest.mark.parametrize("explainer", [Scripted("{item} won 3 Oscars.")], indirect=True)
def test_the_engine_page_counts_what_was_written(reader, explainer):
    explainer.explain_top("u3", 3)
    page = reader(Role.ADMIN)
    page.goto("/admin")
    expect(page.get_by_text("scripted")).to_be_visible()
    counters = explainer.writer.engine.counters
    assert counters.prompts > 0
    expect(page.locator("dt", has_text="Prompts written").locator("+ dd")).to_have_text(str(counters.prompts))
    Gallery("admin-engine").take(page, "model")
    explainer.writer.engine.close()


def test_a_support_agent_finds_no_admin_page(reader):
    page = reader(Role.SUPPORT, refusals=True)
    for path in ("/admin", "/admin/keys", "/admin/people", "/admin/versions"):
        assert page.goto(path).status == 403
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
