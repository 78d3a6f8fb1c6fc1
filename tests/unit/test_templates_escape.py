"""Every page escapes: by its environment, with no template that says otherwise, and markup is made in few places."""

from __future__ import annotations

import re

import pytest

from explainer.server.rendering import HERE, environment

TEMPLATES = sorted(path.relative_to(HERE / "templates").as_posix() for path in (HERE / "templates").rglob("*.html"))
RAW = '"><img src=x onerror=alert(1)>'
MARKUP = {
    "audit_charts.py": ["Markup(draw(chart))"],  # an XML writer made it, every label escaped
    "audit_report.py": ["Markup(css)", "Markup(draw(chart))"],  # our own style sheets; as above
    "words/__init__.py": ["Markup(self.table[key])"],  # our own words; format() escapes the values
}
"""Where something is said to be markup already; one more is to be justified here."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_leaves_anything_unescaped(name):
    source = (HERE / "templates" / name).read_text("utf-8")
    assert not re.findall(r"\|\s*safe\b|autoescape|\bMarkup\b|xmlattr|\|\s*tojson\b", source)


def test_the_environment_escapes_what_is_told_and_what_filters_make_of_it():
    pages = environment()
    assert pages.autoescape is True
    assert RAW not in pages.from_string("{{ told }}").render(told=RAW)
    assert pages.from_string("{{ told | shown }} {{ told | urlencode }}").render(told=RAW).count("<") == 0


def test_markup_is_made_where_it_is_justified_and_nowhere_else():
    found = {}
    for path in sorted(HERE.rglob("*.py")):
        made = re.findall(r"\bMarkup\((?:[^()]|\([^()]*\))*\)", path.read_text("utf-8"))
        if made:
            found[path.relative_to(HERE).as_posix()] = made
    assert found == MARKUP
    assert not [path for path in HERE.rglob("*.py") if re.search(r"__html__|escape=False", path.read_text("utf-8"))]
