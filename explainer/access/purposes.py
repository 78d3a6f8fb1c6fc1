"""What somebody must say before they see sensitive evidence: the ticket of the case, and what for."""

from __future__ import annotations

import unicodedata

from explainer.errors import AccessError

MAX_TICKET, MIN_PURPOSE, MAX_PURPOSE = 200, 10, 500


def check_purpose(ticket: str, purpose: str) -> None:
    """Check that both can be put on record.

    Raises:
        AccessError: If one is missing, too short or long, or holds what no line of text does.
    """
    if not 1 <= len(ticket.strip()) <= len(ticket) <= MAX_TICKET:
        raise AccessError(f"Give the ticket of the case, in 1 to {MAX_TICKET} characters, beside the purpose.")
    if not MIN_PURPOSE <= len(purpose.strip()) <= len(purpose) <= MAX_PURPOSE:
        raise AccessError(f"Give the purpose, in {MIN_PURPOSE} to {MAX_PURPOSE} characters, beside the ticket.")
    if not (is_line(ticket, MAX_TICKET) and is_line(purpose, MAX_PURPOSE)):
        raise AccessError("Ticket and purpose are lines of text: no control characters.")


def is_line(given: str, most: int) -> bool:
    """Return whether there is something in a text, at most so many characters, and nothing that no line of text has."""
    return bool(given.strip()) and len(given) <= most and not any(map(_is_control, given))


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
