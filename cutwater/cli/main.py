"""`cutwater SUBCOMMAND …`."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand. The exit status: 0 done, 1 it went wrong and was said, 2 unusable arguments."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    from cutwater.cli import demo, up  # a second of imports, in which somebody may press Ctrl-C

    parser = argparse.ArgumentParser(prog="cutwater", description="Prow-compatible CI as functions on Knative.")
    subcommands = parser.add_subparsers(required=True, metavar="SUBCOMMAND")
    for module in (up, demo):
        module.add(subcommands)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main())
