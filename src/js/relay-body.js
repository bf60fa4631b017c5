// The body of a paid request: complete, or not at all.

import { refusal } from "./relay-response.js";
import { MAX_BODY_PAUSE_MS } from "./relay-time.js";

/** The rest of the message for a body that was cut. */
const USUAL_CAUSE =
  "the usual cause is a body limit or a body parser in front of the relay; with a proxy or " +
  "middleware of Next.js, set experimental.proxyClientMaxBodySize (16) or " +
  "experimental.middlewareClientMaxBodySize (15)";

/**
 * A body that is read one part ahead. Its last part is passed on after the whole body was checked, so
 * that the service never gets a complete body if the page's body was cut.
 * @param {ReadableStream<Uint8Array> | null} source
 * @param {number | undefined} announced the length in bytes that the page announced
 * @param {number} maxBytes
 */
export function checkedBody(source, announced, maxBytes) {
  const reader = source?.getReader();
  let received = 0;
  let isDone = false;
  let lastByte = 0;
  /** @type {Uint8Array | undefined} */
  let held;
  /** @type {[number, string, string] | undefined} */
  let problem;

  /**
   * The next part, `undefined` at the end, or why there is none. The reader is not cancelled: the
   * page's connection must stay open for the response.
   * @returns {Promise<Uint8Array | string | undefined>}
   */
  const nextPart = () =>
    new Promise((resolve) => {
      if (!reader) return resolve(undefined);
      const stalled = `the body stalled for ${MAX_BODY_PAUSE_MS / 1000} s`;
      const timer = setTimeout(resolve, MAX_BODY_PAUSE_MS, stalled);
      /** @param {Uint8Array | string | undefined} part */
      const settle = (part) => {
        clearTimeout(timer);
        resolve(part);
      };
      reader.read().then(
        ({ value }) => settle(value),
        () => settle("the body broke off"),
      );
    });

  /** The problem of the body before its end, or at it. */
  function found() {
    if (received > maxBytes) return `expected at most ${maxBytes} bytes, found more`;
    if (announced !== undefined && (isDone ? received !== announced : received > announced))
      return `expected a body of ${announced} bytes, found ${isDone ? received : "more"}`;
    if (!isDone || lastByte === 0x7d) return undefined;
    return received ? 'expected JSON that ends with "}"' : "expected a body, found none";
  }

  /** The next part; `undefined` after the last one and after a problem. */
  async function next() {
    while (!isDone) {
      const read = await nextPart();
      const part = typeof read === "string" ? undefined : read;
      if (part?.byteLength === 0) continue;
      isDone = !part;
      received += part?.byteLength ?? 0;
      // Without white space.
      lastByte = part?.findLast((byte) => byte > 0x20) ?? lastByte;
      const what = typeof read === "string" ? `${read} after ${received} bytes` : found();
      if (what !== undefined) {
        isDone = true;
        problem =
          received > maxBytes
            ? [413, "relay_size", what]
            : [400, "relay_torn", `${what}; no task was created; ${USUAL_CAUSE}`];
        return undefined;
      }
      const checked = held;
      held = part;
      if (checked) return checked;
    }
    return undefined;
  }

  return {
    next,
    /**
     * Reads the rest and drops it, up to a problem: Chromium reads no response before its whole request
     * has left, and a server that closes a connection with an unread body can cost the page the response.
     */
    async drop() {
      while (await next());
    },
    /** Whether the body was read, to its end or to a problem. */
    isRead: () => isDone,
    /** The response for a body that is too long or incomplete. */
    problem: () => problem && refusal(...problem),
  };
}
