// Price tokens in whole numbers.
//
// The unit is 1/10**13 of a dollar: no sum depends on its order, and a price of up to seven
// decimals times a count of tokens is exact.

import { LONG_PROMPTS, PRICES, WEB_SEARCH_USD_PER_1000 } from "./settings.mjs";
import { isObject } from "./text.mjs";

export const DOLLAR = 10n ** 13n;

const TOKEN_KINDS = [
  "input_tokens",
  "output_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
];
export const USAGE_KINDS = [...TOKEN_KINDS, "web_search_requests"];

/** Units of money from a text such as "0.05". */
export function money(usd) {
  const [whole = "", decimals = ""] = usd.split(".");
  return BigInt(whole + decimals.slice(0, 13).padEnd(13, "0"));
}

/** US dollars to the last digit, at least two decimals. */
export function usdExact(amount) {
  const decimals = String(amount % DOLLAR).padStart(13, "0").replace(/0+$/, "");
  return `${amount / DOLLAR}.${decimals.padEnd(2, "0")}`;
}

/** US dollars, rounded half up. */
export function usdRounded(amount, decimals = 2) {
  const unit = DOLLAR / 10n ** BigInt(decimals);
  const cents = String((amount + unit / 2n) / unit).padStart(decimals + 1, "0");
  return `${cents.slice(0, -decimals)}.${cents.slice(-decimals)}`;
}

/** Rates by kind of token, in units of money per token, of five prices in dollars per million. */
function ratesOf(usdPerMtok) {
  const perToken = usdPerMtok.map((usd) => money(usd) / 1_000_000n);
  const [input, output, cacheWrite5m, cacheWrite1h, cacheRead] = perToken;
  const dearestInput = [input, cacheWrite5m, cacheWrite1h].reduce((a, b) => (a > b ? a : b));
  return { input, output, cacheWrite5m, cacheWrite1h, cacheRead, dearestInput };
}

/** What one model costs in a batch. */
export class Price {
  /** `row` is one of PRICES, `longPrompt` one of LONG_PROMPTS, if the model has such prices. */
  constructor(row, longPrompt) {
    this.rates = ratesOf(row.slice(0, 5));
    this.longRates = longPrompt ? ratesOf(longPrompt.slice(1)) : this.rates;
    this.longPromptTokens = longPrompt ? BigInt(longPrompt[0]) : null;
    this.usTenths = (money(row[5]) * 10n) / DOLLAR;
    this.maxTokens = Number(row[6]);
  }

  ratesFor(promptTokens) {
    const isLong = this.longPromptTokens !== null && promptTokens > this.longPromptTokens;
    return isLong ? this.longRates : this.rates;
  }

  surcharge(amount, us) {
    return us ? (amount * this.usTenths) / 10n : amount;
  }

  /**
   * The most that a request may cost: no text has more tokens than bytes, no answer more than
   * maxTokens.
   */
  worst(requestBytes, maxTokens, cached, us) {
    const most = BigInt(requestBytes);
    const rates = this.ratesFor(most);
    const dearest = cached ? rates.dearestInput : rates.input;
    return this.surcharge(most * dearest + BigInt(maxTokens) * rates.output, us);
  }
}

/** A Price for each model of PRICES. */
export function priceList() {
  const price = (model) => new Price(PRICES[model], LONG_PROMPTS[model]);
  return new Map(Object.keys(PRICES).map((model) => [model, price(model)]));
}

/** A count out of the API's answer; whatever else stands there counts as none. */
export function countOf(holder, name) {
  const value = isObject(holder) ? holder[name] : 0;
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** The price of a model, named with its date or without; undefined for one that is not known. */
export function priceOf(prices, model) {
  const name = String(model);
  return prices.get(name) ?? prices.get(name.replace(/-\d{8}$/, ""));
}

/**
 * Tokens by kind as `usage` reports them, and what they cost; null for a model without a price.
 * `asked` gives the model that was asked for.
 */
export function bill(message, prices, asked = () => "") {
  const usage = isObject(message?.usage) ? message.usage : {};
  const counts = Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, countOf(usage, kind)]));
  counts.web_search_requests = countOf(usage.server_tool_use, "web_search_requests");
  const price = priceOf(prices, message?.model) ?? priceOf(prices, asked());
  if (!price) return [counts, null];
  const [input, output, written, read, searches] = USAGE_KINDS.map((kind) => BigInt(counts[kind]));
  const reported = BigInt(countOf(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const forAnHour = reported < written ? reported : written;
  const rates = price.ratesFor(input + written + read);
  const tokens =
    input * rates.input +
    output * rates.output +
    (written - forAnHour) * rates.cacheWrite5m +
    forAnHour * rates.cacheWrite1h +
    read * rates.cacheRead;
  const forSearches = (searches * money(WEB_SEARCH_USD_PER_1000)) / 1000n;
  return [counts, price.surcharge(tokens, usage.inference_geo === "us") + forSearches];
}
