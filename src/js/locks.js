// Locks on names across all tabs of this browser, by Web Locks. Without them, as on a plain-HTTP
// origin, the calls of this page queue up, and tabs ask each other; two tabs that ask at the same
// moment may then both get the lock. What happens under a lock, and without one, is decided by
// `core/src/flow/submit.rs`.

import { openChannel, postTo } from "./tab.js";

/** How long another tab has to reply that it holds a lock, in ms. */
const REPLY_MS = 200;

/** The pause before a lock that another tab holds is requested again, in ms. */
const RETRY_MS = 1000;

/**
 * A requested lock. When it is released, `over` resolves and `signal` fires.
 * @typedef {{ isReleased: boolean, over: Promise<void>, signal: AbortSignal | undefined }} Request
 */

/** Releases each requested lock of this page. @type {Set<() => void>} */
const releases = new Set();

/** Releases every lock of this page. */
export function releaseAll() {
  for (const release of [...releases]) release();
}

/**
 * Requests the lock of this name. `held` resolves once the lock is granted, to whether another call
 * held it before; without `wait` it resolves to `undefined` if another call holds the lock.
 * `release` releases the lock, or withdraws the request.
 * @param {string} name
 * @param {boolean} wait
 * @returns {{ held: Promise<boolean | undefined>, release: () => void }}
 */
export function lock(name, wait) {
  const control = newController();
  /** @type {() => void} */
  let end = () => {};
  /** @type {Request} */
  const request = {
    isReleased: false,
    over: new Promise((resolve) => (end = resolve)),
    signal: control?.signal,
  };
  const release = () => {
    releases.delete(release);
    request.isReleased = true;
    end();
    control?.abort();
  };
  releases.add(release);
  const locks = globalThis.navigator?.locks;
  const inPage = () => lockInPage(name, wait, request);
  // Some browsers have locks and refuse to grant one.
  const forbidden = () => (request.isReleased ? undefined : inPage());
  const held = locks ? lockInBrowser(locks, name, wait, request).catch(forbidden) : inPage();
  held.catch(() => {});
  return { held, release };
}

/** Without a controller no request can be sent either: the call fails there. */
function newController() {
  try {
    return new AbortController();
  } catch {
    return undefined;
  }
}

/**
 * @param {LockManager} locks @param {string} name @param {boolean} wait @param {Request} request
 * @returns {Promise<boolean | undefined>}
 */
function lockInBrowser(locks, name, wait, request) {
  return new Promise((resolve, reject) => {
    /** @param {boolean} wasContended */
    const hold = (wasContended) => {
      resolve(wasContended);
      return request.over;
    };
    /** @param {Lock | null} free */
    const first = (free) => {
      if (free) return hold(false);
      if (!wait) return resolve(undefined);
      locks
        .request(name, request.signal ? { signal: request.signal } : {}, () => hold(true))
        .catch(reject);
    };
    locks.request(name, { ifAvailable: true }, first).catch(reject);
  });
}

/** For each name, the last in the queue of this page. @type {Map<string, Promise<unknown>>} */
const queues = new Map();

/**
 * @param {string} name @param {boolean} wait @param {Request} request
 * @returns {Promise<boolean | undefined>}
 */
async function lockInPage(name, wait, request) {
  const before = queues.get(name);
  if (before && !wait) return undefined;
  const last = Promise.all([before, request.over]).then(
    () => void (queues.get(name) === last && queues.delete(name)),
  );
  queues.set(name, last);
  await before;
  const channel = openChannel(`lock ${name}`);
  request.over.then(() => channel?.close());
  let wasContended = Boolean(before);
  while (channel && !request.isReleased && (await isHeldElsewhere(channel))) {
    wasContended = true;
    if (!wait) return undefined;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data === "held?" && !request.isReleased) postTo(channel, "held");
    };
  }
  return wasContended;
}

/** @param {BroadcastChannel} channel @returns {Promise<boolean>} */
function isHeldElsewhere(channel) {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), REPLY_MS);
    channel.onmessage = ({ data }) => {
      if (data === "held") resolve(true);
    };
    postTo(channel, "held?");
  });
}
