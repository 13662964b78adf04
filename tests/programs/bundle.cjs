// Write an SDK of many modules as one, so that a program starts in half the time: `node bundle.cjs SDK FOLDER`.
// The modules are the SDK's own for `require`, to the byte; each stands in a function, as Node puts it in one.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const [sdk, folder] = process.argv.slice(2);
const main = require.resolve(sdk);
const names = Object.keys(require(main)).filter((name) => name !== "default");

const modules = Object.keys(require.cache)
  .filter((file) => file !== __filename)
  .map((file) => {
    const text = fs.readFileSync(file, "utf8");
    const { resolve } = createRequire(file);
    const asked = [...text.matchAll(/require\(["']([^"']+)["']\)/g)].map((match) => match[1]);
    // What is asked for and never loaded, such as a way for another runtime, is not there to be resolved.
    const found = asked.filter((name) => name in require.cache || canBe(resolve, name));
    const files = Object.fromEntries(found.map((name) => [name, resolve(name)]));
    return `${JSON.stringify(file)}: [${JSON.stringify(files)}, function (module, exports, require) {${text}\n}],`;
  });

function canBe(resolve, name) {
  try {
    return resolve(name) in require.cache;
  } catch {
    return false;
  }
}

fs.writeFileSync(
  path.join(folder, "index.mjs"),
  `import { createRequire } from "node:module";
const fromNode = createRequire(import.meta.url);
const modules = {${modules.join("\n")}};
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
