// What a tab notices while a call rests: its time, whether somebody looks, the network, and the
// other tabs.

import { startTimer } from "./timer.js";

/** What may be a reason to ask again at once, in pages and workers alike. */
const EVENTS = ["visibilitychange", "pageshow", "online", "offline"];

/** Whether the browser believes that it has a network. */
export const isOnline = () => globalThis.navigator?.onLine !== false;

/** Whether somebody may be looking. */
export const isSeen = () => globalThis.document?.visibilityState !== "hidden";

/**
 * A channel of that name; nothing where there are none, or where a site may store nothing. @param
 * {string} name
 */
export function openChannel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}

/**
 * Sends a message, which no call depends on. @param {BroadcastChannel | undefined} channel @param
 * {unknown} message
 */
export function postTo(channel, message) {
  try {
    channel?.postMessage(message);
  } catch {
    // Other tabs poll for themselves, and list records for themselves.
  }
}

/** One call's ear, until it is closed. */
export class Tab {
  /** What was noticed while nobody rested. @type {unknown} */
  #noticed;
  /** @type {(() => void) | undefined} */
  #wake;
  /** @type {BroadcastChannel | undefined} */
  #channel;

  /** @param {string} [topic] what to hear of from other tabs */
  constructor(topic) {
    for (const type of EVENTS) globalThis.addEventListener?.(type, this);
    this.#channel = topic ? openChannel(topic) : undefined;
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#notice(data);
  }

  handleEvent() {
    this.#notice(true);
  }

  /**
   * @param {unknown} what only the latest counts, and what another tab says counts more than that
   * something happened
   */
  #notice(what) {
    if (what !== true || !this.#noticed) this.#noticed = what;
    this.#wake?.();
  }

  /**
   * Resolves after that time, or when something happens, which it brings: `true`, or what another
   * tab said.
   * @param {number} milliseconds
   * @returns {Promise<unknown>}
   */
  rest(milliseconds) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(this.#noticed);
        this.#noticed = undefined;
      };
      const timer = startTimer(milliseconds, wake);
      this.#wake = wake;
      if (this.#noticed) wake();
    });
  }

  /** What was heard before that is older. @param {unknown} message */
  tell(message) {
    this.#noticed = undefined;
    postTo(this.#channel, message);
  }

  close() {
    for (const type of EVENTS) globalThis.removeEventListener?.(type, this);
    this.#channel?.close();
    // Lets the timer go.
    this.#wake?.();
  }
}
