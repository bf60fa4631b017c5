// One request and its answer. Rust says what is sent; here are only the many small objects that
// `fetch` wants.

export class Exchange {
  /** @type {AbortController | undefined} */
  #control;
  /** Whether `fetch` was called: what fails before was never sent. */
  isSent = false;

  /**
   * Sends a request, through the site's own function where it gave one. Where a key may go with it,
   * redirects are not followed; a delivery host gets no key and no referrer. Nobody gets cookies.
   * @param {typeof globalThis.fetch | undefined} site
   * @param {string} url
   * @param {boolean} isService
   * @param {string | undefined} authorization
   * @param {Blob | undefined} body of a POST
   * @param {number} from the first byte that is wanted
   * @returns {Promise<Response>}
   */
  async begin(site, url, isService, authorization, body, from) {
    this.#control = new AbortController();
    const headers = new Headers();
    if (authorization) headers.set("Authorization", authorization);
    if (body) headers.set("Content-Type", "application/json");
    if (from) headers.set("Range", `bytes=${from}-`);
    /** @type {RequestInit} */
    const init = isService
      ? { redirect: "manual", cache: "no-store" }
      : { referrerPolicy: "no-referrer" };
    const { signal } = this.#control;
    const request = new Request(url, {
      ...init,
      ...(body && { method: "POST", body }),
      headers,
      signal,
      credentials: "omit",
    });
    if (!site && typeof globalThis.fetch !== "function") throw new TypeError("there is no fetch");
    this.isSent = true;
    // Looked up at each call: a site may wrap it at any time.
    const response = await (site ? site(request) : fetch(request));
    // Of whatever realm it is.
    if (typeof response?.status !== "number" || !response.headers?.get) {
      throw new TypeError("the fetch option resolved to something that is no Response");
    }
    // Only of a redirect a browser says nothing else: any other answer without a status may hide
    // anything.
    if (response.status === 0 && response.type !== "opaqueredirect") {
      throw new TypeError("an answer of which nothing may be read");
    }
    return response;
  }

  /**
   * The whole text; `undefined` if it has more bytes than that, in which case the rest is not read.
   * @param {Response} response
   * @param {number} maxBytes
   */
  async text(response, maxBytes) {
    if (typeof response.body?.getReader !== "function") {
      // Something that is only like a Response.
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
        // What the stream says of that changes nothing.
        reader.cancel().catch(() => {});
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  }

  /** Ends the request. After the answer has been read that does nothing. */
  abort() {
    this.#control?.abort();
  }
}
