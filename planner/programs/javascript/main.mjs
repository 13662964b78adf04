// Start, stop on signals, say the exit code.

import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { sdkProblem } from "./api.mjs";
import { InputError, Interrupted, StoppedError } from "./errors.mjs";
import { HELP, PROGRAM, USAGE, parse } from "./options.mjs";
import { BatchRunner } from "./run.mjs";
import { grouped, quoted } from "./text.mjs";

// After a signal every wait ends at once; what does not is left behind.
const END_SECONDS = 8;
// When all is done nothing is waited for. A connection over TLS that was answered before its body
// had gone out can keep Node.js for ever.
const LINGER_SECONDS = 1;

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
  if (options.help) return print(HELP) ? 0 : 3;
  const runner = new BatchRunner(options.input, options.out, options.settings, options.adopt);
  let interrupted = null;
  let isOver = false;
  let code;
  const leave = () => process.exit(sayWhy(interrupted, runner, words));
  const stop = (number) => {
    if (interrupted) leave(); // told twice
    interrupted = new Interrupted(number);
    if (isOver) leave();
    runner.halt.abort(interrupted);
    setTimeout(leave, 1000 * END_SECONDS).unref();
  };
  process.on("SIGINT", () => stop(2));
  process.on("SIGTERM", () => stop(15));
  try {
    code = await carryOut(runner, options);
  } catch (error) {
    // At once: a second signal must find this program's own answer to it.
    if (interrupted) leave();
    code = sayWhy(error, runner, words);
  }
  isOver = true;
  if (interrupted) leave();
  if (options.onDone && [0, 1, 3].includes(code) && !options.check) {
    await tell(options.onDone, options.out, code, runner.log);
  }
  return code;
}

async function carryOut(runner, options) {
  if (options.check) return print(await runner.check()) ? 0 : 3;
  const problem = await sdkProblem();
  if (problem) throw new InputError(problem);
  const code = await runner.run(options);
  if (print(runner.lastLine())) return code;
  const { out } = options;
  runner.log.line(`Standard output is closed or full; the run itself is done, and is in ${out}`);
  return 3;
}

/** Print to standard output. false: it is closed, or full. */
function print(text) {
  try {
    fs.writeSync(1, `${text}\n`);
    return true;
  } catch {
    return false;
  }
}

/** Run a command with the folder and the exit code; how it ends changes nothing. */
async function tell(command, out, code, log) {
  const [program, args] =
    process.platform === "win32"
      ? ["cmd", ["/d", "/s", "/c", `"${command} "${out}" ${code}"`]]
      : ["sh", ["-c", `${command} "$@"`, "sh", out, String(code)]];
  try {
    const child = spawn(program, args, { stdio: "inherit", windowsVerbatimArguments: true });
    const [status, signal] = await once(child, "exit");
    if (status !== 0) log.line(`--on-done: the command ended with ${signal ?? `code ${status}`}`);
  } catch (error) {
    log.line(`--on-done: the command could not be run (${error.code})`);
  }
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
    const ways = `To resume: ${command}  To cancel: ${command} --cancel`;
    runner.log.line(`Interrupted. ${atProvider(runner.stateNow())} ${ways}`);
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

/** What is at the provider, or may be. */
function atProvider(state) {
  const open = state.withStatus("open").length;
  const maybe = state.withStatus("doubt", "question").length;
  const parts = [];
  if (open) parts.push(`${grouped(open)} batches go on at the provider`);
  if (maybe) parts.push(`${grouped(maybe)} batches may have been made`);
  return `${parts.join(", ") || "No batch is open"}.`;
}

const started = process.argv[1] ?? "";
if (fs.existsSync(started) && fs.realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
  setTimeout(() => process.exit(), 1000 * LINGER_SECONDS).unref();
}
