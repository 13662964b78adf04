"""Put files into a zip archive, stored as they are, while its bytes are taken away."""

import zipfile
from typing import IO


class _Taken:
    """What an archive writes to: it cannot go back, and holds nothing for long."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        data = b"".join(self.parts)
        self.parts.clear()
        return data


class Zipped:
    """One file after the other; the same files give the same bytes."""

    def __init__(self) -> None:
        self._taken = _Taken()
        self._archive = zipfile.ZipFile(self._taken, "w")  # type: ignore[call-overload]
        self._name = ""
        self._file: IO[bytes] | None = None

    def add(self, name: str, data: bytes) -> bytes:
        """Bytes of a file; returns what of the archive is ready."""
        if name != self._name or self._file is None:
            self._close()
            # how long it becomes is not known, and it may be longer than an old zip can hold
            self._file = self._archive.open(zipfile.ZipInfo(name), "w", force_zip64=True)
            self._name = name
        self._file.write(data)
        return self._taken.take()

    def end(self) -> bytes:
        """The end of the archive."""
        self._close()
        self._archive.close()
        return self._taken.take()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
