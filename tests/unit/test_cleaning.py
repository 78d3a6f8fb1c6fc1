"""Every row that is not used is counted under its reason; an unusable table is one clear error."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl
import pytest

from retriever.data import read_dataset
from retriever.data.cleaning_report import DropReason
from retriever.errors import DataError

ITEMS = [
    ("a", "Alpha", "drama|noir", "1950"),
    ("b", "Beta", "", ""),
    ("a", "Again", "", ""),
    ("c", "  ", "", ""),
    ("", "No id", "", ""),
]
BEHAVIOURS = [
    ("u1", "a", "5", "1000"),
    ("u1", "a", "5", "1000"),  # duplicate
    ("", "a", "5", "1000"),  # no user
    ("u1", "zz", "5", "1000"),  # unknown item
    ("u2", "a", "9", "1000"),  # out of range
    ("u2", "a", "many", "1000"),  # no number
    ("u2", "a", "nan", "1000"),
    ("u2", "b", "4", "-5"),  # impossible time
    ("u2", "b", "4", "99999999999"),  # in the future
    ("u2", "b", "4", "yesterday"),
    ("u3", "b", "", ""),  # neither value nor time: fine
]


def write_folder(folder: Path, suffix: str, toml: str = 'name = "mine"\ndomain = "video"\nkind = "rating"\n') -> Path:
    (folder / "dataset.toml").write_text(toml, encoding="utf-8")
    tables = {
        "items": [dict(zip(("id", "title", "aspects", "year"), row, strict=True)) for row in ITEMS],
        "behaviours": [dict(zip(("user", "item", "value", "time"), row, strict=True)) for row in BEHAVIOURS],
    }
    for stem, rows in tables.items():
        path = folder / f"{stem}{suffix}"
        if suffix == ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        elif suffix == ".parquet":
            pl.DataFrame(rows).write_parquet(path)
        else:
            pl.DataFrame(rows).write_csv(path, separator="\t" if suffix == ".tsv" else ",")
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_dropped_row_is_counted_under_its_reason(tmp_path, suffix):
    dataset, report = read_dataset(write_folder(tmp_path, suffix))
    assert [item.id for item in dataset.items] == ["a", "b"]
    assert dataset.items[0].aspects == ("drama", "noir")
    assert dataset.items[0].year == 1950
    assert {(table, reason): count for (table, reason), count in report.dropped.items()} == {
        ("items", DropReason.DUPLICATE): 1,
        ("items", DropReason.EMPTY_TITLE): 1,
        ("items", DropReason.NO_ID): 1,
        ("behaviours", DropReason.DUPLICATE): 1,
        ("behaviours", DropReason.NO_USER): 1,
        ("behaviours", DropReason.UNKNOWN_ITEM): 1,
        ("behaviours", DropReason.OUT_OF_RANGE): 3,
        ("behaviours", DropReason.IMPOSSIBLE_TIME): 3,
    }
    assert report.read["behaviours"] == len(BEHAVIOURS) == report.kept["behaviours"] + 9
    assert report.examples["behaviours", DropReason.NO_USER][0].startswith(f"behaviours{suffix}:")


def test_all_formats_give_the_same_dataset(tmp_path):
    hashes = set()
    for suffix in (".csv", ".jsonl", ".parquet"):
        folder = tmp_path / suffix[1:]
        folder.mkdir()
        hashes.add(read_dataset(write_folder(folder, suffix))[0].content_hash)
    assert len(hashes) == 1


def test_wrong_encoding_and_ragged_rows_are_counted_not_fatal(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"\nkind = "view"\n')
    (tmp_path / "items.csv").write_bytes(b"id,title\n1,Good\n2,Caf\xe9\n3,A,B,C\n4\n5,\xef\xbf\xbd\n")
    (tmp_path / "behaviours.csv").write_text("user,item\nu,1\n")
    dataset, report = read_dataset(tmp_path)
    assert [item.id for item in dataset.items] == ["1"]
    assert report.dropped["items", DropReason.WRONG_ENCODING] == 2
    assert report.dropped["items", DropReason.MALFORMED] == 2


def test_broken_json_lines_are_counted(tmp_path):
    write_folder(tmp_path, ".jsonl")
    with (tmp_path / "items.jsonl").open("a") as file:
        file.write('{"id": \n[1, 2]\n')
    _, report = read_dataset(tmp_path)
    assert report.dropped["items", DropReason.MALFORMED] == 2


def test_a_bom_and_quotes_are_no_trouble(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"\nkind = "view"\n')
    (tmp_path / "items.csv").write_bytes('\ufeffid,title\n1,"He said ""Now"", twice"\n'.encode())
    (tmp_path / "behaviours.csv").write_text("user,item\nu,1\n")
    assert read_dataset(tmp_path)[0].items[0].title == 'He said "Now", twice'


def test_columns_can_be_mapped(tmp_path):
    (tmp_path / "dataset.toml").write_text(
        'name = "shop"\ndomain = "shop"\nkind = "purchase"\n'
        '[columns.items]\nid = "sku"\ntitle = "product"\n[columns.behaviours]\nuser = "customer"\nitem = "sku"\n'
    )
    (tmp_path / "items.csv").write_text("sku,product\n1,Kettle\n")
    (tmp_path / "behaviours.csv").write_text("customer,sku\nme,1\n")
    dataset, _ = read_dataset(tmp_path)
    assert (dataset.domain, dataset.items[0].title, dataset.behaviours[0].kind.value) == ("shop", "Kettle", "purchase")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: (d / "items.csv").write_text(""), ["items.csv", "empty", "'id'", "'title'"]),
        (lambda d: (d / "items.csv").write_text("id,title\n"), ["items.csv", "no usable rows"]),
        (lambda d: (d / "items.csv").write_text("id,name\n1,x\n"), ["items.csv", "'title'", "id, name"]),
        (lambda d: (d / "behaviours.csv").write_text("who,item\nu,a\n"), ["behaviours.csv", "'user'"]),
        (lambda d: (d / "behaviours.csv").unlink(), ["behaviours.csv", "exactly one"]),
        (lambda d: (d / "items.jsonl").write_text("{}"), ["items", "exactly one", "holds 2"]),
        (lambda d: (d / "dataset.toml").write_text("name = "), ["dataset.toml"]),
        (lambda d: (d / "dataset.toml").write_text('domain = "video"'), ["dataset.toml", "name"]),
        (lambda d: (d / "dataset.toml").write_text('name = "x"\ndomain = "zoo"'), ["dataset.toml", "zoo", "video"]),
        (lambda d: (d / "dataset.toml").write_text('name = "x"\nkind = "stare"'), ["dataset.toml", "stare"]),
        (lambda d: (d / "dataset.toml").write_text('name = "x"\n[columns.items]\nnam = "t"'), ["dataset.toml", "nam"]),
        (
            lambda d: (d / "dataset.toml").write_text('name = "x"\nscale = {low = 5, high = 1}'),
            ["dataset.toml", "scale"],
        ),
        (lambda d: (d / "dataset.toml").unlink(), ["dataset.toml", "movies.csv"]),
    ],
)
def test_an_unusable_table_is_an_error_that_names_file_and_column(tmp_path, change, words):
    folder = write_folder(tmp_path, ".csv")
    change(folder)
    with pytest.raises(DataError) as caught:
        read_dataset(folder)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_damaged_parquet_file_is_an_error_that_names_it(tmp_path):
    write_folder(tmp_path, ".parquet")
    (tmp_path / "items.parquet").write_bytes(random.Random(1).randbytes(500))
    with pytest.raises(DataError, match=r"items\.parquet"):
        read_dataset(tmp_path)


def test_no_such_folder():
    with pytest.raises(DataError, match="not a folder"):
        read_dataset("no/such/place")
