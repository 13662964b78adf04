"""The notices of all that is shipped: complete, in full, and about what is really installed."""

import json
import re
import shutil
from pathlib import Path

import pytest

import build
from builder.faults import SiteError
from builder.notices import read_notices

FOLDER = build.ROOT / "site" / "notices"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project's notices."""
    return Path(shutil.copytree(FOLDER, tmp_path / "notices"))


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(SiteError) as caught:
        read_notices(folder, build.PYODIDE_DIR)
    return [fault.what for fault in caught.value.faults]


@pytest.mark.parametrize("name", ["pyodide", "python"])
def test_another_version_is_a_fault(folder: Path, name: str) -> None:
    """What a new Pyodide contains must be looked up before it is shipped."""
    data = json.loads((folder / "notices.json").read_text("utf-8"))
    installed, data[name] = data[name], "1.2.3"
    (folder / "notices.json").write_text(json.dumps(data), "utf-8")
    assert faults_of(folder) == [f"it is about {name} 1.2.3, and {installed} is installed"]


def test_text_that_is_missing_is_a_fault(folder: Path) -> None:
    """A licence is there in full or not at all."""
    (folder / "Zlib.txt").unlink()
    (folder / "WTFPL.txt").write_text("")
    assert faults_of(folder) == ["nothing is under WTFPL", "the text of Zlib is not there"]


@pytest.mark.parametrize("text", ["{}", '{"components": [5]}', '{"components": [{"name": "A"}]}'])
def test_list_that_is_not_whole_is_a_fault(folder: Path, text: str) -> None:
    """No traceback."""
    (folder / "notices.json").write_text(text)
    (what,) = faults_of(folder)
    assert what.startswith("it is not whole: ")


def test_every_component_has_its_notice() -> None:
    """A licence other than the public domain comes with a copyright notice, and ours is MIT."""
    notices = read_notices(FOLDER, build.PYODIDE_DIR)
    for component in notices.components:
        assert component.copyright or component.license == "public domain", component.name
        assert component.what.endswith("."), component.name
    ours = notices.components[0]
    licence = (build.ROOT / "LICENSE").read_text("utf-8")
    assert ours.license == "MIT"
    assert ours.copyright[0] in licence
    assert " ".join(notices.texts["MIT"].split()) in " ".join(licence.split())


@pytest.mark.parametrize(
    ("trace", "component"),
    [
        (rb"inflate ([\d.]+) Copyright", "zlib"),
        (rb"expat_([\d.]+)", "expat"),
        (rb"(1\.0\.\d), \d+-\w+-\d{4}", "bzip2"),
        (rb"\b(3\.39\.\d)\b", "SQLite"),
        (rb"(3\.14\.\d)/include/python", "CPython"),
    ],
)
def test_versions_are_those_inside_of_pyodide(trace: bytes, component: str) -> None:
    """What the compiled code says of itself."""
    found = re.findall(trace, (build.PYODIDE_DIR / "pyodide.asm.wasm").read_bytes())
    versions = {row.name: row.version for row in read_notices(FOLDER, build.PYODIDE_DIR).components}
    assert {version.decode() for version in found} == {versions[component]}
