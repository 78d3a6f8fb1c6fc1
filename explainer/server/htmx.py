"""Where htmx lies: in the wheel of django-htmx, of which we use the file and nothing else.

It enhances forms and links that work without it; where the wheel is missing, they do just that.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from litestar import get
from litestar.response import File

from explainer.errors import NotFoundError
from explainer.server.auth import PUBLIC

HTMX_PATH = "/static/vendor/htmx.min.js"
_FILE = "htmx-2.min.js"


@lru_cache(maxsize=1)
def htmx_folder() -> Path | None:
    """Return the folder of htmx's files; None where they are not installed. Django is not imported."""
    found = find_spec("django_htmx")
    places = [] if found is None else found.submodule_search_locations or []
    folders = (Path(place) / "static" / "django_htmx" for place in places)
    return next((folder for folder in folders if (folder / _FILE).is_file()), None)


@get(HTMX_PATH, opt=PUBLIC, sync_to_thread=True, include_in_schema=False)
def htmx_script() -> File:
    """Return htmx."""
    folder = htmx_folder()
    if folder is None:
        raise NotFoundError("htmx is not installed here; pages work without it.")
    return File(folder / _FILE, media_type="text/javascript", content_disposition_type="inline")
