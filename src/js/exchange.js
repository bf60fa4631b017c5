// One request and its response. Rust says what is sent; this makes the objects that `fetch` takes.

import { textOf } from "./bytes.js";

export class Exchange {
  /** @type {typeof globalThis.fetch | undefined} */
  #fetchOption;
  /** @type {AbortController | undefined} */
  #control;
  /** Whether `fetch` was called: a request that failed before was never sent. */
  isSent = false;

  /** @param {typeof globalThis.fetch | undefined} fetchOption the client's `fetch` option */
  constructor(fetchOption) {
    this.#fetchOption = fetchOption;
  }

  /**
   * Sends a request to the service. A redirect is not followed: it would take the key elsewhere.
   * @param {string} url
   * @param {string | undefined} authorization
   * @param {Blob | undefined} body of a POST; without it the request is a GET
   * @param {number} start the first byte that is requested
   */
  fetchService(url, authorization, body, start) {
    /** @type {RequestInit} */
    const init = { redirect: "manual", cache: "no-store" };
    return this.#send(url, body ? { ...init, method: "POST", body } : init, start, authorization);
  }

  /**
   * Requests a video from a delivery host, without key and referrer.
   * @param {string} url
   * @param {number} start the first byte that is requested
   */
  fetchDelivery(url, start) {
    return this.#send(url, { referrerPolicy: "no-referrer" }, start);
  }

  /**
   * Sends a request without cookies, through the `fetch` option if there is one.
   * @param {string} url @param {RequestInit} init @param {number} start
   * @param {string} [authorization]
   * @returns {Promise<Response>}
   */
  async #send(url, init, start, authorization) {
    this.#control = new AbortController();
    const headers = new Headers();
    if (authorization) headers.set("Authorization", authorization);
    if (start) headers.set("Range", `bytes=${start}-`);
    const { signal } = this.#control;
    const request = await requestOf(url, { ...init, headers, signal, credentials: "omit" });
    // Read at each call: a site may wrap the global one at any time.
    const send = this.#fetchOption ?? globalThis.fetch;
    if (typeof send !== "function")
      throw new TypeError("there is no fetch; pass one as an option of createClient");
    this.isSent = true;
    const response = await send(...request);
    // Not `instanceof`: the response may come from another realm.
    if (typeof response?.status !== "number" || !response.headers?.get) {
      throw new TypeError("expected the fetch option to resolve to a Response");
    }
    // An opaque redirect has no status. Another response without a status could be anything.
    if (response.status === 0 && response.type !== "opaqueredirect") {
      throw new TypeError("the browser lets this page read no part of the response");
    }
    return response;
  }

  /**
   * The whole body as a string; `undefined` if it is longer than `maxBytes`: the rest is not read.
   * @param {Response} response
   * @param {number} maxBytes
   */
  async text(response, maxBytes) {
    if (typeof response.body?.getReader !== "function") {
      // An object that is only like a Response.
      const text = String(await response.text());
      return new Blob([text]).size > maxBytes ? undefined : text;
    }
    const reader = response.body.getReader();
    const parts = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return textOf(new Blob(parts));
      length += value.byteLength;
      if (isNaN(length)) throw new TypeError("the stream brought something that is no bytes");
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
  }
}

/**
 * The arguments of `fetch`. The `Content-Type` of a body is the type of its blob.
 * @param {string} url
 * @param {RequestInit & { headers: Headers }} init
 */
async function requestOf(url, init) {
  // Jest's jsdom has no Request: an object with the same members takes its place.
  const make = () =>
    /** @type {[Request, RequestInit?]} */ (
      typeof Request === "function"
        ? [new Request(url, init)]
        : [{ url, method: "GET", ...init, toString: () => url }, init]
    );
  const made = make();
  const body = /** @type {Blob | undefined} */ (init.body);
  if (!body || made[0].headers.get("Content-Type") === body.type) return made;
  // A Blob of another realm, as jsdom's is beside Node's Request, would be sent as "[object Blob]".
  init.headers.set("Content-Type", body.type);
  init.body = await textOf(body);
  return make();
}
