"""Whatever bytes a package holds, signed or not, its check raises verification errors and no others."""

from __future__ import annotations

import contextlib
import shutil

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explainer.audit.errors import VerificationError
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from tests.integration.package.acting import KEY, resign

RUBBISH = [
    b"",
    b"\n",
    b"{}",
    b"[]\n",
    b"null\n",
    b"NaN\n",
    b"\xff\xfe",
    b'{"seq":1,"seq":2,"salt":null,"digested":null}\n',
    b'{"seq":1e999,"salt":"zz","digested":"x"}\n',
    b"[" * 100_000,
    b"PAR1" + b"\x00" * 64 + b"PAR1",
    b'{"prompts":[{}],"models":[]}\n',
    b'{"prompts":{"a":1},"models":[NaN]}\n',
]


@pytest.mark.parametrize("name", [*sorted(names.ALWAYS), names.IDS])
def test_rubbish_that_is_signed_raises_nothing_else(pack, name):
    out = pack("s", 3)
    whole = (out / name).read_bytes()
    for raw in RUBBISH:
        (out / name).write_bytes(raw)
        resign(out)
        with pytest.raises(VerificationError):
            check_package(out, KEY)
    (out / name).write_bytes(whole)
    resign(out)
    check_package(out, KEY)


@pytest.fixture
def bench(pack, tmp_path):
    return pack("s", 3), tmp_path / "copy"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*sorted(names.ALWAYS), names.IDS, names.MANIFEST, names.NOTE]),
    sign=st.booleans(),
    data=st.data(),
)
def test_only_verification_errors_escape(bench, name, sign, data):
    whole, copy = bench
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(whole, copy)
    raw = (copy / name).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 40))
    made = raw[:start] + data.draw(st.binary(max_size=40)) + raw[start + length :]
    (copy / name).write_bytes(made)
    if sign and name not in {names.MANIFEST, names.NOTE}:
        resign(copy)
    if made == raw:
        check_package(copy, KEY)
    elif sign and name == names.PROVENANCE:  # what a model's settings are, its owner alone can say
        with contextlib.suppress(VerificationError):
            check_package(copy, KEY)
    elif sign and name == names.TABLE:  # not every byte of the format bears on what the table says
        with contextlib.suppress(VerificationError):
            check_package(copy, KEY)
            assert pl.read_parquet(copy / name).equals(pl.read_parquet(whole / name))
    else:
        with pytest.raises(VerificationError):
            check_package(copy, KEY)
