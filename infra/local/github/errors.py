"""How the local GitHub says no: a status, GitHub's words, and the list of field errors that a 422 carries."""

from collections.abc import Sequence

from infra.local.github.records import Json

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """A request is answered with an error; raised by whatever notices it, turned into an answer in one place."""

    def __init__(self, status: int, message: str, errors: Sequence[Json | str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        return body | {"documentation_url": DOCUMENTATION, "status": str(self.status)}


class NotFound(Refusal):
    """There is no such thing, or the asker may not know of it."""

    def __init__(self, message: str = "Not Found") -> None:
        super().__init__(404, message)


class Forbidden(Refusal):
    """The asker may see it and may not do this."""

    def __init__(self, message: str) -> None:
        super().__init__(403, message)


class Invalid(Refusal):
    """The request cannot be carried out as it stands: 422 with GitHub's "Validation Failed"."""

    def __init__(self, message: str = "Validation Failed", errors: Sequence[Json | str] = ()) -> None:
        super().__init__(422, message, errors)


def field_error(resource: str, field: str, code: str = "invalid", message: str | None = None) -> Json:
    """One entry of a 422's list."""
    error = {"resource": resource, "field": field, "code": code}
    return error | {"message": message} if message else error
