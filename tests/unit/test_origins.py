"""Origins of shops, as the settings take them."""

from __future__ import annotations

import pytest

from explainer.origins import origin_from, origins_from
from explainer.settings import Settings

GOOD = ["https://shop.example", "http://127.0.0.1:8080", "http://localhost:3000", "https://[::1]:8443", "https://a-b.c"]
BAD = [
    "*", "https://*.shop.example", "https://shop.example/", "https://shop.example/path", "shop.example", "null", "",
    "//shop.example", "ftp://shop.example", "file:///etc", "https://", "https://shop.example:", "https://shop.example:443",
    "http://shop.example:80", "https://shop.example:99999", "https://me@shop.example", "https://shop.example?x",
    "https://shop.example#x", "https://Shop.example", "HTTPS://shop.example", "https://shop.example\r\nX: y",
    "https://shop.example\n", "https://.shop.example", "https://shop example",
]  # fmt: skip


@pytest.mark.parametrize("origin", GOOD)
def test_an_origin_is_taken_as_it_is(origin):
    assert origin_from(origin) == origin


@pytest.mark.parametrize("origin", BAD)
def test_what_no_browser_would_send_is_refused(origin):
    with pytest.raises(ValueError, match="scheme://host"):
        origin_from(origin)


def test_the_environment_lists_them_with_commas(monkeypatch):
    monkeypatch.setenv("EXPLAINER_EMBED_ORIGINS", ", ".join(GOOD))
    assert Settings(_env_file=None).embed_origins == frozenset(GOOD) == origins_from(GOOD)


def test_by_default_no_other_site_may_read_anything(monkeypatch):
    monkeypatch.delenv("EXPLAINER_EMBED_ORIGINS", raising=False)
    assert Settings(_env_file=None).embed_origins == frozenset()


def test_a_wrong_one_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("EXPLAINER_EMBED_ORIGINS", "https://shop.example, *")
    with pytest.raises(ValueError, match=r"'\*' is not the origin of a web page"):
        Settings(_env_file=None)
