// One request and its response. Rust says what is sent; this calls `fetch`.

import { textOf } from "./bytes.js";
import { decodeText } from "./utf8.js";

const ENDED = "the request was ended";

export class Exchange {
  /** @type {typeof globalThis.fetch | undefined} */
  #fetchOption;
  /** @type {AbortController | undefined} */
  #control;
  #aborted = () => {};
  /** Whether `fetch` was called: a request that failed before was never sent. */
  isSent = false;

  /** @param {typeof globalThis.fetch | undefined} fetchOption the client's `fetch` option */
  constructor(fetchOption) {
    this.#fetchOption = fetchOption;
  }

  /**
   * Sends a request to the service, or to a relay, which adds the key. A redirect is not followed: it
   * would take the key elsewhere. A relay on the page's own site gets its cookies, so that it knows
   * whose session this is; the service gets none.
   * @param {string} url
   * @param {string | undefined} authorization
   * @param {Blob | undefined} body of a POST; without it the request is a GET
   * @param {number} start the first byte that is requested
   */
  fetchService(url, authorization, body, start) {
    /** @type {RequestInit} */
    const init = {
      redirect: "manual",
      cache: "no-store",
      credentials: authorization === undefined ? "same-origin" : "omit",
    };
    return this.#send(url, body ? { ...init, method: "POST", body } : init, start, authorization);
  }

  /**
   * Requests a video from a delivery host, without key, cookies and referrer.
   * @param {string} url
   * @param {number} start the first byte that is requested
   */
  fetchDelivery(url, start) {
    return this.#send(url, { credentials: "omit", referrerPolicy: "no-referrer" }, start);
  }

  /**
   * Sends a request, through the `fetch` option if there is one. Called as `(url, init)` with plain
   * headers, because most functions that sites put around `fetch` read nothing else.
   * @param {string} url @param {RequestInit} init @param {number} start
   * @param {string} [authorization]
   * @returns {Promise<Response>}
   */
  async #send(url, init, start, authorization) {
    this.#control = new AbortController();
    const { signal } = this.#control;
    const body = await bodyFor(/** @type {Blob | undefined} */ (init.body));
    if (signal.aborted) throw new Error(ENDED);
    const headers = {
      ...(authorization && { Authorization: authorization }),
      ...(body && { "Content-Type": "application/json" }),
      ...(start && { Range: `bytes=${start}-` }),
    };
    // Read at each call: a site may wrap the global one at any time.
    const send = this.#fetchOption ?? globalThis.fetch;
    if (typeof send !== "function")
      throw new TypeError("there is no fetch; pass one as an option of createClient");
    this.isSent = true;
    const response = await this.#untilAbort(
      send(url, {
        method: "GET",
        ...init,
        ...(body && { body }),
        headers,
        signal,
      }),
    );
    // Not `instanceof`: the response may come from another realm. Headers of its own may throw.
    if (!Number.isInteger(response?.status) || !areHeaders(response.headers)) {
      throw new TypeError("expected fetch to resolve to a Response");
    }
    // An opaque redirect has no status. Another response without a status could be anything.
    if (response.status === 0 && response.type !== "opaqueredirect") {
      throw new TypeError("the browser lets this page read no part of the response");
    }
    return response;
  }

  /**
   * A promise that also settles on `abort`: a function of the site may ignore the signal, and a
   * promise that never settles keeps its waiters in memory.
   * @template T
   * @param {T | PromiseLike<T>} promise
   * @returns {Promise<T>}
   */
  #untilAbort(promise) {
    return new Promise((resolve, reject) => {
      this.#aborted = () => reject(new Error(ENDED));
      Promise.resolve(promise).then(resolve, reject);
    });
  }

  /**
   * The whole body as a string; `undefined` if it is longer than `maxBytes`: the rest is not read.
   * @param {Response} response
   * @param {number} maxBytes
   */
  async text(response, maxBytes) {
    if (typeof response.body?.getReader !== "function") {
      // An object that is only like a Response.
      const text = String(await this.#untilAbort(response.text()));
      return new Blob([text]).size > maxBytes ? undefined : text;
    }
    const reader = response.body.getReader();
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const parts = [];
    let length = 0;
    for (;;) {
      const { done, value } = await this.#untilAbort(reader.read()).catch((error) =>
        whole(parts, error),
      );
      if (done) return textOfParts(parts);
      length += value.byteLength;
      if (isNaN(length))
        throw new TypeError("expected bytes from the stream, found something else");
      if (length > maxBytes) {
        // An error of the stream is ignored: the result is known.
        reader.cancel().catch(() => {});
        return undefined;
      }
      parts.push(value);
    }
  }

  /** Ends the request. Has no effect once the response has been read. */
  abort() {
    this.#control?.abort();
    this.#aborted();
  }
}

/**
 * The ms that the `Retry-After` header requests: a number of seconds, or a date, which counts from
 * the time of the response. NaN if it is neither. Core decides the bounds.
 * @param {Response} response
 */
export function requestedDelay({ headers }) {
  const value = headers.get("Retry-After") || "none";
  // Each server on the way may add one.
  if (/^[\d., ]+$/.test(value)) return Math.max(...value.split(",").map(Number)) * 1000;
  if (!value.includes(":")) return NaN;
  // One of the three forms of RFC 9110 ends without a time zone.
  const date = Date.parse(/[a-z]$/i.test(value) ? value : `${value} GMT`);
  return date - (Date.parse(`${headers.get("Date")}`) || Date.now());
}

/**
 * The text of a body. Most bodies are one part, which needs no blob: another process of the browser
 * makes a blob, and 8,000 polls in Chromium took 15 s of processor time with one each, 3 s without.
 * @param {Uint8Array<ArrayBuffer>[]} parts
 */
const textOfParts = async (parts) =>
  parts.length === 1
    ? decodeText(/** @type {Uint8Array<ArrayBuffer>} */ (parts[0]), false)
    : textOf(new Blob(parts));

/**
 * The end of a body that broke off after its last byte, as with a wrong length. Fails otherwise.
 * @param {Uint8Array<ArrayBuffer>[]} parts @param {unknown} error
 * @returns {Promise<{ done: true, value?: undefined }>}
 */
async function whole(parts, error) {
  try {
    JSON.parse(await textOfParts(parts));
    return { done: true };
  } catch {
    throw error;
  }
}

/** Whether Rust can read headers, which may be those of the site's own. @param {any} headers */
function areHeaders(headers) {
  const value = headers?.get("Retry-After") ?? "";
  return Boolean(headers) && typeof value === "string";
}

/**
 * The body as `fetch` takes it. A Blob of another realm, as jsdom's is beside Node's `fetch`, would
 * be sent as "[object Blob]", or not at all if it has no `stream`.
 * @param {Blob | undefined} blob
 */
const bodyFor = async (blob) =>
  !blob ||
  (typeof blob.stream === "function" &&
    typeof Response === "function" &&
    new Response(blob).headers.get("Content-Type") === blob.type)
    ? blob
    : textOf(blob);
