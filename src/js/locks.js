// Locks on names across all tabs of this browser: Web Locks. Where there are none, as on a
// plain-HTTP origin, the calls of this page queue up, and tabs ask each other; two tabs that ask at
// the same moment may then both get the lock.

import { openChannel, postTo } from "./tab.js";

/** How long another tab has to answer that it holds a lock, in ms. */
const ANSWER_MS = 200;

/** How often a lock that another tab holds is asked for again, in ms. */
const RETRY_MS = 1000;

/**
 * A lock that was asked for and is released later: `over` resolves then, and `signal` fires.
 * @typedef {{ isReleased: boolean, over: Promise<void>, signal: AbortSignal | undefined }} Request
 */

/** What releases each lock of this page that was asked for. @type {Set<() => void>} */
const asked = new Set();

/** Releases every lock of this page. */
export function releaseAll() {
  for (const release of [...asked]) release();
}

/**
 * Asks for the lock of that name. `held` resolves to whether another call held it when it was asked
 * for, and to `undefined` if it still does and `wait` is not set. `release` releases the lock, or
 * takes the request back.
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
    asked.delete(release);
    request.isReleased = true;
    end();
    control?.abort();
  };
  asked.add(release);
  const locks = globalThis.navigator?.locks;
  const inPage = () => lockInPage(name, wait, request);
  // Some browsers have locks and forbid them.
  const forbidden = () => (request.isReleased ? undefined : inPage());
  const held = locks ? lockInBrowser(locks, name, wait, request).catch(forbidden) : inPage();
  held.catch(() => {});
  return { held, release };
}

/** Where there is none, no request can be sent either, and the call fails by that. */
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

/** The last of the queue for each name in this page. @type {Map<string, Promise<unknown>>} */
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
    setTimeout(() => resolve(false), ANSWER_MS);
    channel.onmessage = ({ data }) => {
      if (data === "held") resolve(true);
    };
    postTo(channel, "held?");
  });
}
