// The events and messages that end a rest: the page becomes visible or hidden, the network comes or
// goes, another tab sends a message.

import { startTimer } from "./timer.js";

/** The events that may be a reason to poll at once, in pages and workers alike. */
const EVENTS = ["visibilitychange", "pageshow", "online", "offline"];

/** Whether the browser reports a network. */
export const isOnline = () => globalThis.navigator?.onLine !== false;

/** Whether the page is visible; true in a worker. */
export const isVisible = () => globalThis.document?.visibilityState !== "hidden";

/**
 * Opens a channel; `undefined` where the browser has none, or where storage is blocked.
 * @param {string} name
 */
export function openChannel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}

/**
 * Sends a message. A failure is ignored.
 * @param {BroadcastChannel | undefined} channel
 * @param {unknown} message
 */
export function postTo(channel, message) {
  try {
    channel?.postMessage(message);
  } catch {
    // Other tabs poll for themselves, and list records for themselves.
  }
}

/** Listens to the page, and after `subscribe` to other tabs, until it is closed. */
export class TabListener {
  /** What happened since the last rest: `true` for an event, or a message. @type {unknown} */
  #pending;
  /** @type {(() => void) | undefined} */
  #wake;
  /** @type {BroadcastChannel | undefined} */
  #channel;

  constructor() {
    for (const type of EVENTS) globalThis.addEventListener?.(type, this);
  }

  /** Receives the messages of other tabs. @param {string} topic */
  subscribe(topic) {
    this.#channel = openChannel(topic);
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#add(data);
  }

  handleEvent() {
    this.#add(true);
  }

  /**
   * Keeps only the latest message; an event does not replace a message.
   * @param {unknown} what
   */
  #add(what) {
    if (what !== true || !this.#pending) this.#pending = what;
    this.#wake?.();
  }

  /**
   * Resolves with `undefined` after that time; earlier with `true` after an event, or with a message of
   * another tab.
   * @param {number} milliseconds
   * @returns {Promise<unknown>}
   */
  rest(milliseconds) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(this.#pending);
        this.#pending = undefined;
      };
      const timer = startTimer(milliseconds, wake);
      this.#wake = wake;
      if (this.#pending) wake();
    });
  }

  /**
   * Sends a message to the other tabs. A message that was received before it is outdated.
   * @param {unknown} message
   */
  broadcast(message) {
    this.#pending = undefined;
    postTo(this.#channel, message);
  }

  close() {
    for (const type of EVENTS) globalThis.removeEventListener?.(type, this);
    this.#channel?.close();
    // Clears the timer.
    this.#wake?.();
  }
}
