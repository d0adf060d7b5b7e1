"""How botocore comes to know what S3 is: from its own files, without looking through all other services'.

Half of the time that it takes to make a client goes into looking into the folder of each of the four hundred services,
and into building ordered dictionaries. Imported where a client is made.
"""

import gzip
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import Loader


class Models(Loader):  # type: ignore[misc]
    """botocore's loader. It finds a service by the name of its folder alone."""

    def __init__(self) -> None:
        super().__init__(file_loader=JsonFiles())

    def list_available_services(self, type_name: str) -> list[str]:
        """All services that may have a file of this type."""
        folders = [Path(path) for path in self.search_paths]
        return sorted({found.name for folder in folders if folder.is_dir() for found in folder.iterdir()})


class JsonFiles:
    """Reads a JSON file that is named without its suffix; an ordinary dictionary keeps the order, too."""

    def exists(self, file_path: str) -> bool:
        return any(Path(file_path + suffix).is_file() for suffix in (".json", ".json.gz"))

    def load_file(self, file_path: str) -> Any:
        """What the file holds; None where there is none."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return msgspec.json.decode(plain.read_bytes())
        if packed.is_file():
            return msgspec.json.decode(gzip.decompress(packed.read_bytes()))
        return None
