"""clonerefs as a program: the options from the environment, else from the flags."""

import os
import sys

from cutwater.podutils import options
from cutwater.podutils.clonerefs import refspecs
from cutwater.podutils.clonerefs.cloning import run
from cutwater.podutils.clonerefs.shell import Machine
from cutwater.podutils.log import Log
from cutwater.podutils.options import CloneOptions


def main() -> None:
    """Run to the end. Ends with 1 only for options that cannot be used, or records that cannot be written."""
    log = Log("clonerefs")
    try:
        chosen = options.load(os.environ, options.CLONEREFS, CloneOptions, refspecs.from_flags, sys.argv[1:])
    except ValueError as error:
        log.fatal(f"Could not resolve options: {error}")
    try:
        refspecs.check(chosen, log)
    except ValueError as error:
        log.fatal(f"Invalid options: {error}")
    try:
        run(chosen, Machine(), log)
    except RuntimeError as error:
        log.fatal(f"Failed to clone refs: {error}")


if __name__ == "__main__":
    main()
