"""Which language a page speaks: what the reader chose here, else what their browser asks for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from babel import negotiate_locale
from litestar import Request
from litestar.datastructures import Cookie

from explainer.writing.style import LOCALES

LANGUAGE_COOKIE = "explainer_lang"
NAMES = {"en": ("English", "en"), "zh": ("中文", "zh-Hans")}
"""Locale → what it calls itself, and its tag for ``<html lang>``."""
LANGUAGE = "lang"
"""The query parameter that every page takes."""
_YEAR_S = 365 * 24 * 3600
_MOST_ASKED = 20


def locale_of(request: Request[Any, Any, Any]) -> str:
    """Return the page's locale: ``?lang=``, the cookie that remembers it, ``Accept-Language``, else English."""
    for chosen in (request.query_params.get(LANGUAGE), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LOCALES:
            return str(chosen)
    asked = _asked(request.headers.get("accept-language", ""))
    return negotiate_locale(asked, LOCALES, sep="-") or LOCALES[0]


def language_cookie(request: Request[Any, Any, Any]) -> list[Cookie]:
    """Return the cookie that remembers ``?lang=``, if that is in the address and known."""
    chosen = request.query_params.get(LANGUAGE)
    if chosen not in LOCALES:
        return []
    secure = request.url.scheme == "https"
    return [
        Cookie(LANGUAGE_COOKIE, value=chosen, path="/", max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure)
    ]


def switches(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Return (locale, address of this page in it), for links; what answers a form has no address of its own."""
    if request.method != "GET":
        return [(locale, f"/?{LANGUAGE}={locale}") for locale in LOCALES]
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != LANGUAGE]
    return [(locale, f"{request.url.path}?{urlencode([*kept, (LANGUAGE, locale)])}") for locale in LOCALES]


def _asked(header: str) -> list[str]:
    """Return the languages of an ``Accept-Language`` header, most wanted first; what is not understood is left out."""
    found = []
    for part in header.split(",")[:_MOST_ASKED]:
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if tag.strip() and weight > 0:
            found.append((-weight, tag.strip()))
    return [tag for _, tag in sorted(found, key=lambda pair: pair[0])]
