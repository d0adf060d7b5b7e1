"""The parts of the official `kubernetes` client that are used here, without the rest of the package.

Its packages load all of each other: models, pydantic, web sockets, informers. That is the largest part of a function's
cold start (docs/decisions/cold-start.md has figures), and none of it is used. So modules are loaded here in hollow
packages, which are found but whose `__init__` is not run. They are this module's own copies: whoever imports
`kubernetes` gets all of it, as ever.
"""

import functools
import sys
import threading
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

ROOT = "kubernetes"
HOLLOW = (ROOT, f"{ROOT}.utils", f"{ROOT}.client", f"{ROOT}.config")
_LOADING = threading.Lock()
_ours: dict[str, ModuleType] = {}


@functools.cache
def part(name: str) -> Any:
    """A module of the client, without what the packages above it load: `config.kube_config`."""
    with _LOADING:
        theirs = _take_out()
        try:
            _put_ours_in()
            return import_module(f"{ROOT}.{name}")
        finally:
            _ours.update(_take_out())
            sys.modules.update(theirs)


def _take_out() -> dict[str, ModuleType]:
    """The modules of the client that are loaded; from now on they are not."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == ROOT}


def _put_ours_in() -> None:
    """Have those loaded that were loaded here; at first these are the hollow packages."""
    sys.modules.update(_ours)
    for name in HOLLOW:
        if name not in sys.modules:
            spec = find_spec(name)
            if spec is None:
                raise ModuleNotFoundError(f"there is no package {name}", name=name)
            sys.modules[name] = module_from_spec(spec)
    vars(sys.modules[f"{ROOT}.client"])["__getattr__"] = _of_client


def _of_client(name: str) -> Any:
    """What modules import from `kubernetes.client` itself."""
    match name:
        case "Configuration":
            return import_module(f"{ROOT}.client.configuration").Configuration
        case "ApiClient":
            return _api_client
    raise AttributeError(f"kubernetes.client has no {name} here")


def _api_client(*arguments: Any, **named: Any) -> Any:
    """The client with every model: a kubeconfig needs one only where an OpenID login is to be renewed."""
    from kubernetes.client import ApiClient

    return ApiClient(*arguments, **named)
