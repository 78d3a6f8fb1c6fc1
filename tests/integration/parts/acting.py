"""What tests of months do and look at in a database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from explainer.pipeline import Explainer
from explainer.storage.base import now
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.ids import id_at
from explainer.storage.months import make_months
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer

ROLE = "shop 100%"
REST, UNDATED = "explanations_rest", "explanations_undated"


def explainer_of(database, model):
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


def part_of(moment):
    """Return the name of a month's part."""
    return f"explanations_{moment:%Y_%m}"


def this_month():
    return part_of(now())


def month_on(number):
    """Return the noon of the second day of the month so many after this one."""
    months = now().year * 12 + now().month - 1 + number
    return datetime(months // 12, months % 12 + 1, 2, 12, tzinfo=UTC)


def run(database, *statements, **values):
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def ask(database, query, **values):
    with database.engine.connect() as connection:
        return connection.execute(text(query), values).all()


def parts(database):
    """Return the names of all parts."""
    found = ask(database, "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'explanations'::regclass")
    return {name for (name,) in found}


def where_they_lie(database):
    """Return the part of each explanation by its id."""
    return dict(map(tuple, ask(database, "SELECT id, tableoid::regclass::text FROM explanations")))


def without_this_month(database):
    """Take this month's part away, as if nobody had made it."""
    without(database, this_month())


def without(database, *names):
    """Take parts away that nothing lies in."""
    for name in names:
        run(database, f"ALTER TABLE explanations DETACH PARTITION {name}", f"DROP TABLE {name}")


def made_at(database, moment, like, *, new=None, **other):
    """Store a copy of an explanation as if it had been made then."""
    columns = ", ".join(
        column.name for column in ExplanationRow.__table__.columns if column.name not in {"id", "created_at", *other}
    )
    names, values = "".join(f", {name}" for name in other), "".join(f", :{name}" for name in other)
    run(
        database,
        f"INSERT INTO explanations (id, created_at, {columns}{names}) "
        f"SELECT :new, :at, {columns}{values} FROM explanations WHERE id = :old",
        new=(one := new or id_at(moment)),
        at=moment,
        old=like,
        **other,
    )
    return one


def begin_anew(database):
    """Take all explanations away, and make the months that are missing then."""
    run(database, "TRUNCATE explanations CASCADE", "TRUNCATE jobs")
    make_months(database.engine)
