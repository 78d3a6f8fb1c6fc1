"""Write the behaviours of the two sample folders; run it again and the same files come out.

The taste model: every person has one or two favourite topics. Four of five things they meet are about these, and of
them they like, follow, read or listen to most; of the rest they only look at most. Items and their texts were written
by hand; an item's topic is where it stands in the table, seven to a topic.

    python tests/data/make_samples.py
"""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
PEOPLE, MEETINGS, PER_TOPIC = 60, 14, 7
START = datetime(2024, 3, 1, 8, tzinfo=UTC)
Meeting = tuple[str, str, str, str]


def meetings(items: list[str], keen: list[str], cool: list[str], seed: int, prefix: str) -> list[Meeting]:
    """Return (person, item, kind, Unix time) of everybody's days, in the order they happened."""
    rng = random.Random(seed)
    topics = [items[start : start + PER_TOPIC] for start in range(0, len(items), PER_TOPIC)]
    rows = []
    for person in range(1, PEOPLE + 1):
        favourites = rng.sample(topics, rng.choice([1, 2, 2]))
        moment = START + timedelta(minutes=rng.randrange(60 * 24 * 20))
        met: set[str] = set()
        for _ in range(MEETINGS):
            is_keen = rng.random() < 0.8
            item = rng.choice(rng.choice(favourites) if is_keen else items)
            if item in met:
                continue
            met.add(item)
            moment += timedelta(minutes=rng.randrange(5, 60 * 30))
            kind = rng.choice(keen if is_keen else cool)
            rows.append((f"{prefix}{person:02}", item, kind, str(int(moment.timestamp()))))
    return sorted(rows, key=lambda row: int(row[3]))


def with_dirt(rows: list[Meeting], kind: str) -> list[Meeting]:
    """Return the rows with what real exports have: strays, gaps, a broken clock, an unknown word, a repeat."""
    person, item, _, moment = rows[10]
    dirt = [
        (person, "no-such-item", kind, moment),
        ("", item, kind, moment),
        (person, item, kind, "-1"),
        (person, item, kind, "yesterday"),
        (person, item, "teleport", moment),
        rows[10],
    ]
    return rows + dirt


def write(path: Path, header: list[str], rows: list[Meeting]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main() -> None:
    with (HERE / "social" / "items.csv").open(encoding="utf-8", newline="") as file:
        posts = [row["post"] for row in csv.DictReader(file)][: 6 * PER_TOPIC - 1]
    liked = ["like", "like", "like", "follow", "view"]
    rows = meetings(posts, liked, ["view", "view", "like"], 20, "m")
    write(HERE / "social" / "behaviours.csv", ["member", "post", "action", "at"], with_dirt(rows, "like"))
    lines = (HERE / "content" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    pieces = [json.loads(line)["slug"] for line in lines[: 6 * PER_TOPIC - 1]]
    rows = meetings(pieces, ["read", "read", "read", "listen", "like"], ["read"], 40, "r")
    write(HERE / "content" / "behaviours.csv", ["reader", "slug", "kind", "time"], with_dirt(rows, "read"))


if __name__ == "__main__":
    main()
