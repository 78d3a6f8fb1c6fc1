"""Which items are parts of one series, read from their titles; only where the titles leave no doubt.

"Toy Story" and "Toy Story 2" are certain, and so is "Alien: Resurrection" where "Alien 3" stands beside it. "Henry V",
"Malcolm X" and "Apollo 13" carry numbers and are no parts of anything, "Louis C.K.: Hilarious" and "Louis C.K.: Oh My
God" share a beginning and are no series: what could be either is none. Missing a series costs a better reason,
inventing one costs a true one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from retriever.data.model import Item

_ROMAN_NAMES = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX"
_WORD_NAMES = "one two three four five six seven eight nine ten"
_ROMAN, _WORDS = _ROMAN_NAMES.split(), _WORD_NAMES.split()
_NUMBERS = {name: n for names in (_ROMAN, _WORDS) for n, name in enumerate(names, start=1)}
_MOST = 20
"""A larger number counts something else: "Catch-22", "Area 51", "Death Race 2000"."""
_LETTERS = frozenset({"I", "V", "X"})
"""Letters as often as numbers."""
_PARTS = r"(?:Part|Vol\.|Volume|Chapter|Episode)"
_NUMBER = rf"(?:\d{{1,2}}(?: \d/\d)?|{'|'.join(sorted(_ROMAN, key=len, reverse=True))})"
_NUMBERED = re.compile(
    rf"^(?P<stem>.*?\w.*?)[,:]? (?:-? ?{_PARTS} (?P<part>{_NUMBER}|(?i:{'|'.join(_WORDS)}))|(?P<bare>{_NUMBER}))"
    r"(?:-D| 3-?D)?(?=$|:| - |, )"
)
_SUBTITLED = re.compile(r"^(?P<stem>.*?\w.*?)(?:: | - )(?=\w)")
_ADVENTURE = re.compile(r"^(?P<stem>.*?\w.*?) and the (?=\w)")
_ARTICLE = re.compile(r"^(?:The|A|An) (?=\S+ \S)")
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_LONGEST_PAUSE = 19
"""Years. After a longer one it is a remake or another series under an old name: "Captain America II" of 1979."""
_LONG_STEM, _SHORT_STEM, _MANY, _SEVERAL = 3, 2, 3, 2
# Anybody may make a film about them, and many unrelated people did.
_FIGURES = (
    "aladdin,alice in wonderland,batman,captain america,cinderella,dracula,fantastic four,frankenstein,godzilla,"
    "hercules,hulk,justice league,king kong,peter pan,pinocchio,robin hood,scooby-doo,sherlock holmes,sinbad,"
    "snow white,spider-man,superman,tarzan,tom and jerry,wonder woman,zorro"
)
_ANYBODYS = frozenset(_FIGURES.split(","))
# Names of machines are numbered, too: "PlayStation 2" is no second part of anything.
_MACHINES = (
    r"(?:Sony|Microsoft|Sega|Nintendo|Atari|PlayStation(?: \d)?|PS ?\d|PS Vita|PSP|Vita|Xbox(?: 360| One)?|Wii(?: U)?|"
    r"GameCube|Game ?Boy(?: Advance| Color)?|GBA|\d?DSi?|Dreamcast|Genesis|Saturn|S?NES|N64|Switch|PC|Mac|Windows|"
    r"DVD|CD)"
)
_FOR_MACHINE = re.compile(rf"\s*(?:-|\bfor\b)\s*(?:{_MACHINES}[\s/,&-]*)+$", re.IGNORECASE)
_MACHINE = re.compile(rf"^(?:(?:{_MACHINES}|New|Super|Console|Game Card Case)\s*)+$", re.IGNORECASE)
# "Product Number 12" is a place in a list.
_LISTED = re.compile(r"\b(?:number|no\.?|nr\.?|item|model)$", re.IGNORECASE)


@dataclass(slots=True)
class _Group:
    """Titles that begin alike.

    Attributes:
        name: The beginning, as the first of them writes it.
        words: How many words it has.
        bases: Items whose whole title it is.
        numbers: Items whose title goes on with a number, and the numbers.
        letters: Likewise, where the number may be a letter.
        subtitled: Items whose title goes on after a colon or dash.
        adventures: Items whose title goes on with "and the".
    """

    name: str
    words: int
    bases: list[Item] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    subtitled: list[str] = field(default_factory=list)
    adventures: list[str] = field(default_factory=list)


def series_of(items: Sequence[Item]) -> dict[str, str]:
    """Return item id → name of the series, for every item that is certainly part of one with at least two titles.

    Args:
        items: A catalogue of works with titles of their own (films, books, games); not headlines or posts.
    """
    by_id = {item.id: item for item in items}
    found: dict[str, str] = {}
    # The longer beginning is the closer relation: "Babylon 5" before "Babylon", if both hold.
    for group in sorted(_groups(items), key=lambda group: (-len(group.name), group.name)):
        members = [by_id[key] for key in dict.fromkeys(_members(group, by_id)) if key not in found]
        for run in _without_pauses(members):
            if len({_key(plain_title(item.title)) for item in run}) > 1:
                found.update((item.id, group.name) for item in run)
    return found


def plain_title(title: str) -> str:
    """Return a title without what stands in brackets and without the machine it runs on."""
    return _FOR_MACHINE.sub("", " ".join(_ASIDE.sub("", title).split())).strip(" -:")


def _key(stem: str) -> str:
    return _ARTICLE.sub("", stem).casefold().strip(" ,:-")


def _groups(items: Sequence[Item]) -> Iterator[_Group]:
    groups: dict[str, _Group] = {}

    def at(stem: str) -> _Group:
        name = stem.strip(" ,:-")
        return groups.setdefault(_key(stem), _Group(name, len(_key(stem).removeprefix("the ").split())))

    titles = [(item, plain_title(item.title)) for item in items]
    for item, title in titles:
        if (match := _NUMBERED.match(title)) is not None:
            _note_number(at(match["stem"]), item, match["part"] or match["bare"], is_part=bool(match["part"]))
        if (match := _SUBTITLED.match(title)) is not None:
            at(match["stem"]).subtitled.append(item.id)
        if (match := _ADVENTURE.match(title)) is not None:
            at(match["stem"]).adventures.append(item.id)
    for item, title in titles:
        if (group := groups.get(_key(title))) is not None:
            group.bases.append(item)
    yield from (group for group in groups.values() if not _MACHINE.match(group.name) and not _LISTED.search(group.name))


def _note_number(group: _Group, item: Item, number: str, *, is_part: bool) -> None:
    plain = number.partition(" ")[0]
    value = _NUMBERS.get(plain) or _NUMBERS.get(plain.lower()) or int(plain)
    if value <= _MOST or " " in number:
        certain = is_part or number not in _LETTERS
        (group.numbers if certain else group.letters)[item.id] = value


def _members(group: _Group, by_id: Mapping[str, Item]) -> list[str]:
    """Return the ids of the items that certainly belong together."""
    numbered = {**group.numbers, **(group.letters if group.numbers else {})}
    numbers, others = set(numbered.values()), group.name.casefold() in _ANYBODYS
    if _are_numbered_parts(group, numbers):
        return [*_original(group.bases, numbered, by_id), *numbered, *([] if others else group.subtitled)]
    if others:
        return []
    # What has no year may be a thing in two colours: "Starter Kit - Black", "Starter Kit - Aqua Blue".
    dated = [key for key in group.subtitled if by_id[key].year is not None]
    if _are_subtitled_parts(group, dated):
        return [*_original(group.bases, dated, by_id), *dated]
    return group.adventures if group.words >= _SHORT_STEM and len(group.adventures) >= _MANY else []


def _are_numbered_parts(group: _Group, numbers: AbstractSet[int]) -> bool:
    if group.bases:  # "Rocky" and "Rocky II"; "Apollo" and "Apollo 13" need more
        return bool(numbers) and min(numbers) <= _MANY
    follow = any(number + 1 in numbers for number in numbers)
    return len(numbers) >= _SEVERAL and (follow or group.words >= _SHORT_STEM)


def _are_subtitled_parts(group: _Group, dated: Sequence[str]) -> bool:
    # One of each may be two versions of one tale: "Sweeney Todd" and "Sweeney Todd: The Demon Barber of Fleet Street".
    return len(dated) >= _SEVERAL and (bool(group.bases) or group.words >= _LONG_STEM)


def _original(bases: Sequence[Item], followers: Iterable[str], by_id: Mapping[str, Item]) -> list[str]:
    """Return the items with the bare title that the others follow; none where a remake makes it doubtful which."""
    years = [year for key in followers if (year := by_id[key].year) is not None]
    before = [item for item in bases if item.year is None or not years or item.year < min(years)]
    return [item.id for item in before] if len({item.year for item in before}) == 1 else []


def _without_pauses(members: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield the members in runs without a long pause between two years; those without a year stay with the first."""
    run: list[Item] = []
    for item in sorted(members, key=lambda item: (item.year is not None, item.year or 0)):
        if run and item.year is not None and run[-1].year is not None and item.year - run[-1].year > _LONGEST_PAUSE:
            yield run
            run = []
        run.append(item)
    if run:
        yield run
