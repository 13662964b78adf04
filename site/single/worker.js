// The worker of the single file: what stands in its memory takes the place of the server. Chromium lets a file have only
// a classic worker, which imports nothing, so Python's own scripts stand in it as functions.

"use strict";

// Pyodide refuses a classic worker, which it knows by this; what it would need one for not to be is not needed here.
self.importScripts = () => {
  throw new TypeError("nothing is imported");
};

const memory = new Promise((resolve) => {
  self.addEventListener("message", function take(event) {
    if (event.data.kind !== "files") return;
    event.stopImmediatePropagation();
    self.removeEventListener("message", take);
    resolve(new Map(event.data.files));
  });
});

const nameOf = (address) => String(address).split("/").at(-1);

self.fetch = async (address) => {
  const type = nameOf(address).endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response((await memory).get(nameOf(address)), { headers: { "Content-Type": type } });
};

const scripts = {}; // name -> a function that runs the script and returns what it exports
const imported = async (address) => scripts[nameOf(address)]();
