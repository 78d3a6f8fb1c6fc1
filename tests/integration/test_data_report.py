"""`explainer data report` from a folder to a page: any data that can be read gives a page, none does harm."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from explainer.cli import main
from tests.conftest import HOSTILE

NOW = 1_600_000_000
EVIL = "</style></svg><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}$\\frac{1}{"


def write(folder, items, rows, toml=""):
    folder.mkdir(exist_ok=True)
    (folder / "dataset.toml").write_text(f'name = "mine"\nkind = "rating"\n{toml}', encoding="utf-8")
    for name, header, lines in (
        ("items", ["id", "title", "aspects", "year"], items),
        ("behaviours", ["user", "item", "value", "time"], rows),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    return folder


def report(source, out):
    return CliRunner().invoke(main, ["data", "report", str(source), "--out", str(out)])


class Page(HTMLParser):
    """Collects tags, what they load, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in {"src", "href"} and tag != "use"]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def made(source, tmp_path):
    result = report(source, tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert text.startswith("<!doctype html>")
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert page.handlers == []
    assert not [load for load in page.loads if not load.startswith("#")]
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(r"\b(nan|inf|None)\b", page.text), "a number that is none reached the page"
    return page, result.output


def test_ml_100k_end_to_end(tmp_path):
    page, output = made("ml-100k", tmp_path)
    for words in ("943", "1,682", "100,000", "Chasing Amy", "What to look at", "Gini", "limit 17,246"):
        assert words in page.text
    assert page.tags.count("svg") > 8
    assert "report.html" in output
    assert all(f"{n}. " in output for n in (1, 2, 3))
    for line in re.findall(r"^\d\. (.+)$", output, re.MULTILINE):
        assert line.split(".")[0][:30] in page.text


@pytest.mark.parametrize(
    ("items", "rows"),
    [
        pytest.param([["a", "A", "", ""]], [["u", "a", "", ""]], id="one of everything, no value, no time"),
        pytest.param(
            [["a", "A", "x", 2000], ["b", "B", "x", ""]], [["u", "a", 5, NOW], ["u", "b", 1, NOW]], id="one user"
        ),
        pytest.param([["a", "A", "x", 2000]], [[f"u{n}", "a", 3, NOW + n] for n in range(9)], id="one item"),
        pytest.param(
            [[n, f"T{n}", "x|y", ""] for n in range(9)],
            [[f"u{u}", n, 4, NOW] for u in range(30) for n in range(9)],
            id="all at the same time",
        ),
        pytest.param(
            [[n, f"T{n}", "", ""] for n in range(9)],
            [[f"u{u}", n, "", ""] for u in range(30) for n in range(u % 9 + 1)],
            id="no times, no values, no aspects",
        ),
        pytest.param(
            [[n, f"T{n}", "x", 1990] for n in range(9)],
            [[f"u{u}", u % 9, u % 41 / 10 + 1, 10**8 + u * 10**7] for u in range(140)],
            id="many values over decades",
        ),
    ],
)
def test_data_of_any_shape_gives_a_page(tmp_path, items, rows):
    page, output = made(write(tmp_path / "d", items, rows), tmp_path)
    assert "What to look at" in page.text
    assert "behaviours" in output


def test_what_was_dropped_is_on_the_page_with_reason_number_and_place(tmp_path):
    people = [[f"u{u}", n, 4, NOW + 86_400 * n + u] for u in range(40) for n in range(5)]
    bot = [["crawler", n % 50, "", NOW + n] for n in range(900)]
    toml = "[cleaning]\nrepeat_seconds = 10\n"
    rows = [*people, *bot, ["u0", "nowhere", 3, NOW], ["u1", 1, 99, NOW]]
    page, output = made(write(tmp_path / "d", [[n, f"T{n}", "x", ""] for n in range(50)], rows, toml), tmp_path)
    for words in ("bot by speed", "unknown item", "value out of range", "behaviours.csv:202, first of 900 rows"):
        assert words in page.text
    assert "1 user was taken for bots by their speed, and dropped." in page.text
    assert "crawler" not in page.text, "the report names places, not people"
    assert "bots" in output


def test_a_far_time_and_a_switched_off_screening_are_said(tmp_path):
    people = [[f"u{u}", n, 4, NOW + 86_400 * n + u] for u in range(40) for n in range(5)]
    people.append(["u0", 7, 4, NOW - 10 * 365 * 86_400])
    items = [[n, f"T{n}", "x", ""] for n in range(8)]
    page, _ = made(write(tmp_path / "on", items, people), tmp_path)
    assert "1 behaviour happened long before or after all the others." in page.text
    assert "hold nothing" not in page.text
    page, _ = made(write(tmp_path / "off", items, people, "[cleaning]\nenabled = false\n"), tmp_path)
    assert "switch the screening off" in page.text
    assert "long before" not in page.text
    assert "hold nothing" in page.text


def test_hostile_titles_aspects_and_names_are_harmless_text(tmp_path):
    titles = [EVIL, EVIL, *HOSTILE, *HOSTILE]
    items = [[f"<b>{n}</b>", title, f"{EVIL.replace('|', '')}{n % 2}|[/bold]", ""] for n, title in enumerate(titles)]
    rows = [[f"<i>u{u}[/x]</i>", item[0], 5, NOW + 60 * n] for u in range(5) for n, item in enumerate(items)]
    folder = write(tmp_path / "[bold] <u>", items, rows)
    (folder / "dataset.toml").write_text('name = "<script>alert(1)</script>[/b]"\nkind = "rating"\n')
    page, output = made(folder, tmp_path)
    assert EVIL.partition("{{")[0] in page.text
    assert "{{ 7*7 }}" in page.text
    assert "<script>alert(1)</script>[/b]" in page.text
    assert "<script>alert(1)</script>[/b]" in output


@pytest.mark.parametrize(
    ("source", "out", "said"),
    [
        ("no/such", "r.html", "not a folder"),
        ("d", "no/such/folder/r.html", "cannot be written"),
        ("lost", "r.html", "no usable behaviours"),
        ("bare", "r.html", "no usable rows"),
        ("nothing", "r.html", "dataset.toml"),
    ],
)
def test_no_data_is_one_clear_error(tmp_path, monkeypatch, source, out, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "d", [["a", "A", "", ""]], [["u", "a", 5, NOW]])
    write(tmp_path / "lost", [["a", "A", "", ""]], [["u", "a", 5, NOW * 1000]] * 3)  # milliseconds
    write(tmp_path / "bare", [["a", "A", "", ""]], [])
    (tmp_path / "nothing").mkdir()
    result = report(source, out)
    output = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 1, output
    assert said in output
    assert "milliseconds" in output or source != "lost"
    assert not (tmp_path / out).exists()


def test_the_same_data_gives_the_same_page(tmp_path):
    folder = write(
        tmp_path / "d", [["a", "A", "x", ""], ["b", "B", "", ""]], [["u", "a", 5, NOW], ["v", "b", 2, NOW + 9]]
    )
    pages = []
    for name in ("one.html", "two.html"):
        report(folder, tmp_path / name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
