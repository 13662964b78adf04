// Send a body, and listen meanwhile.
//
// A server may answer before a body has come to its end, as one does for which it is too large. It
// is heard at once, and what has not been sent is not sent any more.

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { SLOWEST_LINE_BYTES_PER_SECOND, headersOf } from "./answer.mjs";
import { NoAnswerError } from "./errors.mjs";
import { clock } from "./text.mjs";

export const SILENCE_SECONDS = 60.0; // without a byte an upload or a download is given up
// The answer to a create after its last byte.
const ANSWER_SECONDS = 600.0;
const HELD_BY_THE_SYSTEM_BYTES = 2 ** 23;

/** A POST whose body goes out piece by piece, and is given up for silence, not for its length. */
export async function upload(url, { headers, body, signal }) {
  const isSecure = new URL(url).protocol === "https:";
  const { request } = isSecure ? https : http;
  // A connection of its own: one that is kept may be closed already, and the batch would be in
  // doubt.
  const post = request(url, { method: "POST", headers: Object.fromEntries(headers), agent: false });
  const giveUp = (seconds) => breakOff(post, silent(seconds));
  const stop = () => breakOff(post, signal.reason);
  signal.addEventListener("abort", stop);
  let isOnItsWay = false;
  post.once("socket", (socket) => {
    socket.once(isSecure ? "secureConnect" : "connect", () => (isOnItsWay = true));
  });
  let answerTimer;
  post.setTimeout(1000 * SILENCE_SECONDS, () => giveUp(SILENCE_SECONDS));
  post.once("finish", () => {
    post.setTimeout(0);
    // The system may still hold the end of the body, on its way for as long as this.
    const held = Math.min(Number(headers.get("content-length")), HELD_BY_THE_SYSTEM_BYTES);
    const seconds = ANSWER_SECONDS + held / SLOWEST_LINE_BYTES_PER_SECOND;
    answerTimer = setTimeout(() => giveUp(seconds), 1000 * seconds);
  });
  post.on("error", () => {}); // told by `once`, or too late to matter
  try {
    const answered = once(post, "response");
    pipeline(Readable.from(body), post).catch(() => {}); // its errors are those of the POST
    const [answer] = await answered.catch((error) => {
      // Perhaps an answer that came before the end of the body, and was lost with the connection.
      throw Object.assign(error, { isCutOff: isOnItsWay && !post.writableFinished });
    });
    const bytes = Buffer.concat(await answer.toArray());
    const hasNone = [204, 205, 304].includes(answer.statusCode);
    const init = { status: answer.statusCode, headers: headersOf(answer) };
    return new Response(hasNone ? null : bytes, init);
  } finally {
    clearTimeout(answerTimer);
    signal.removeEventListener("abort", stop);
    post.destroy();
  }
}

export const silent = (seconds) => new NoAnswerError(`nothing came for ${clock(seconds)}`);

/** End a request at once: what the system has not sent of it yet is not sent any more. */
function breakOff(post, error) {
  try {
    post.socket?.resetAndDestroy();
  } catch {
    // no plain TCP: closed below
  }
  post.destroy(error);
}
