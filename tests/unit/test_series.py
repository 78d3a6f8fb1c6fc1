"""A series is read from titles only where they leave no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.data import Item
from retriever.data.series import plain_title, series_of


def found(*titles):
    """Return the series of a catalogue of "title" or ("title", year), as {name: titles}."""
    pairs = [(title, None) if isinstance(title, str) else title for title in titles]
    items = [Item(str(n), title, year=year) for n, (title, year) in enumerate(pairs)]
    names = series_of(items)
    return {name: {i.title for i in items if names.get(i.id) == name} for name in names.values()}


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("Toy Story", ["Toy Story", "Toy Story 2"]),
        ("The Godfather", [("The Godfather", 1972), ("The Godfather: Part II", 1974)]),
        ("Star Wars", ["Star Wars: Episode IV - A New Hope", "Star Wars: Episode V - The Empire Strikes Back"]),
        ("Alien", [("Alien", 1979), ("Alien 3", 1992), ("Alien: Resurrection", 1997)]),
        ("Mission: Impossible", ["Mission: Impossible", "Mission: Impossible II"]),
        ("Kill Bill", ["Kill Bill: Vol. 1", "Kill Bill: Vol. 2"]),
        ("Rocky", ["Rocky", "Rocky II", "Rocky V"]),
        ("The Naked Gun", ["The Naked Gun 2 1/2: The Smell of Fear", "Naked Gun 33 1/3: The Final Insult"]),
        ("Harry Potter", [f"Harry Potter and the {thing}" for thing in ("Stone", "Chamber", "Goblet")]),
        ("Final Fantasy", ["Final Fantasy VII (PC)", "Final Fantasy X - PlayStation 2"]),
        ("Babylon 5", [("Babylon 5: The Gathering", 1993), ("Babylon 5: Thirdspace", 1998), ("Babylon 5", 1990)]),
    ],
)
def test_parts_of_a_series_are_found(name, titles):
    whole = found(*titles)
    assert set(whole) == {name}
    assert len(whole[name]) == len(titles)


@pytest.mark.parametrize(
    "titles",
    [
        ["Henry V", "Henry Fool", ("Henry: Portrait of a Serial Killer", 1986)],
        ["Malcolm X", "Malcolm"],
        ["Apollo 13", "Apollo 18", "Apollo"],
        ["American Pie", "American Beauty"],
        ["2001: A Space Odyssey", "2001: A Space Travesty", "Seven", "Se7en"],
        ["District 9", "District 13"],
        ["Alien", "Aliens"],
        ["The Mission", "Mission: Impossible"],
        ["Catch-22", "Fahrenheit 451", ("Fahrenheit 9/11", 2004), "Death Race 2000", "Death Race"],
        [("Louis C.K.: Hilarious", 2010), ("Louis C.K.: Oh My God", 2013)],
        [("Robin Hood", 1973), ("Robin Hood: Prince of Thieves", 1991), ("Robin Hood: Men in Tights", 1993)],
        [("Hamlet", 1990), ("Hamlet", 1996), ("Hamlet 2", 2008)],
        [("Captain America II: Death Too Soon", 1979), ("Captain America: Civil War", 2016)],
        ["The Princess and the Frog", "The Princess and the Pirate", "The Princess and the Warrior"],
        ["PlayStation 2", "PlayStation 3", "Xbox 360"],
        ["Starter Kit - Black", "Starter Kit - Aqua Blue", "Starter Kit"],
        ["Cars 2 - Sony PSP", "Cars 2 - PC"],
        ["Project X", "Project X", "The King and I"],
    ],
)
def test_what_could_be_something_else_is_no_series(titles):
    assert found(*titles) == {}


def test_a_machine_and_an_edition_are_no_part_of_a_title():
    assert plain_title("Halo 3 (Limited Edition) - Xbox 360") == "Halo 3"


@given(st.lists(st.tuples(st.text(max_size=30), st.none() | st.integers(1900, 2100)), max_size=12))
def test_any_catalogue_gives_series_of_at_least_two_different_titles(rows):
    items = [Item(str(n), title, year=year) for n, (title, year) in enumerate(rows)]
    names = series_of(items)
    assert names.keys() <= {item.id for item in items}
    for name in set(names.values()):
        assert len({item.title.casefold() for item in items if names.get(item.id) == name}) > 1
