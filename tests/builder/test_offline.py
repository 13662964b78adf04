"""The service worker's list and the app's manifest, as the build writes them."""

import base64
import hashlib
import io
import json
import re

from PIL import Image

import build
from builder import offline

SITE = {"index.html": b"<h1>Planner", "css/base.css": b"a {}"}
FOLDER = build.ROOT / "site"


def listed(script: bytes) -> dict[str, str]:
    """The files that a service worker keeps, by path."""
    found = re.search(r"const FILES = new Map\((.*?)\);", script.decode(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def named(script: bytes) -> str:
    """The name of the build that a service worker keeps."""
    found = re.search(r'const BUILD = "(.*?)";', script.decode())
    assert found
    return found[1]


def test_every_file_is_kept_by_its_hash() -> None:
    """The list holds each file of the site and what a browser must find in it."""
    digest = base64.b64encode(hashlib.sha256(b"a {}").digest()).decode()
    files = listed(offline.service_worker(SITE, FOLDER))
    assert files.keys() == SITE.keys()
    assert files["css/base.css"] == f"sha256-{digest}"


def test_what_only_machines_ask_for_is_not_kept() -> None:
    """A map for search engines and a picture for other sites are no part of what is kept."""
    others = dict.fromkeys(("robots.txt", "sitemap.xml", "icons/social.png"), b"")
    assert listed(offline.service_worker(SITE | others, FOLDER)).keys() == SITE.keys()


def test_what_the_page_makes_itself_is_not_kept() -> None:
    """The example's programs are files for those without scripts; the page asks Python."""
    programs = {"programs/batch.py": b"", "programs/batch.mjs": b""}
    assert listed(offline.service_worker(SITE | programs, FOLDER)).keys() == SITE.keys()


def test_another_file_is_another_build() -> None:
    """One byte more and the build has another name; the same files have the same."""
    script = offline.service_worker(SITE, FOLDER)
    other = offline.service_worker(SITE | {"css/base.css": b"a {} "}, FOLDER)
    assert named(script) != named(other)
    assert offline.service_worker(SITE, FOLDER) == script


def test_the_app_names_what_is_there() -> None:
    """Each icon of the manifest is as large as it says; each address is below the site's root."""
    app = offline.app(FOLDER)
    manifest = json.loads(app["manifest.webmanifest"])
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            size = Image.open(io.BytesIO(app[icon["src"]])).size
            assert icon["sizes"] == f"{size[0]}x{size[1]}"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    addresses = [manifest["start_url"], *(short["url"] for short in manifest["shortcuts"])]
    assert [address for address in addresses if address.startswith(("/", "http"))] == []


def test_a_maskable_icon_fills_its_square() -> None:
    """The system cuts it to its shape: no corner is empty; the other one has round corners."""
    app = offline.app(FOLDER)
    corners = {
        name: Image.open(io.BytesIO(app[f"icons/{name}.png"])).getpixel((0, 0))[3]
        for name in ("icon-maskable-512", "icon-512")
    }
    assert corners == {"icon-maskable-512": 255, "icon-512": 0}
