// One request and its response. Rust says what is sent; this makes the objects that `fetch` takes.

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
    if (init.body) headers.set("Content-Type", "application/json");
    if (start) headers.set("Range", `bytes=${start}-`);
    const { signal } = this.#control;
    const request = new Request(url, { ...init, headers, signal, credentials: "omit" });
    // Read at each call: a site may wrap the global one at any time.
    const send = this.#fetchOption ?? globalThis.fetch;
    if (typeof send !== "function") throw new TypeError("this page has no fetch");
    this.isSent = true;
    const response = await send(request);
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
    const decoder = new TextDecoder();
    let [text, length] = ["", 0];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      length += value.byteLength;
      if (length > maxBytes) {
        // An error of the stream is ignored: the result is known.
        reader.cancel().catch(() => {});
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  }

  /** Ends the request. Has no effect once the response has been read. */
  abort() {
    this.#control?.abort();
  }
}
