// What ends a run, and with which code.

import { getSystemErrorMap } from "node:util";

/** Nothing was submitted, and nothing will be before this is put right. Exit code 2. */
export class InputError extends Error {}

/** Something outside stops the run; the state is kept. Exit code 3. */
export class StoppedError extends Error {}

/** Trouble with one batch: told when the others have been collected. */
export class BatchError extends StoppedError {}

/** The API does not know a batch of this run. */
export class LostBatchError extends BatchError {}

/** A signal stops the run; the state is kept. Exit code 128 and the number of the signal. */
export class Interrupted extends Error {
  constructor(number) {
    super(`signal ${number}`);
    this.code = 128 + number;
  }
}

/** The API answered a create with a clear no: no batch was made. */
export class RefusedError extends Error {
  /** `answer` is {status, forGood, remedy, waitSeconds or null, queueIsFull}. */
  constructor(why, answer) {
    super(why);
    Object.assign(this, answer);
  }
}

/** The API gave no usable answer, or none at all. */
export class NoAnswerError extends Error {}

/** The code of an error of the system, such as "ENOENT"; "" for any other error. */
export const codeOf = (error) =>
  typeof error?.errno === "number" && typeof error.code === "string" ? error.code : "";

/** What the system says about its error: "No space left on device". */
export function systemText(error) {
  const text = getSystemErrorMap().get(error.errno)?.[1] ?? String(error.code);
  return text[0].toUpperCase() + text.slice(1);
}

/** Do what is good to have done, and no loss if the system refuses. */
export function leaveQuietly(work) {
  try {
    work();
  } catch (error) {
    if (!codeOf(error)) throw error;
  }
}
