// What the cases expect, and how they wait for it.

import { reportedErrors, textOf } from "./leaks.js";

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How often `until` checks at most: only a case that hangs comes to that. */
const MAX_TRIES = 1800;

/** Checks again and again until the condition holds. */
export async function until(condition, what) {
  for (let tries = 0; tries < MAX_TRIES; tries += 1, await pause(50)) if (await condition()) return;
  throw new Error(`expected ${what}`);
}

export function equal(actual, expected, what = "value") {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, found ${a}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(`expected ${what}`);
}

/** The error that a promise rejects with. */
export async function rejection(promise) {
  const value = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ("value" in value)
    throw new Error(`expected a rejection, found ${JSON.stringify(value.value)}`);
  return value.error;
}

/** Expects a KlingError with this code, and returns it. */
export async function fails(promise, code) {
  const error = await rejection(promise);
  if (error?.name !== "KlingError" || error.code !== code)
    throw new Error(`expected ${code}, found ${error?.code}: ${error}`);
  reportedErrors.push(textOf(error));
  return error;
}

/** The path and code of each issue; a warning starts with `~`. */
export const codes = (issues) =>
  issues.map(({ path, code, severity }) => `${severity === "error" ? "" : "~"}${path} ${code}`);

export const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
