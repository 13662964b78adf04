"""Write what a site needs to work without a network: its service worker and its app's manifest."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from builder.picture import app_icon
from builder.sources import read_bytes, read_text

_BUILD = 'const BUILD = "";'
_FILES = "const FILES = new Map([]);"
# What search engines and other sites ask for, and no page of ours.
_FOR_MACHINES = {"icons/social.png", "robots.txt", "sitemap.xml"}
_MADE_HERE = "programs/"  # the example's, for those without scripts: the page makes its own


def app(folder: Path) -> dict[str, bytes]:
    """The manifest of the installable app, and its icons. Raises SiteError if it cannot be read."""
    manifest = folder / "manifest.webmanifest"
    return {
        "manifest.webmanifest": read_bytes(manifest, f"site/{manifest.name}"),
        "icons/icon-192.png": app_icon(192),
        "icons/icon-512.png": app_icon(512),
        "icons/icon-maskable-512.png": app_icon(512, maskable=True),
    }


def service_worker(site: Mapping[str, bytes], folder: Path) -> bytes:
    """The service worker that keeps every file of the site that the page needs, each by its hash.

    Raises SiteError if the script cannot be read.
    """
    script = read_text(folder / "service-worker.js", "site/service-worker.js")
    seen = site.keys() - _FOR_MACHINES
    kept = sorted(name for name in seen if not name.startswith(_MADE_HERE))
    files = json.dumps([[path, integrity(site[path])] for path in kept], indent=0)
    # another script is another build too: it may keep the same files otherwise
    build = hashlib.sha256(f"{script}{files}".encode()).hexdigest()[:12]
    script = script.replace(_BUILD, f'const BUILD = "{build}";')
    return script.replace(_FILES, f"const FILES = new Map({files});").encode()


def integrity(content: bytes) -> str:
    """The hash of a file as a browser wants it: sha256-…, in base 64."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"
