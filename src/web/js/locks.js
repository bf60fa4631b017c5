// Locks on names across all tabs of this browser: Web Locks. Where there are none, as on a plain-HTTP origin, the calls of this
// page queue up, and tabs ask each other; two tabs that ask at the same moment may then both get the lock.

import { openChannel } from "./tab.js";

/** How long another tab has to answer that it holds a lock, in ms. */
const ANSWER_MS = 200;

/** How often a lock that another tab holds is asked for again, in ms. */
const RETRY_MS = 1000;

/** What releases each lock of this page that was asked for. @type {Set<() => void>} */
const asked = new Set();

/** Releases every lock of this page. */
export function releaseAll() {
  for (const release of [...asked]) release();
}

/**
 * Asks for the lock of that name. `held` resolves to whether another call held it when it was asked for, and to `undefined`
 * if it still does and `wait` is not set. `release` releases the lock, or takes the request back.
 * @param {string} name
 * @param {boolean} wait
 * @returns {{ held: Promise<boolean | undefined>, release: () => void }}
 */
export function lock(name, wait) {
  const control = new AbortController();
  const release = () => {
    asked.delete(release);
    control.abort();
  };
  asked.add(release);
  const locks = globalThis.navigator?.locks;
  const inPage = () => lockInPage(name, wait, control.signal);
  // Some browsers have locks and forbid them.
  const forbidden = () => control.signal.aborted ? undefined : inPage();
  const held = locks ? lockInBrowser(locks, name, wait, control.signal).catch(forbidden) : inPage();
  held.catch(() => {});
  return { held, release };
}

/**
 * @param {LockManager} locks @param {string} name @param {boolean} wait
 * @param {AbortSignal} released
 * @returns {Promise<boolean | undefined>}
 */
function lockInBrowser(locks, name, wait, released) {
  return new Promise((resolve, reject) => {
    /** @param {boolean} wasContended */
    const hold = (wasContended) => new Promise((done) => {
      if (released.aborted) return done(undefined);
      released.addEventListener("abort", done);
      resolve(wasContended);
    });
    const queue = () => locks.request(name, { signal: released }, () => hold(true));
    locks.request(name, { ifAvailable: true }, (free) => free ? hold(false) : wait ? void queue().catch(reject) : resolve(undefined))
      .catch(reject);
  });
}

/** The last of the queue for each name in this page. @type {Map<string, Promise<unknown>>} */
const queues = new Map();

/**
 * @param {string} name @param {boolean} wait
 * @param {AbortSignal} released
 * @returns {Promise<boolean | undefined>}
 */
async function lockInPage(name, wait, released) {
  const before = queues.get(name);
  if (before && !wait) return undefined;
  const over = new Promise((resolve) => {
    if (released.aborted) resolve(undefined);
    released.addEventListener("abort", resolve);
  });
  const last = Promise.all([before, over]).then(() => void (queues.get(name) === last && queues.delete(name)));
  queues.set(name, last);
  await before;
  const channel = openChannel(`lock ${name}`);
  over.then(() => channel?.close());
  let wasContended = Boolean(before);
  while (channel && !released.aborted && await isHeldElsewhere(channel)) {
    wasContended = true;
    if (!wait) return undefined;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  if (channel) channel.onmessage = ({ data }) => { if (data === "held?" && !released.aborted) channel.postMessage("held"); };
  return wasContended;
}

/** @param {BroadcastChannel} channel @returns {Promise<boolean>} */
function isHeldElsewhere(channel) {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ANSWER_MS);
    channel.onmessage = ({ data }) => { if (data === "held") resolve(true); };
    channel.postMessage("held?");
  });
}
