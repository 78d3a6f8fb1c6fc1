"""What is typed at the command line is said back as it is, or refused in a line that says how it can be."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from explainer.storage.access_tables import ApiKeyRow, PersonRow
from tests.integration.commands import run, said

PASSWORD = ["--password", "three green kettles"]
MARKUP = ("z[/]", "[red]x[/]", "[bold]", "a\\[b]")
NO_NAMES = ("", "   ", "x" * 201, "a\nb", "a\x1b[31mb", "\udce9")
NOT_UTF8 = "c\udce9"


@pytest.fixture
def typed(empty, tmp_path, monkeypatch):
    """Run a command that must end well, or as is said; return all that was said, in one line."""
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", empty.url)

    def type_in(*words, ends=0):
        result = run(tmp_path, *words)
        assert result.exit_code == ends, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return said(result)

    return type_in


@pytest.mark.parametrize("name", MARKUP)
def test_a_name_is_printed_as_it_is_and_never_as_markup(typed, name):
    assert name in typed("people", "add", name, "--role", "support", *PASSWORD)
    assert name in typed("people", "password", name, "--password", "four blue lanterns")
    assert name in typed("people", "list")
    assert name in typed("people", "disable", name)
    assert name in typed("people", "remove", name)
    typed("key", "create", name)
    assert name in typed("key", "list")
    assert repr(name) in typed("key", "revoke", name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_refused_and_nothing_is_stored(typed, empty, name):
    for words in (["people", "add", name, "--role", "support", *PASSWORD], ["key", "create", name]):
        assert "A name has 1 to 200 characters" in typed(*words, ends=1)
    with empty.session() as session:
        assert session.scalars(select(PersonRow)).all() == session.scalars(select(ApiKeyRow)).all() == []


@pytest.mark.parametrize(
    "words",
    [
        ["replay", NOT_UTF8],
        ["audit", "package", "{out}", "--user", NOT_UTF8],
        ["subject", "export", NOT_UTF8, "{out}"],
        ["subject", "erase", NOT_UTF8, "--yes"],
        ["explain", "--user", NOT_UTF8],
        ["people", "password", "sue", "--password", NOT_UTF8 + " green kettles"],
    ],
    ids=lambda words: " ".join(words[:2]).replace(NOT_UTF8, ""),
)
def test_what_is_not_utf_8_is_refused_in_a_line(home, tmp_path, words):
    for made in (["people", "add", "sue", "--role", "support", *PASSWORD], ["audit", "key"]):
        assert run(home, *made).exit_code == 0
    result = run(home, *(word.replace("{out}", str(tmp_path / "out")) for word in words))
    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.exception
    assert "not UTF-8 text: it has the bytes b'\\xe9' in it" in said(result)
