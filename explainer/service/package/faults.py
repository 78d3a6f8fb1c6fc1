"""What can be wrong with a package beyond what can be wrong with a log."""

from __future__ import annotations

from enum import StrEnum

from explainer.audit.errors import VerificationError


class PackageFault(StrEnum):
    """What is wrong."""

    FILE = "file"
    RECORD = "record"
    SELECTION = "selection"
    TABLE = "table"
    INCOMPLETE = "incomplete"
    OTHER = "not what was asked for"


class PackageTamperError(VerificationError):
    """A package is not what was signed, or what was signed does not fit together.

    Attributes:
        fault: What is wrong.
        where: File, explanation or entry.
    """

    def __init__(self, fault: PackageFault, where: str, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.where = where
