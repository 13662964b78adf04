"""`python -m tests.bench.files`: how fast files are measured, and what that holds.

In one run, of the same file: the browser's worker beside plain JavaScript that parses every line and
makes the same checks, and the command line's reader beside `json.loads` alone; then Python's heap in
the browser and the command line's peak after a large file. Prints a table.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

import build
from tests.browser import chromium
from tests.browser.watch import ARGUMENTS, READY_MS
from tests.static_server import StaticServer

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "reads",
    "of",
    "rivers",
]

# A worker of the site's kind, whose memory of Python can be asked for.
HIRE = """(script) => new Promise((resolve, reject) => {
    const before = `
        const { instantiate } = WebAssembly;
        let memory = null;
        WebAssembly.instantiate = async (...how) => {
            const made = await instantiate.apply(WebAssembly, how);
            memory ??= (made.exports ?? made.instance.exports).memory;
            return made;
        };
        self.addEventListener("message", ({ data }) => {
            if (data.kind === "heap") self.postMessage({ kind: "heap", bytes: memory.buffer.byteLength });
        });
        import(${JSON.stringify(new URL(script, location.href).href)});`;
    const worker = new Worker(URL.createObjectURL(new Blob([before], { type: "text/javascript" })), { type: "module" });
    const input = document.createElement("input");
    input.type = "file";
    input.id = "input";
    document.body.append(input);
    const until = (kind) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.kind === kind) resolve(data);
            if (data.kind === "failed" || data.kind === "defect") reject(new Error(data.message));
        };
    });
    window.measure = async () => {
        const start = performance.now();
        worker.postMessage({ kind: "read", files: [...input.files], text: "{}" });
        await until("read");
        const taken = performance.now() - start;
        worker.postMessage({ kind: "heap" });
        const { bytes } = await until("heap");
        worker.postMessage({ kind: "tell", id: 1, text: '{"want": "json"}' });
        const told = JSON.parse((await until("told")).text);
        return { taken, bytes, requests: told.requests, sent: told.bytes };
    };
    until("ready").then(resolve, reject);
})"""

# The same checks in plain JavaScript, line by line: ids, keys, models, limits, messages, bytes as sent, characters,
# repeated ids and prompts, the shared beginning, and the distribution.
PLAIN = r"""
const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const KEYS = new Set(%(keys)s);
const MODELS = new Map(%(models)s);
const encoder = new TextEncoder();
self.onmessage = async ({ data: file }) => {
    const start = performance.now();
    const ids = new Set(), prompts = new Set(), systems = new Map(), histogram = new Map();
    let requests = 0, sent = 15, faults = 0, characters = 0, repeated = 0, twice = 0, rest = "";
    const check = (line) => {
        if (!line) return;
        let value;
        try { value = JSON.parse(line); } catch { faults += 1; return; }
        if (typeof value.custom_id !== "string" || !ID.test(value.custom_id)) faults += 1;
        if (ids.has(value.custom_id)) repeated += 1; else ids.add(value.custom_id);
        for (const key in value) if (key !== "custom_id" && key !== "params") faults += 1;
        const params = value.params;
        if (!params) { faults += 1; return; }
        for (const key in params) if (!KEYS.has(key)) faults += 1;
        const most = MODELS.get(params.model);
        if (!most || !Number.isInteger(params.max_tokens) || params.max_tokens < 1 || params.max_tokens > most) faults += 1;
        if (params.stream === true) faults += 1;
        if (!Array.isArray(params.messages) || !params.messages.length) faults += 1;
        let text = 0, prompt = "";
        for (const message of params.messages) {
            if (!message.role || !message.content || !message.content.trim()) faults += 1;
            text += message.content.length;
            prompt += message.content;
        }
        if (prompts.has(prompt)) twice += 1; else prompts.add(prompt);
        const system = params.system ?? "";
        systems.set(system, (systems.get(system) ?? 0) + 1);
        const tokens = Math.round((text + system.length) / 2.5);
        if (tokens + params.max_tokens > 1_000_000) faults += 1;
        histogram.set(tokens, (histogram.get(tokens) ?? 0) + 1);
        sent += encoder.encode(JSON.stringify(value)).length + (requests > 0);
        characters += text;
        requests += 1;
    };
    const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + part.value).split("\n");
        rest = lines.pop();
        lines.forEach(check);
    }
    check(rest);
    self.postMessage({ taken: performance.now() - start, requests, sent, faults, repeated, twice });
};
"""
RUN_PLAIN = """(script) => new Promise((resolve, reject) => {
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(document.querySelector("#input").files[0]);
})"""

# What one process of the command line's reader takes, beside `json.loads` of the same lines.
NATIVE = """
import json, sys
from time import perf_counter
from planner.files import pieces_of
from planner.measure.measurement import Measurement
name = sys.argv[1]
start = perf_counter()
with open(name, "rb") as file:
    for line in file:
        json.loads(line)
loads = perf_counter() - start
start = perf_counter()
measurement = Measurement()
measurement.begin(name)
for piece in pieces_of(name):
    measurement.feed(piece)
measurement.end()
measurement.measured()
print(loads, perf_counter() - start)
"""


def write(path: Path, megabytes: float, kind: str) -> int:
    """A file of requests; `kind`: plain, escaped (quotes and line feeds) or short prompts."""
    rng, size, number = random.Random(1), 0, 0
    prompts = [" ".join(rng.choices(WORDS, k=rng.randrange(50, 700))) for _ in range(2000)]
    with path.open("w") as file:
        while size < megabytes * 1e6:
            number += 1
            prompt = f"{number}: {prompts[number % len(prompts)]}"
            if kind == "escaped":
                prompt = prompt.replace(" the ", '\n"the" ')
            elif kind == "short":
                prompt = prompt[:60]
            message = {"role": "user", "content": prompt}
            params = {"model": "claude-sonnet-5-5", "max_tokens": 500, "messages": [message]}
            line = json.dumps({"custom_id": f"request-{number}", "params": params})
            size += file.write(line + "\n")
    return number


def plain_script() -> str:
    """The reference, with the keys and models of the catalogue."""
    from planner import facts

    keys = str(facts.limit("request_params").value).split(", ")
    models = [[each.id, each.batch_max_output_tokens] for each in facts.models()]
    return PLAIN % {"keys": json.dumps(keys), "models": json.dumps(models)}


def in_browser(browser: Browser, site: Path, file: Path, times: int, *, plain: bool) -> Any:
    """Seconds of ours and of plain JavaScript in turn, the two reports, and the heap's bytes."""
    with StaticServer(site) as server:
        page: Page = browser.new_page()
        page.set_default_timeout(30 * READY_MS)
        page.goto(server.url + "robots.txt")
        page.evaluate(HIRE, server.path("runtime/worker-*.js"))
        page.set_input_files("#input", file)
        ours, theirs = [], []
        for _ in range(times):
            ours.append(page.evaluate("window.measure()"))
            if plain:
                theirs.append(page.evaluate(RUN_PLAIN, plain_script()))
        page.context.close()
    if plain:
        assert (ours[-1]["requests"], ours[-1]["sent"]) == (
            theirs[-1]["requests"],
            theirs[-1]["sent"],
        )
    seconds = [
        statistics.median(each["taken"] / 1000 for each in some) for some in (ours, theirs) if some
    ]
    return seconds, ours[-1]["bytes"]


def native(file: Path, times: int) -> tuple[float, float, float]:
    """Seconds of json.loads and of ours, and the process's peak in MB."""
    taken = []
    for _ in range(times):
        command = [sys.executable, "-c", NATIVE, str(file)]
        done = subprocess.run(command, cwd=build.ROOT, check=True, capture_output=True, text=True)
        taken.append([float(each) for each in done.stdout.split()])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    loads, ours = (statistics.median(each) for each in zip(*taken, strict=True))
    return loads, ours, peak


def main() -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, help="a site that was built; else one is built")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--large", type=float, default=2000, help="MB of the file for the memory")
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        site = options.site or folder / "site"
        if not options.site:
            command = [sys.executable, "build.py", "--out", str(site)]
            subprocess.run(command, cwd=build.ROOT, check=True, stdout=subprocess.PIPE)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        for kind in ("plain", "escaped", "short"):
            path = folder / f"{kind}.jsonl"
            lines = write(path, options.megabytes, kind)
            (ours, theirs), heap = in_browser(browser, site, path, options.times, plain=True)
            loads, native_s, peak = native(path, options.times)
            print(f"{kind}: {path.stat().st_size / 1e6:.0f} MB, {lines:,} requests")
            print(
                f"    browser {ours:.2f} s, plain JavaScript {theirs:.2f} s: speed {theirs / ours:.2f}, heap {heap / 1e6:.0f} MB"
            )
            print(
                f"    command line {native_s:.2f} s, json.loads {loads:.2f} s: speed {loads / native_s:.2f}, peak {peak:.0f} MB",
                flush=True,
            )
            path.unlink()
        if options.large:
            path = folder / "large.jsonl"
            lines = write(path, options.large, "plain")
            start = perf_counter()
            _, heap = in_browser(browser, site, path, 1, plain=False)
            taken = perf_counter() - start
            _, native_s, peak = native(path, 1)
            print(f"large: {path.stat().st_size / 1e6:.0f} MB, {lines:,} requests")
            print(f"    browser {taken:.0f} s, heap {heap / 1e6:.0f} MB")
            print(f"    command line {native_s:.0f} s, peak {peak:.0f} MB")
        browser.close()


if __name__ == "__main__":
    main()
