import assert from "node:assert/strict";
import { test } from "node:test";

import * as money from "../../../../planner/programs/javascript/money.mjs";

const ROW = ["1", "5", "1.25", "2", "0.05", "1.1", "128000"];
const LONG = ["100", "2", "10", "2.5", "4", "0.1"];
const PRICE = new money.Price(ROW);
const perMillion = (usd) => money.money(usd) / 1_000_000n;

test("money is exact in and out", () => {
  for (const usd of ["0.00", "12.50", "0.0000001", "100000000.00"]) {
    assert.equal(money.usdExact(money.money(usd)), usd);
  }
  assert.equal(money.usdExact(money.money("7")), "7.00");
});

test("money is rounded half up", () => {
  assert.equal(money.usdRounded(money.money("0.005")), "0.01");
  assert.equal(money.usdRounded(money.money("0.00499")), "0.00");
  assert.equal(money.usdRounded(money.money("1.2345675"), 6), "1.234568");
});

test("the worst case counts a token for each byte, and the longest answer", () => {
  const expected = 1000n * perMillion("1") + 10n * perMillion("5");
  assert.equal(PRICE.worst(1000, 10, false, false), expected);
  assert.equal(PRICE.worst(1000, 10, false, true), (expected * 11n) / 10n);
  const cached = 1000n * perMillion("2") + 10n * perMillion("5");
  assert.equal(PRICE.worst(1000, 10, true, false), cached);
});

test("a long prompt has prices of its own, from one token more on", () => {
  const price = new money.Price(ROW, LONG);
  assert.equal(price.worst(100, 0, false, false), 100n * perMillion("1"));
  assert.equal(price.worst(101, 0, false, false), 101n * perMillion("2"));
});

test("an answer costs what its usage says, by kind", () => {
  const usage = {
    input_tokens: 1,
    output_tokens: 2,
    cache_creation_input_tokens: 5,
    cache_creation: { ephemeral_1h_input_tokens: 2 },
    cache_read_input_tokens: 7,
    server_tool_use: { web_search_requests: 1 },
  };
  const prices = new Map([["m", PRICE]]);
  const [counts, cost] = money.bill({ model: "m", usage }, prices);
  const dollars = ["1", "5", "5", "1.25", "1.25", "1.25", "2", "2", ...Array(7).fill("0.05")];
  const tokens = dollars.map(perMillion).reduce((a, b) => a + b);
  assert.equal(cost, tokens + money.money("0.01"));
  assert.deepEqual(Object.values(counts), [1, 2, 5, 7, 1]);
});

test("what is no count costs nothing, and a model without a price has no cost", () => {
  const usage = { input_tokens: -1, output_tokens: "7", cache_read_input_tokens: 1.5 };
  assert.deepEqual(money.bill({ model: "m", usage }, new Map([["m", PRICE]]))[1], 0n);
  assert.equal(money.bill({ model: "other", usage: {} }, new Map())[1], null);
  assert.equal(money.bill(null, new Map())[1], null);
});
