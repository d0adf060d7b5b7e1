"""Objects of a repository, by their SHAs."""

from collections.abc import Iterator, Sequence

from cutwater.git.command import Git, GitError


def contents(git: Git, shas: Sequence[str]) -> Iterator[bytes]:
    """What these objects hold, in order. Raises GitError where one is missing."""
    output = git.run("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in shas).encode())
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, kind, *size = output[at:end].decode().split()
        if not size:
            raise GitError(f"{name} is {kind}")
        at = end + 1 + int(size[0]) + 1
        yield output[end + 1 : at - 1]
