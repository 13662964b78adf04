// Write an SDK of many modules as one, so that a program starts in half the time: `node bundle.cjs SDK FOLDER`.
// The modules are the SDK's own for `require`, to the byte; each stands in a function, as Node puts it in one.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

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

fs.writeFileSync(
  path.join(folder, "index.mjs"),
  `import { createRequire } from "node:module";
const fromNode = createRequire(import.meta.url);
const modules = {${[...modules.values()].join("\n")}};
const loaded = {};
function load(file) {
  if (loaded[file]) return loaded[file].exports;
  const module = (loaded[file] = { exports: {} });
  const [files, run] = modules[file];
  run.call(module.exports, module, module.exports, (name) => (files[name] ? load(files[name]) : fromNode(name)));
  return module.exports;
}
const sdk = load(${JSON.stringify(main)});
export default sdk.default;
export const { ${names.join(", ")} } = sdk;
`,
);
const { name, version } = JSON.parse(fs.readFileSync(path.join(path.dirname(main), "package.json")));
const description = { name, version, type: "module", exports: "./index.mjs" };
fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(description));
