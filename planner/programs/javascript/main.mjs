// Start, stop on signals, say the exit code.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { SDK_MISSING, loadSdk } from "./api.mjs";
import { InputError, Interrupted, StoppedError } from "./errors.mjs";
import { HELP, PROGRAM, USAGE, parse } from "./options.mjs";
import { BatchRunner } from "./run.mjs";
import { quoted } from "./text.mjs";

/** Do what the command line asks for. Returns the exit code. */
export async function main(words) {
  // A closed terminal must not end a run that has hours to go.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  let options;
  try {
    options = parse(words);
  } catch (error) {
    console.error(`${USAGE}\n${PROGRAM}: error: ${error.message}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const runner = new BatchRunner(options.input, options.out, options.settings);
  // Once: a second signal ends the program at once.
  process.once("SIGINT", () => runner.halt.abort(new Interrupted(2)));
  process.once("SIGTERM", () => runner.halt.abort(new Interrupted(15)));
  try {
    return await carryOut(runner, options);
  } catch (error) {
    return sayWhy(error, runner, words);
  }
}

async function carryOut(runner, { check, cancel }) {
  if (check) {
    console.log(await runner.check());
    return 0;
  }
  if (!(await loadSdk())) throw new InputError(SDK_MISSING);
  const code = await runner.run(cancel);
  console.log(runner.lastLine());
  return code;
}

/** Say what ended the run and how to go on. Returns the exit code. */
function sayWhy(error, runner, words) {
  const program = [path.basename(process.execPath), process.argv[1] ?? PROGRAM];
  const command = quoted([...program, ...words.filter((word) => word !== "--cancel")]);
  if (error instanceof InputError) {
    runner.log.line(error.message);
    return 2;
  }
  if (error instanceof Interrupted) {
    const open = runner.folder.state.inFlight().length;
    runner.log.line(
      `Interrupted. ${open} batches go on at the provider. ` +
        `To resume: ${command}  To cancel: ${command} --cancel`,
    );
    return error.code;
  }
  if (error instanceof StoppedError) {
    runner.log.line(`Stopped: ${error.message} The state is kept; to go on: ${command}`);
    return 3;
  }
  // The words of an unforeseen error may hold a prompt; where it happened does not.
  const places = String(error?.stack).split("\n").filter((line) => line.startsWith("    at "));
  console.error(places.join("\n"));
  const name = `Stopped by an unforeseen ${error?.name}`;
  runner.log.line(`${name}. The state is kept; to go on: ${command}`);
  return 3;
}

const started = process.argv[1] ?? "";
if (fs.existsSync(started) && fs.realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
