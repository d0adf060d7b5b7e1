"""Subcommands, each a module with `add(parser)`. Only the one asked for is imported: a client costs a second."""

import argparse
import importlib
from collections.abc import Mapping, Sequence


def attach(
    parser: argparse.ArgumentParser, package: str, summaries: Mapping[str, str], arguments: Sequence[str]
) -> None:
    """Give the parser a subcommand for each of `summaries`, which says in a few words what it does.

    `package` holds their modules, named as they are, with _ for -. The module of the subcommand that begins `arguments`
    adds its flags and sets `run`, which takes the parsed arguments and gives the exit status; or it is itself a package
    of subcommands, and says so with SUBCOMMANDS, their summaries.
    """
    subcommands = parser.add_subparsers(required=True, metavar="SUBCOMMAND")
    for name, summary in summaries.items():
        chosen = subcommands.add_parser(name, help=summary, description=summary)
        if arguments[:1] == [name]:
            module = importlib.import_module(f"{package}.{name.replace('-', '_')}")
            if hasattr(module, "SUBCOMMANDS"):
                attach(chosen, module.__name__, module.SUBCOMMANDS, arguments[1:])
            else:
                module.add(chosen)
