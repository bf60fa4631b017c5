// Timers that only a test moves. Those of `node:test` differ between Node 18, Node 20, Deno and Bun.

const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout, setImmediate } = globalThis;

/** The timers that were set, in order: when each is due, and what it calls. */
const timers = new Map();
let nowMs = 0;
let lastId = 0;

/** Runs a test without real time. */
export async function withoutTime(run) {
  globalThis.setTimeout = (callback, ms = 0, ...values) => {
    timers.set(++lastId, { dueMs: nowMs + ms, run: () => callback(...values) });
    return lastId;
  };
  globalThis.clearTimeout = (id) => void timers.delete(id);
  try {
    await run();
  } finally {
    Object.assign(globalThis, { setTimeout: realSetTimeout, clearTimeout: realClearTimeout });
    timers.clear();
  }
}

/** Lets time pass, and then everything happen that needs no more time. */
export async function pass(ms) {
  await settle();
  for (const endMs = nowMs + ms; ; await settle()) {
    const due = [...timers].filter(([, { dueMs }]) => dueMs <= endMs);
    const [next] = due.sort(([, a], [, b]) => a.dueMs - b.dueMs);
    nowMs = next?.[1].dueMs ?? endMs;
    if (!next) return;
    timers.delete(next[0]);
    next[1].run();
  }
}

/** How many timers are set. */
export const timersLeft = () => timers.size;

async function settle() {
  for (let left = 20; left; left -= 1) await new Promise((done) => setImmediate(done));
}
