// Environments that lack a global: importing touches none, and a call works or names what is missing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

/** What is missing, and what a call says of it; nothing where all calls work. */
const MISSING = {
  nothing: {},
  "AbortSignal.prototype.reason": {},
  "Blob.prototype.text": {},
  AbortController: {
    inspect: /AbortController/,
    generate: /AbortController/,
  },
  AbortSignal: {},
  Blob: { inspect: /Blob/, generate: /Blob/ },
  BroadcastChannel: {},
  File: {},
  FileReader: {},
  FinalizationRegistry: {},
  Headers: {},
  Request: {},
  Response: {},
  TextDecoder: {},
  TextEncoder: {},
  URL: { inspect: /URL/, generate: /URL/ },
  WebAssembly: { inspect: /WebAssembly/, generate: /WebAssembly/ },
  atob: { inspect: /atob/, generate: /atob/ },
  crypto: { generate: /crypto\.getRandomValues/ },
  document: {},
  fetch: { withoutFetch: /no fetch; pass one/ },
  indexedDB: {},
  location: {},
  navigator: {},
  performance: {},
  reportError: {},
  structuredClone: {},
};

/** Runs all calls in a thread without it. */
async function outcomes(missing, load) {
  const worker = new Worker(new URL("globals.worker.mjs", import.meta.url), {
    workerData: { missing: missing === "nothing" ? undefined : missing, load },
  });
  const ended = once(worker, "exit").then(([code]) => assert.fail(`the thread ended with ${code}`));
  try {
    const [outcome] = await Promise.race([once(worker, "message"), ended]);
    return outcome;
  } finally {
    ended.catch(() => {});
    await worker.terminate();
  }
}

for (const load of ["import", "require"]) {
  for (const [missing, expected] of Object.entries(MISSING)) {
    test(`${load} without ${missing}`, async () => {
      const found = await outcomes(missing, load);
      for (const call of ["inspect", "generate", "abort", "withoutFetch"]) {
        const { value, code, message } = found[call];
        // Without `fetch`, every cause that stops a request may be named in its place.
        const pattern =
          call === "withoutFetch" ? (expected[call] ?? expected.generate) : expected[call];
        if (pattern) {
          assert.match(message ?? `worked: ${value}`, pattern, call);
          assert.ok(code, `${call}: expected a KlingError, found ${message}`);
        } else {
          assert.equal(message, undefined, `${call}: ${code}`);
          assert.equal(value, RIGHT[call], call);
        }
      }
    });
  }
}

const RIGHT = {
  inspect: "png 400",
  generate: "https://videos.example/1.mp4",
  abort: "AbortError",
  withoutFetch: "submitted",
};
