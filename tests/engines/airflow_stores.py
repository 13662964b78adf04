"""What a run needs of a store, on an object store of the engine's own classes: run by the engine's Python.

`python airflow_stores.py PLUGINS FOLDER [PATH URL …]`, with the module in PLUGINS; PATH is a bucket of a store, and
URL where that store listens. Prints what went wrong, nothing else.
"""

import sys
import urllib.request
from pathlib import Path

import fsspec
from airflow.sdk.io import attach


def main() -> None:
    plugins, folder, *stores = sys.argv[1:]
    sys.path.insert(0, plugins)
    from run_batches_airflow import InputError, ObjectStoragePath, Store, bring

    attach(protocol="memory", fs=fsspec.filesystem("memory"))
    urls = dict(zip(stores[::2], stores[1::2], strict=True))
    for home in ("memory://bucket", f"file://{folder}", *urls):
        root = f"{home}/stores"
        store, local = Store(root, "manual__2026-11-28T00:00:00+00:00"), Path(folder) / "local"
        store.refuse_unwritable()
        for value in (1, 2):
            store.write("done/00001.json", {"value": value})
        assert store.names("done") == ["00001.json"], "the part is gone, and the file is there"
        assert store.read("done/00001.json") == {"value": 2}, "it was replaced"
        assert (store.names("nothing"), store.read("nothing"), store.text("nothing")) == (
            [],
            None,
            "",
        )
        local.write_bytes(b"1\n2\n")
        store.put(local, "a/b.jsonl")
        assert store.get("a/b.jsonl", local).read_bytes() == b"1\n2\n"
        assert store.events("a/b.jsonl") == [1, 2]
        source = ObjectStoragePath(root) / "in.jsonl"
        source.write_bytes(b"{}\n")
        assert bring(str(source), local).read_bytes() == b"{}\n"
        if home in urls:  # what another machine puts there is seen, although it was listed before
            other = f"{urls[home]}/bucket/stores/{store.root.name}/done/00002.json"
            put = urllib.request.Request(other, method="PUT", data=b"2")
            urllib.request.urlopen(put, timeout=30)
            assert store.names("done") == ["00001.json", "00002.json"], "an old listing"
            assert store.has("done/00002.json"), "an old listing"
    try:
        Store("nosuch://bucket/answers", "run").refuse_unwritable()
    except InputError as told:
        assert "Nothing was sent" in str(told)
    else:
        raise AssertionError("a store that is none was taken")


if __name__ == "__main__":
    main()
