// What the worker says to the page.

export const send = (message) => self.postMessage(message);

// A Python traceback ends with the line that says what happened.
export function lastLine(error) {
  return String(error?.message ?? error).trim().split("\n").at(-1);
}
