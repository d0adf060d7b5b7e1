"""Serve a local GitHub: `python -m infra.local.github --port 9000 --state DIR [--seed FILE]`."""

import argparse
from pathlib import Path

import uvicorn

from infra.local.github.seeds import load_file
from infra.local.github.server import GitHub


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.github", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="where to listen, on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="folder of the database and the repositories")
    parser.add_argument("--seed", type=Path, help="a world in JSON, loaded when the state is still empty")
    parser.add_argument("--url", help="the address that links carry (default: http://127.0.0.1:PORT)")
    options = parser.parse_args()
    github = GitHub(options.state, base_url=options.url or f"http://127.0.0.1:{options.port}")
    if options.seed and not len(github.hub.accounts):
        load_file(github.world(), options.seed)
    uvicorn.run(
        github.app,
        host="127.0.0.1",
        port=options.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
