"""`cutwater SUBCOMMAND …`."""

import argparse
import sys
from collections.abc import Sequence

from cutwater.cli.subcommands import attach

SUBCOMMANDS = {
    "up": "run the whole system on this machine",
    "demo": "a pull request from webhook to merge, without a person",
    "config": "what the configuration says, whether it is right, and which one is in force",
    "why": "what a pull request waits for, and who can mend that",
    "events": "what arrived, what was made of it and why, and having it answered again",
    "tide": "what a merge queue does, and what it would do",
    "commenter": "say something below what a search on GitHub finds",
    "mkpj": "the ProwJob of a job and a change",
    "mkpod": "the pod of a ProwJob",
    "run-local": "run a job on this machine, without a cluster or GitHub",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand. The exit status: 0 done, 1 it went wrong and was said, 2 unusable arguments."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="cutwater", description="Prow-compatible CI as functions on Knative.")
    try:
        attach(parser, "cutwater.cli", SUBCOMMANDS, given)
        chosen = parser.parse_args(given)
        status: int = chosen.run(chosen)
        return status
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
