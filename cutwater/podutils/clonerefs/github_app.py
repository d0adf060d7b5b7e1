"""Tokens of a GitHub App, with which clonerefs reads private repositories.

Source: sigs.k8s.io/prow pkg/github (app_auth_roundtripper).
"""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Any

USER = "x-access-token"
"""The user name that goes with such a token."""
_SECONDS = 30
_PAGE = 100


class GitHubApp:
    """One App; its installation in an organisation gives the token for that organisation's repositories."""

    def __init__(
        self, app_id: str, private_key: str, endpoints: Sequence[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        """`endpoints`: API addresses, tried in this order."""
        self._app_id = app_id
        self._private_key = private_key
        self._endpoints = endpoints
        self._clock = clock

    def token(self, org: str) -> str:
        """A token for the organisation, good for an hour. Raises RuntimeError that says why there is none."""
        problems = []
        for endpoint in self._endpoints:
            try:
                return self._token(endpoint.rstrip("/"), org)
            except (OSError, ValueError, LookupError) as error:
                problems.append(f"{endpoint}: {error}")
        raise RuntimeError(f"no installation token for {org}: {'; '.join(problems)}")

    def _token(self, endpoint: str, org: str) -> str:
        for installation in self._installations(endpoint):
            if installation["account"]["login"].lower() == org.lower():
                answer = self._ask(f"{endpoint}/app/installations/{installation['id']}/access_tokens", method="POST")
                token: str = answer["token"]
                return token
        raise LookupError(f"the App is not installed in {org}")

    def _installations(self, endpoint: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found = self._ask(f"{endpoint}/app/installations?per_page={_PAGE}&page={page}")
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _ask(self, address: str, *, method: str = "GET") -> Any:
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"{address} is no address of an API")
        headers = {"Authorization": f"Bearer {self._jwt()}", "Accept": "application/vnd.github+json"}
        request = urllib.request.Request(address, method=method, headers=headers)  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)

    def _jwt(self) -> str:
        import jwt

        now = int(self._clock())
        claims = {"iat": now - 60, "exp": now + 9 * 60, "iss": self._app_id}
        try:
            return jwt.encode(claims, self._private_key, algorithm="RS256")
        except jwt.PyJWTError as error:
            raise ValueError(f"the App's private key cannot be used: {error}") from error
