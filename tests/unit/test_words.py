"""The pages' words: each language has all of them, and no page asks for others."""

from __future__ import annotations

import re
import string
from pathlib import Path

import msgspec
import pytest

from explainer.server import rendering, words
from explainer.server.words import words_in
from explainer.writing.style import LOCALES

FOLDER = Path(words.__file__).parent
TABLES = {path.stem: msgspec.json.decode(path.read_bytes(), type=dict[str, str]) for path in FOLDER.glob("*.json")}
TEMPLATES = sorted((rendering.HERE / "templates").rglob("*.html"))
# t("key"), t.rich("key"), t.count("key", n), t("prefix." ~ rest); in Python the same by the name words.
USED = re.compile(r"""\b(?:t|words)(\.rich|\.count)?\(\s*["']([a-z\d_.]+)["']\s*(~)?""")


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_the_same_keys_with_the_same_values_in_them():
    assert TABLES.keys() == set(LOCALES)
    english = TABLES["en"]
    for table in TABLES.values():
        assert table.keys() == english.keys()
        assert {key: fields(text) for key, text in table.items()} == {k: fields(text) for k, text in english.items()}
        assert all(text.strip() for text in table.values())


def test_keys_stand_once_and_in_order_of_their_pages():
    for path in FOLDER.glob("*.json"):
        keys = re.findall(r'^  "([\w.]+)":', path.read_text("utf-8"), re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(TABLES[path.stem])


@pytest.mark.parametrize("path", [*TEMPLATES, *sorted(rendering.HERE.rglob("*.py"))], ids=lambda path: path.name)
def test_no_page_uses_words_that_there_are_not(path):
    keys = TABLES["en"].keys()
    for how, key, joined in USED.findall(path.read_text("utf-8")):
        if joined:
            assert any(known.startswith(key) for known in keys), key
        elif how == ".count":
            assert {f"{key}.one", f"{key}.other"} <= keys
        else:
            assert key in keys


def test_what_the_navigation_says_is_in_the_words():
    assert {entry.words for entry in rendering.ENTRIES} <= TABLES["en"].keys()


def test_chinese_pages_speak_chinese():
    spoken = {key: text for key, text in TABLES["zh"].items() if text == TABLES["en"][key]}
    assert not {key for key, text in spoken.items() if re.search("[a-z]{3}", text)}, spoken


def test_values_are_escaped_and_never_read_as_words():
    english = words_in("en")
    made = words.Words("en", {"x": "<b>{title}</b>"})
    assert made.rich("x", title="<i>{y}</i>") == "<b>&lt;i&gt;{y}&lt;/i&gt;</b>"
    assert made("x", title="{title}") == "<b>{title}</b>"
    with pytest.raises(KeyError):
        english("no.such.words")


def test_numbers_are_written_as_the_language_writes_them():
    assert words_in("en").number(-1234.5, 1) == "\u22121,234.5"
    assert words_in("en").percent(0.314) == "31%"
    assert words_in("zh").percent(-0.5) == "\u221250%"
