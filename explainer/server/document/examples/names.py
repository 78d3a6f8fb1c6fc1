"""Who and what the examples are about."""

from __future__ import annotations

from datetime import UTC, datetime

USER = "ines-0417"
ITEM, TITLE = "glass-harbour", "Glass Harbour"
MET, MET_TITLE = "tin-observatory", "The Tin Observatory"
OTHER, OTHER_TITLE = "night-ferry", "Night Ferry North"
BEHAVIOUR, OTHER_BEHAVIOUR = "3f9a1c77e20b4d58", "b07d52e6914c8fa3"
EXPLANATION = "0199c0de-5a61-7d42-9b0e-6f2f3d1c8a55"
NEXT = "WyIyMDI2LTAxLTMxVDEyOjAwOjAwWiIsIjAxOTljMGRlIl0"
RATED_AT = 1_767_225_600
"""The first second of 2026, UTC."""
SHOWN_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 1, 31, 12, 0, 2, tzinfo=UTC)
SHOP, TICKET, PURPOSE = "web-shop", "T-20417", "The customer asks why this film is on her page."
