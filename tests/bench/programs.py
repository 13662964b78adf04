"""Measure the programs: memory and speed on a million rows in a gigabyte, in batches of 10,000.

    python -m tests.bench.programs [--language python|javascript] [--rows 1000000] [--folder DIR]

Prints the peak memory of a whole run against the fake API, and how fast a file is checked and split beside reading it
line by line with the language's own JSON parser. Exit code 1 when a limit is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.programs.written import ROOT, TEMPLATES

PEAK_MB = 400
SPEED = 0.30
COMMANDS = {
    "python": [sys.executable, str(TEMPLATES["python"])],
    "javascript": ["node", str(TEMPLATES["javascript"])],
}
# Reading line by line, in the same language, as simply as it goes.
READERS = {
    "python": [
        sys.executable,
        "-c",
        "import json, sys\nfor line in open(sys.argv[1], 'rb'):\n    json.loads(line)",
    ],
    "javascript": [
        "node",
        "--input-type=module",
        "-e",
        (
            "import fs from 'node:fs'; import readline from 'node:readline';"
            "for await (const line of readline.createInterface({input: fs.createReadStream(process.argv[1])})) JSON.parse(line);"
        ),
    ],
}


def write_rows(path: Path, rows: int) -> None:
    """Rows of about 1,000 bytes, with line breaks and other scripts in them, as prompts have."""
    paragraph = "The quick brown fox jumps over the lazy dog, and the dog does not mind at all.\n"
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            prompt = f"Request {number}: " + paragraph * 11 + "Zażółć gęślą jaźń. 敏捷的棕色狐狸"
            file.write(
                json.dumps({"id": f"row-{number:08d}", "prompt": prompt}, ensure_ascii=False) + "\n"
            )


def measure(command: list[str], env: dict[str, str], expected: int = 0) -> tuple[float, float]:
    """Seconds and peak megabytes of one process."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        sys.exit(f"{' '.join(command[:3])} … ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def bench(language: str, rows: int, folder: Path) -> bool:
    """Measure one language; True when it keeps the limits."""
    source = folder / f"rows-{rows}.jsonl"
    if not source.exists():
        write_rows(source, rows)
    env = dict(os.environ)
    read_s, _ = measure([*READERS[language], str(source)], env)
    check_s, check_mb = measure(
        [*COMMANDS[language], str(source), "--out", str(folder / "none"), "--check"], env
    )
    speed = read_s / check_s
    print(f"{language}: {source.stat().st_size / 1e6:,.0f} MB, {rows:,} rows")
    print(
        f"  read with the JSON parser alone {read_s:.1f} s; check and split {check_s:.1f} s = {speed:.0%}, {check_mb:.0f} MB"
    )

    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps({"keep_params": False, "polls": 0}))
    server = subprocess.Popen(
        [sys.executable, "-m", "planner", "fake-api", "--scenario", str(scenario)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        env |= {
            "ANTHROPIC_BASE_URL": server.stdout.readline().strip(),
            "ANTHROPIC_API_KEY": "sk-test-0123456789",
        }
        with tempfile.TemporaryDirectory(dir=folder) as out:
            flags = [
                "--requests-per-batch",
                "10000",
                "--concurrent-batches",
                "2",
                "--poll-seconds",
                "0.1",
            ]
            run_s, run_mb = measure([*COMMANDS[language], str(source), "--out", out, *flags], env)
            answers = sum(1 for _ in (Path(out) / "succeeded.jsonl").open("rb"))
    finally:
        server.kill()
        server.wait()
    print(f"  whole run {run_s:.0f} s, peak {run_mb:.0f} MB, {answers:,} answers")
    return answers == rows and run_mb <= PEAK_MB and check_mb <= PEAK_MB and speed >= SPEED


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure memory and speed of the programs.")
    parser.add_argument("--language", choices=COMMANDS, action="append")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench-programs"
    )
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = [bench(language, asked.rows, asked.folder) for language in asked.language or COMMANDS]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
