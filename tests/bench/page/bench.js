// What the driver calls: one row at a time, on a page of its own.

import { picked, rows } from "./rows.js";

const WARM_UP = { method: "POST", body: "{}" };

/** Whether this browser can run a row. @param {string} name */
const supports = (name) =>
  (name !== "to-base64" && name !== "slices") || "toBase64" in Uint8Array.prototype;

/** Everything that comes before the files are picked, and a connection to the server. @param {string} name */
async function ready(name) {
  await row(name).ready?.();
  await (await fetch("/warm-up", WARM_UP)).text();
}

/**
 * Runs a row. Returns its time in ms.
 * @param {string} name
 * @param {"run" | "prepare"} step
 */
async function measure(name, step) {
  const files = picked();
  const run = row(name)[step];
  if (!run) throw new Error(`expected the row ${name} to have the step ${step}`);
  // Marks in the trace.
  performance.mark("begin");
  const start = performance.now();
  await run(files);
  const end = performance.now();
  performance.mark("end");
  return end - start;
}

/** @param {string} name */
function row(name) {
  const found = rows[name];
  if (!found) throw new Error(`expected a row, found ${name}`);
  return found;
}

Object.assign(globalThis, { bench: { supports, ready, measure } });
