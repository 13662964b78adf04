import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Requests,
  attachments,
  requestSettings,
  runSettings,
} from "../../../../planner/programs/javascript/request.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";

const requests = new Requests(new Settings());
const wireOf = (line, settings = new Settings()) =>
  new Requests(settings).wire(JSON.parse(line), Buffer.from(line));
const whole = (params = {}) => ({
  custom_id: "a",
  params: { model: "claude-sonnet-5-5", max_tokens: 10, messages: [{}], ...params },
});

test("a row becomes a request of the plan", () => {
  const settings = new Settings({ systemPrompt: "Be brief.", cacheTtl: "1h", inferenceGeo: "us" });
  const body = wireOf('{"id": "a", "prompt": "\\ud800 é"}\n', settings);
  assert.deepEqual(JSON.parse(body), {
    custom_id: "a",
    params: {
      model: settings.model,
      max_tokens: settings.maxTokens,
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } },
      ],
      inference_geo: "us",
      messages: [{ role: "user", content: "\ud800 é" }],
    },
  });
});

test("a whole request is sent as it stands", () => {
  const line = '{ "custom_id":"a", "params": {"n": 12345678901234567890, "x": 1.0} }';
  assert.equal(wireOf(`  ${line} \r\n`).toString(), line);
});

test("a measured request has the bytes that are sent", () => {
  for (const prompt of ["x", 'quo"te\\', "\u0001\n\ud800", "é\u2028😀"]) {
    const line = Buffer.from(`${JSON.stringify({ id: "a", prompt })}\n`);
    const { size } = requests.measure({ id: "a", prompt }, line);
    assert.equal(size, wireOf(line).length);
  }
  const line = Buffer.from(` ${JSON.stringify(whole())} \n`);
  assert.equal(requests.measure(whole(), line).size, wireOf(line).length);
});

test("a model without a price has no worst case", () => {
  const unpriced = whole({ model: "m" });
  assert.equal(requests.measure(unpriced, Buffer.from(JSON.stringify(unpriced))).worst, null);
});

for (const [value, words] of [
  [{ prompt: "x" }, /"id" is missing/],
  [{ id: 1, prompt: "x" }, /put it in quotes/],
  [{ id: "a b", prompt: "x" }, /rename it/],
  [{ id: "a\n", prompt: "x" }, /rename it/],
  [{ id: "x".repeat(65), prompt: "x" }, /rename it/],
  [{ id: "a" }, /"prompt" is missing/],
  [{ id: "a", prompt: " \n" }, /empty/],
  [{ id: "a", prompt: [] }, /no text/],
  [{ id: "a", prompt: "x", system: "y" }, /delete "system"/],
  [{ ...whole(), method: "POST" }, /delete "method"/],
  [{ custom_id: "a", params: 1 }, /"params" is no object/],
  [whole({ model: "" }), /"model" is missing/],
  [whole({ model: "claude-3-opus-20240229" }), /retired since 2026-01-05: use claude-opus-5-5/],
  [whole({ max_tokens: null }), /"max_tokens" is missing/],
  [whole({ max_tokens: true }), /no whole number/],
  [whole({ max_tokens: 1.5 }), /no whole number/],
  [whole({ max_tokens: 0 }), /at least 1/],
  [whole({ max_tokens: 128_001 }), /allows 128000: lower it/],
  [whole({ messages: [] }), /"messages"/],
  [whole({ stream: true }), /"stream"/],
  [whole({ speed: "fast" }), /"speed"/],
  [whole({ temperature: 1 }), /"temperature"/],
]) {
  test(`what is wrong is told: ${words.source}`, () => {
    const [text, ...more] = requests.wrong(value);
    assert.match(text, words);
    assert.deepEqual(more, []);
  });
}

test("nothing is wrong with a good line; 4096.0 is a whole number", () => {
  assert.deepEqual(requests.wrong({ id: "a", prompt: "x" }), []);
  assert.deepEqual(requests.wrong(whole(JSON.parse('{"max_tokens": 4096.0}'))), []);
});

test("a plan that caches needs its system prompt", () => {
  const [text] = new Requests(new Settings({ cacheTtl: "5m" })).wrongWithSettings();
  assert.match(text, /SYSTEM_PROMPT is empty/);
});

test("a budget cannot be kept for a model without a price", () => {
  const withBudget = new Requests(new Settings({ budgetUsd: "1" }));
  assert.match(withBudget.wrong(whole({ model: "m" }))[0], /no price is known/);
});

test("what the journal says of settings holds no prompt, and each setting once", () => {
  const settings = new Settings({ systemPrompt: "secret" });
  const names = [...Object.keys(requestSettings(settings)), ...Object.keys(runSettings(settings))];
  assert.equal(new Set(names).size, Object.keys(settings).length);
  assert.ok(!JSON.stringify([requestSettings(settings), runSettings(settings)]).includes("secret"));
  assert.equal(runSettings(settings).max_bytes_per_batch, settings.maxBytesPerBatch);
});

test("a document by its address has no size here, so no budget can be kept", () => {
  const source = { type: "url", url: "https://example.org/a.pdf" };
  const content = [{ type: "tool_result", content: [{ type: "document", source }] }];
  const request = whole({ messages: [{ role: "user", content }] });
  assert.deepEqual(requests.wrong(request), []);
  const [text] = new Requests(new Settings({ budgetUsd: "1" })).wrong(request);
  assert.match(text, /by its address or id/);
});

test("the worst case counts the workspace's own residency, unless the request is for anywhere", () => {
  const worst = (params) => {
    const request = whole(params);
    return requests.measure(request, Buffer.from("x".repeat(200))).worst;
  };
  assert.equal(worst({}), worst({ inference_geo: "us" }));
  assert.ok(worst({ inference_geo: "global" }) < worst({}));
});

test("when a run has begun, a model that retires is no reason not to collect", () => {
  const begun = new Requests(new Settings());
  begun.hasBegun = true;
  assert.deepEqual(begun.wrong(whole({ model: "claude-3-opus-20240229" })), []);
  assert.match(begun.retired, /use claude-opus-5-5/);
});

test("what is nested deeply does not run out of stack", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
  assert.deepEqual(attachments({ messages: deep }), []);
});
