// Write an SDK of many modules as one, compiled, so that a program starts in a third of the time:
// `node bundle.cjs SDK FOLDER`. The modules are the SDK's own for `require`, to the byte; each stands in a function,
// as Node puts it in one.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { Script } = require("node:vm");

const [sdk, folder] = process.argv.slice(2);
const main = require.resolve(sdk);
const names = Object.keys(require(main)).filter((name) => name !== "default");

/** The files that a module asks for, by the names that it gives them; also those that it may ask for later. */
function filesOf(file, text) {
  const files = {};
  for (const [, name] of text.matchAll(/require\(["']([^"']+)["']\)/g)) {
    try {
      const found = createRequire(file).resolve(name);
      if (path.isAbsolute(found) && found.endsWith("js")) files[name] = found;
    } catch {
      // of another runtime: it is not asked for here
    }
  }
  return files;
}

const modules = new Map();
for (const waiting = [main]; waiting.length; ) {
  const file = waiting.pop();
  if (modules.has(file)) continue;
  const text = fs.readFileSync(file, "utf8");
  const files = filesOf(file, text);
  const parts = [JSON.stringify(files), `function (module, exports, require) {${text}\n}`];
  modules.set(file, `${JSON.stringify(file)}: [${parts.join(", ")}],`);
  waiting.push(...Object.values(files));
}

const all = path.join(folder, "modules.js");
const text = `(fromNode) => {
const modules = {${[...modules.values()].join("\n")}};
const loaded = {};
function load(file) {
  if (loaded[file]) return loaded[file].exports;
  const module = (loaded[file] = { exports: {} });
  const [files, run] = modules[file];
  run.call(module.exports, module, module.exports, (name) => (files[name] ? load(files[name]) : fromNode(name)));
  return module.exports;
}
return load(${JSON.stringify(main)});
}`;
fs.writeFileSync(all, text);
const script = new Script(text, { filename: all });
const { Anthropic } = script.runInThisContext()(createRequire(all));

/** Have it do once what each program does, for what has run is what is kept compiled. */
async function use() {
  const page = { data: [], has_more: false, first_id: null, last_id: null };
  const fetch = async () => Response.json(page);
  const client = new Anthropic({ apiKey: "none", baseURL: "http://127.0.0.1", fetch, maxRetries: 0 });
  await client.messages.batches.list({ limit: 1 });
  fs.writeFileSync(`${all}.compiled`, script.createCachedData());
}

fs.writeFileSync(
  path.join(folder, "index.mjs"),
  `import fs from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
const filename = ${JSON.stringify(all)};
const cachedData = fs.readFileSync(filename + ".compiled");
const script = new Script(fs.readFileSync(filename, "utf8"), { filename, cachedData });
const sdk = script.runInThisContext()(createRequire(filename));
export default sdk.default;
export const { ${names.join(", ")} } = sdk;
`,
);
const { name, version } = JSON.parse(fs.readFileSync(path.join(path.dirname(main), "package.json")));
const description = { name, version, type: "module", exports: "./index.mjs" };
fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(description));
void use();
