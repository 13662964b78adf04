"""Google's store on this machine: `python google_store.py BUCKET PORT`, run by the engine's Python.

It is the emulator and the one method that a client moves an object with, which the emulator lacks.
"""

import sys
from typing import Any

from gcp_storage_emulator import server
from gcp_storage_emulator.handlers import objects

MOVE = r"^/storage/v1/b/(?P<bucket_name>[^/]+)/o/(?P<object_id>[^/]+)/moveTo/o/(?P<dest_object_id>[^/]+)$"


def move(request: Any, response: Any, storage: Any) -> None:
    """In one step: the emulator does one request after the other."""
    request.params["dest_bucket_name"] = request.params["bucket_name"]
    objects.copy(request, response, storage)
    objects.delete(request, response, storage)


def main() -> None:
    bucket, port = sys.argv[1:]
    server.HANDLERS = ((MOVE, {server.POST: move}), *server.HANDLERS)
    server.create_server("127.0.0.1", int(port), in_memory=True, default_bucket=bucket).run()


if __name__ == "__main__":
    main()
