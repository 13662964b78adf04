import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, test } from "node:test";

import { Api, sdkProblem } from "../../../../planner/programs/javascript/api.mjs";
import * as errors from "../../../../planner/programs/javascript/errors.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFolder, shownBatch } from "./bench.mjs";

const BATCH = { number: 1, id: "b1" };
const BODY = ['{"requests"', ":[]}"];

/** An Api on a server of one's own; `answers` are taken one after the other: {status, headers, body}. */
async function connected(...answers) {
  const calls = [];
  const server = http.createServer(async (request, response) => {
    const pieces = await request.toArray();
    const { url, headers: sent } = request;
    calls.push({ url, headers: sent, body: Buffer.concat(pieces).toString() });
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
  assert.equal(await sdkProblem(), "");
  api.connect();
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
    await assert.rejects(api.create(BODY.map((piece) => Buffer.from(piece)).values(), 15), error);
    assert.equal(calls.length, 1);
    assert.equal(calls[0].body, BODY.join(""));
    assert.equal(calls[0].headers["content-length"], "15");
  }
});

test("results are brought to a file as they come", async () => {
  const file = path.join(newFolder(), "part");
  const { api } = await connected({ body: "one\ntwo\n" });
  await api.download(BATCH, file);
  assert.equal(fs.readFileSync(file, "utf8"), "one\ntwo\n");
});

test("the list is read to the empty page, whatever a page says of more", async () => {
  const page = (...ids) => ({ body: { data: ids.map((id) => shownBatch(id)), has_more: false } });
  const { api, calls } = await connected(page("b3"), page("b2", "b1"), page());
  const ids = [];
  for await (const { rows } of api.pages()) ids.push(...rows.map(({ id }) => id));
  assert.deepEqual(ids, ["b3", "b2", "b1"]);
  assert.match(calls[2].url, /after_id=b1/);
});

test("a list in a circle comes to an end", async () => {
  const page = (...ids) => ({ body: { data: ids.map((id) => shownBatch(id)), has_more: true } });
  const { api } = await connected(page("b3"), page("b2"), page("b3"), page("b2"));
  await assert.rejects(async () => {
    for await (const { rows } of api.pages()) assert.ok(rows);
  }, /comes to no end/);
});

test("a batch that is not there so many times is not there", async () => {
  const missing = failure(404, "not_found_error");
  const { api, calls } = await connected(missing, missing, missing);
  assert.equal(await api.look("b9", 3), null);
  assert.equal(calls.length, 3);
});

test("a wait that the API asks for is kept, and is never shorter than our own", async () => {
  const busy = { ...failure(429, "rate_limit_error"), headers: { "retry-after": "0.3" } };
  const { api } = await connected(busy, { body: shownBatch("b1") });
  const before = performance.now();
  await api.retrieve(BATCH);
  assert.ok(performance.now() - before >= 290);
});

test("answers name the account", async () => {
  const headers = { "anthropic-workspace-id": "w", "anthropic-organization-id": "o" };
  const { api } = await connected({ body: shownBatch("b1"), headers }, { body: shownBatch("b1") });
  await api.retrieve(BATCH);
  assert.deepEqual(api.account, { organization: "o", workspace: "w" });
  await api.retrieve(BATCH); // some gateways pass them on some answers only
  assert.deepEqual(api.account, { organization: "o", workspace: "w" });
});

test("a key that no header can hold is told before anything is sent", async () => {
  const { api, calls } = await connected();
  process.env.ANTHROPIC_API_KEY = "sk-tést";
  assert.throws(() => api.connect(), /API key/);
  assert.equal(calls.length, 0);
});

test("a cursor whose batch was deleted begins the list again; no batch comes twice", async () => {
  const page = (...ids) => ({ body: { data: ids.map((id) => shownBatch(id)), has_more: true } });
  const gone = failure(400, "invalid_request_error", "after_id: no such batch");
  const { api } = await connected(page("b3"), gone, page("b3", "b2"), page("b1"), page());
  const ids = [];
  for await (const { rows } of api.pages()) ids.push(...rows.map(({ id }) => id));
  assert.deepEqual(ids, ["b3", "b2", "b1"]);
});
