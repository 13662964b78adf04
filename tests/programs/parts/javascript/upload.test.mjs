import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { upload } from "../../../../planner/programs/javascript/upload.mjs";

const PIECE = Buffer.alloc(2 ** 16);

/** What comes of a body of so many pieces, sent to a server that does this with each request. */
async function sent(pieces, serve, signal = new AbortController().signal) {
  const server = http.createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  const headers = new Headers({ "content-length": String(pieces * PIECE.length) });
  let taken = 0;
  function* body() {
    for (; taken < pieces; taken++) yield PIECE;
  }
  try {
    const address = `http://127.0.0.1:${server.address().port}/`;
    const response = await upload(address, { headers, body: body(), signal });
    return { status: response.status, text: await response.text(), taken };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a body is sent whole, and answered", async () => {
  let length = 0;
  const { status, text, taken } = await sent(3, (request, response) => {
    request.on("data", (data) => (length += data.length));
    request.on("end", () => response.end("taken"));
  });
  assert.deepEqual([status, text, taken, length], [200, "taken", 3, 3 * PIECE.length]);
});

test("an answer that comes before the end of a body ends the sending", async () => {
  const { status, text, taken } = await sent(2000, (request, response) => {
    request.pause(); // nothing more is read, and the connection stays open
    response.writeHead(413).end("too large");
  });
  assert.deepEqual([status, text], [413, "too large"]);
  assert.ok(taken < 2000, String(taken));
});

test("a connection that breaks in a body was cut off", async () => {
  const cut = sent(2000, (request) => request.socket.resetAndDestroy());
  await assert.rejects(cut, ({ isCutOff }) => isCutOff === true);
});

test("a connection that was never made cut nothing off", async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  const headers = new Headers({ "content-length": String(PIECE.length) });
  const { signal } = new AbortController();
  const refused = upload(`http://127.0.0.1:${port}/`, { headers, body: [PIECE], signal });
  await assert.rejects(refused, ({ code, isCutOff }) => code === "ECONNREFUSED" && isCutOff === false);
});

test("a body that is told to stop stops", async () => {
  const halt = new AbortController();
  const stopped = sent(2000, () => halt.abort(new Error("told to")), halt.signal);
  await assert.rejects(stopped); // with whatever: who told it knows why
});
