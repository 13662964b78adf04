"""The fake API as a process: prints its address, and answers until it is stopped."""

import argparse
import json
from pathlib import Path

from tests.fake_api.server import FakeApi


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A Message Batches API on 127.0.0.1 that fails on cue."
    )
    parser.add_argument("--port", type=int, default=0, help="0, unless said, for any free one")
    parser.add_argument("--scenario", type=Path, help="a JSON file")
    options = parser.parse_args()
    scenario = json.loads(options.scenario.read_text("utf-8")) if options.scenario else {}
    with FakeApi(scenario, port=options.port) as api:
        print(api.url, flush=True)
        api.thread.join()


if __name__ == "__main__":
    main()
