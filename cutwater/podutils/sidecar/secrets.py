"""The secrets of a pod, from the directories in which they are mounted.

Source: sigs.k8s.io/prow pkg/sidecar (censor).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from cutwater.podutils import gojson
from cutwater.podutils.gotext import refusal
from cutwater.podutils.sidecar import ini


class Loaded(Struct, frozen=True, kw_only=True):
    """What could be read, a file before the values inside it, and what could not."""

    secrets: tuple[bytes, ...]
    errors: tuple[str, ...] = ()


def load(directories: Iterable[str], ini_filenames: Sequence[str] = ()) -> Loaded:
    """Every file below the directories, and the values inside those whose form is known.

    A file that cannot be read, or read in its form, is named in the errors; all others are secrets nevertheless.
    """
    secrets: list[bytes] = []
    errors: list[str] = []
    for directory in directories:
        _walk(Path(directory), set(ini_filenames), secrets, errors)
    return Loaded(secrets=tuple(secrets), errors=tuple(errors))


def _walk(path: Path, ini_filenames: set[str], secrets: list[bytes], errors: list[str]) -> None:
    if path.name.startswith(".."):  # how Kubernetes keeps the versions of a secret
        return
    try:
        is_directory = path.is_dir() and not path.is_symlink()
        if is_directory:
            for child in sorted(path.iterdir()):
                _walk(child, ini_filenames, secrets, errors)
            return
        raw = path.read_bytes()
    except OSError as error:
        operation = {IsADirectoryError: "read", FileNotFoundError: "lstat"}.get(type(error), "open")
        errors.append(refusal(operation, error, str(path)))
        return
    secrets.append(raw)
    try:
        secrets += _values(path.name, raw, ini_filenames)
    except ValueError as error:
        errors.append(f"could not read {path} as a docker secret: {error}")


def _values(name: str, raw: bytes, ini_filenames: set[str]) -> list[bytes]:
    readers: dict[str, Callable[[bytes], list[bytes]]] = {
        ".dockercfg": lambda content: _logins(gojson.decode(content, dict[str, _Login])),
        ".dockerconfigjson": lambda content: _logins(gojson.decode(content, _DockerConfig).auths),
        **dict.fromkeys(ini_filenames, ini.values),
    }
    return readers[name](raw) if name in readers else []


class _Login(Struct, frozen=True):
    auth: str = ""
    password: str = ""


class _DockerConfig(Struct, frozen=True):
    auths: dict[str, _Login] = msgspec.field(default_factory=dict)


def _logins(logins: dict[str, _Login]) -> list[bytes]:
    return [value.encode() for login in logins.values() for value in (login.auth, login.password) if value]
