// Options of `prepareImage`, read strictly like those of every other call.

import { KlingError } from "./prepare-tools.js";
import { limits } from "./limits.js";
import { isRecord } from "./text.js";

/** @typedef {import("./index.js").PrepareOptions} PrepareOptions */
/**
 * @typedef {import("./prepare-plan.js").Options & {
 *   decode: PrepareOptions["decode"],
 *   signal: AbortSignal | undefined,
 * }} Options
 */

const DEFAULTS = { maxEdge: 2048, format: "auto", quality: 0.92, aspect: "refuse" };

/** What each option may be: a condition, and its description. */
const EXPECTED = /** @type {Record<string, [(value: any) => boolean, string]>} */ ({
  maxEdge: [
    (value) => Number.isInteger(value) && value >= limits.minImageEdge,
    `a whole number of px from ${limits.minImageEdge}`,
  ],
  format: [(value) => ["auto", "jpeg", "png"].includes(value), '"auto", "jpeg" or "png"'],
  quality: [
    (value) => value >= 0 && value <= 1 && typeof value === "number",
    "a number from 0 to 1",
  ],
  aspect: [(value) => ["refuse", "crop", "pad"].includes(value), '"refuse", "crop" or "pad"'],
  decode: [(value) => typeof value === "function", "a function"],
  signal: [isSignal, "an AbortSignal"],
});

/**
 * The options with their defaults.
 * @param {unknown} given @param {string} path
 * @returns {Options}
 */
export function checked(given, path) {
  if (isSignal(given))
    throw invalid(path, "expected an object such as { signal }, found the signal itself");
  if (given !== undefined && !isRecord(given))
    throw invalid(path, `expected an object of options, found ${typeOf(given)}`);
  const options = /** @type {Record<string, unknown>} */ ({ ...DEFAULTS });
  for (const name of Object.keys(given ?? {})) {
    if (!Object.keys(EXPECTED).includes(name)) {
      const known = Object.keys(EXPECTED).join(", ");
      throw invalid(`${path}.${name}`, `unknown; expected one of ${known}`);
    }
  }
  for (const [name, [isExpected, description]] of Object.entries(EXPECTED)) {
    const value = Reflect.get(given ?? {}, name);
    if (value === undefined) continue;
    if (!isExpected(value)) throw invalid(`${path}.${name}`, `expected ${description}`);
    options[name] = value;
  }
  return /** @type {any} */ (options);
}

/** @param {string} path @param {string} message */
export const invalid = (path, message) =>
  new KlingError(`${path}: ${message}`, { code: "invalid_option", params: { path } });

/** @param {unknown} value */
export const typeOf = (value) => (value === null ? "null" : typeof value);

/** Not checked by `instanceof`, because it may come from another realm. @param {any} value */
function isSignal(value) {
  return (
    typeof value === "object" &&
    typeof value?.aborted === "boolean" &&
    typeof value.addEventListener === "function"
  );
}
