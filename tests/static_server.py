"""A static file server for the tests: right types, any sub-path, and faults on request."""

import re
import sys
import threading
from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
A_PAGE = b"<!doctype html><title>Sign in</title><p>A page of somebody's network, not the file."

Reply = tuple[int, str, bytes]
Fault = Callable[["_Handler", Reply], Reply | None]


def missing(handler: "_Handler", reply: Reply) -> Reply:
    """404, as for a file that was not deployed."""
    return 404, TYPES[".txt"], b"not found"


def html(handler: "_Handler", reply: Reply) -> Reply:
    """200 with a page instead of the file, as some hosts and hotel networks do."""
    return 200, TYPES[".html"], A_PAGE


def truncated(handler: "_Handler", reply: Reply) -> None:
    """The first half, then the connection drops."""
    status, kind, body = reply
    handler.head(status, kind, len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


# What tells a file of the version before from this one: another version, another import, other
# names.
_OLDER = {
    ".mjs": (rb'"314\.', b'"313.'),
    ".wasm": (rb"jslib_init_js", b"jslib_init_jx"),
    ".js": (rb"-[0-9a-f]{12}\.", b"-000000000000."),
    ".bin": (rb"\Z", b"older"),
}


def old(handler: "_Handler", reply: Reply) -> Reply:
    """The file of the version before, as a cache on the way has it."""
    status, kind, body = reply
    sign, other = _OLDER[Path(urlsplit(handler.path).path).suffix]
    body, count = re.subn(sign, other, body)
    assert count
    return status, kind, body


def never(handler: "_Handler", reply: Reply) -> None:
    """The connection stays open and no byte comes."""
    handler.stopping.wait(120)
    handler.close_connection = True


def held(until: threading.Event) -> Fault:
    """The whole file, as soon as the test lets it go."""

    def wait(handler: "_Handler", reply: Reply) -> Reply:
        while not (until.wait(0.05) or handler.stopping.is_set()):
            pass
        return reply

    return wait


def without_body(until: threading.Event) -> Fault:
    """The head of a page, and its body as soon as the test lets it go."""

    def wait(handler: "_Handler", reply: Reply) -> None:
        status, kind, page = reply
        handler.head(status, kind, len(page))
        head, sign, body = page.partition(b"</head>")
        handler.wfile.write(head + sign)
        held(until)(handler, reply)
        handler.wfile.write(body)

    return wait


HANG, CRASH = "for (;;);", "throw new WebAssembly.RuntimeError('unreachable');"


def at_question(part: str, statement: str) -> Fault:
    """The worker's script, but that a question with this part comes to a statement before Python
    does.
    """

    def broken(handler: "_Handler", reply: Reply) -> Reply:
        status, kind, body = reply
        start = b"  try {\n    const steps = ask(text)"
        assert start in body
        mine = f"  try {{\n    if (text.includes({part!r})) {statement}\n".encode()
        return status, kind, body.replace(start, mine + start.removeprefix(b"  try {\n"))

    return broken


def no_fresh_start(handler: "_Handler", reply: Reply) -> Reply:
    """The worker's script, but that Python cannot begin from its library."""
    status, kind, body = reply
    start = b"async function beginFresh(load) {"
    assert start in body
    return status, kind, body.replace(start, start + b"throw new Error('no fresh start');")


def without_storage(handler: "_Handler", reply: Reply) -> Reply:
    """The worker's script in a browser that forbids it to keep anything."""
    status, kind, body = reply
    forbidden = b"Object.defineProperty(self, 'caches', { get() { throw new DOMException('', 'SecurityError'); } });"
    return status, kind, forbidden + body


class StaticServer:
    """Serves `root` under `base` ("/" or "/some/path/") on 127.0.0.1 as a context manager.

    `faults` maps the end of a path, with * for what is not known, to a fault; it may be changed while the server runs. `asked` lists the
    paths that were asked for, `log` all that a server can know of each request: its line and its headers.
    """

    def __init__(self, root: Path, base: str = "/") -> None:
        self.root, self.base = root.resolve(), base
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.log: list[str] = []
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), partial(_Handler, self, self._stopping))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = self.origin + base

    def __enter__(self) -> "StaticServer":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more; a second time it does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def path(self, pattern: str) -> str:
        """The path of the one file of the site that is called so, such as runtime/worker-*.js."""
        (file,) = self.root.glob(pattern)
        return self.base + file.relative_to(self.root).as_posix()

    def file(self, path: str) -> tuple[int, Path]:
        """The status and the file that answer a path, 404.html where there is none."""
        found = (
            (self.root / path.removeprefix(self.base)).resolve()
            if path.startswith(self.base)
            else self.root / "404.html"
        )
        if found.is_dir():
            found /= "index.html"
        if found.is_file() and found.is_relative_to(self.root):
            return 200, found
        return 404, self.root / "404.html"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of something is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, site: StaticServer, stopping: threading.Event, *connection: object) -> None:
        self.site, self.stopping = site, stopping
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.site.asked.append(path)
        self.site.log.append(f"{self.requestline}\n{self.headers}")
        status, found = self.site.file(path)
        body = found.read_bytes() if found.is_file() else b"not found"
        reply: Reply | None = (status, TYPES.get(found.suffix, "application/octet-stream"), body)
        self.cache = "max-age=600"  # as GitHub Pages says
        for end, fault in self.site.faults.items():
            if reply and fnmatch(path, f"*{end}"):
                self.cache = "no-store"  # a second try must see a server that was mended
                reply = fault(self, reply)
        if reply:
            status, kind, body = reply
            self.head(status, kind, len(body))
            self.wfile.write(body)

    def head(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", self.cache)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Silence: `asked` is the log."""
