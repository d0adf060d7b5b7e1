"""How a write or a deletion is asked for."""

from dataclasses import dataclass, field
from typing import Literal

FieldValidation = Literal["Ignore", "Warn", "Strict"]


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is asked for; what is to be warned of is added to `warnings`."""

    dry_run: bool = False
    field_validation: FieldValidation = "Warn"
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How a deletion is asked for. `grace` is in seconds."""

    grace: int | None = None
    propagation: str = ""
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False
