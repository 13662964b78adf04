import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, test } from "node:test";

import { Api } from "../../../../planner/programs/javascript/api.mjs";
import * as errors from "../../../../planner/programs/javascript/errors.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFolder, shownBatch } from "./bench.mjs";

const BATCH = { number: 1, id: "b1" };

/** An Api on a server of one's own; `answers` are taken one after the other: {status, headers, body}. */
async function connected(...answers) {
  const calls = [];
  const server = http.createServer(async (request, response) => {
    const pieces = await request.toArray();
    calls.push({ ...request, url: request.url, body: Buffer.concat(pieces).toString() });
    const { status = 200, headers = {}, body = {} } = answers.shift() ?? { status: 500 };
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  process.env.ANTHROPIC_BASE_URL = `http://127.0.0.1:${server.address().port}`;
  process.env.ANTHROPIC_API_KEY = "sk-test";
  const lines = [];
  const log = { line: (text) => lines.push(text) };
  const api = new Api(new Settings({ pollSeconds: 0.01 }), log, new AbortController().signal);
  await api.connect();
  return { api, calls, lines };
}

const failure = (status, type, message = "") => ({ status, body: { type: "error", error: { type, message } } });

test("what passes is asked again, what does not pass stops the run", async () => {
  const running = { body: shownBatch("b1", { processing: 1 }) };
  const overloaded = failure(529, "overloaded_error");
  const { api, calls, lines } = await connected(overloaded, { body: "<html>" }, running);
  assert.equal((await api.retrieve(BATCH)).id, "b1");
  assert.equal(calls.length, 3);
  assert.match(lines[0], /HTTP 529, overloaded_error/);
  const forbidden = await connected(failure(403, "permission_error"));
  await assert.rejects(forbidden.api.retrieve(BATCH), errors.StoppedError);
});

test("a create is sent once, whatever comes of it", async () => {
  for (const [answer, error] of [
    [failure(500, "api_error"), errors.NoAnswerError],
    [{ body: "<html>" }, errors.NoAnswerError],
    [failure(413, "request_too_large"), errors.RefusedError],
  ]) {
    const { api, calls } = await connected(answer);
    await assert.rejects(api.create(Buffer.from('{"requests":[]}')), error);
    assert.equal(calls.length, 1);
    assert.equal(calls[0].body, '{"requests":[]}');
  }
});

test("results are brought to a file as they come", async () => {
  const file = path.join(newFolder(), "part");
  const { api } = await connected({ body: "one\ntwo\n" });
  await api.download(BATCH, `${process.env.ANTHROPIC_BASE_URL}/results`, file);
  assert.equal(fs.readFileSync(file, "utf8"), "one\ntwo\n");
});

test("a key that no header can hold is told before anything is sent", async () => {
  const { api, calls } = await connected();
  process.env.ANTHROPIC_API_KEY = "sk-tést";
  await assert.rejects(api.connect(), /API key/);
  assert.equal(calls.length, 0);
});
