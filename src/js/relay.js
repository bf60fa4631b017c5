// A relay on a site's own server, between its pages and the service. It adds the key, so that pages
// never have it, and passes on only the requests that the package makes. It uses web-standard
// requests and responses only: Node, Deno, Bun, Workers, route handlers.

import { checkedBody } from "./relay-body.js";
import { checkedOptions, isKey } from "./relay-options.js";
import { redactorOf } from "./relay-redact.js";
import { finished, forPage, refusal } from "./relay-response.js";
import { routeOf } from "./relay-routes.js";
import { MAX_CREATE_MS, MAX_DECISION_MS, MAX_READ_MS, TimedOut, limited } from "./relay-time.js";

/**
 * @param {import("./relay.js").RelayOptions} options
 * @returns {(request: Request) => Promise<Response>}
 */
export function createRelay(options) {
  const { apiKey, base, origins, maxBytes, authorize, send } = checkedOptions(options);

  return async (request) => {
    const origin = request.headers.get("origin");
    const isListed = origin !== null && origins.has(origin);
    const response = await relayed(request, isListed).catch((error) =>
      notSent(error, request.method),
    );
    return finished(response, isListed ? origin : undefined);
  };

  /** @param {Request} request @param {boolean} isListed @returns {Promise<Response>} */
  async function relayed(request, isListed) {
    if (!isListed && !isOwn(request)) {
      const wanted = "expected a page of this site; allowOrigins can allow other origins";
      return refusal(403, "relay_origin", wanted);
    }
    const route = routeOf(new URL(request.url).pathname);
    if (!route) return refusal(404, "relay_path", "expected a path to create, query or content");
    const { action, method, id } = route;
    const preflight = request.method === "OPTIONS" && isListed;
    if (preflight) return new Response(null, { status: 204 });
    const found = `expected ${method}, found ${request.method}`;
    if (request.method !== method) return refusal(405, "relay_method", found, { Allow: method });
    const length = request.headers.get("content-length");
    const announced = length === null ? undefined : Number(length);
    if (action === "create") {
      const type = request.headers.get("content-type") ?? "none";
      if (!/^application\/json\s*(;|$)/i.test(type))
        return refusal(415, "relay_type", `expected application/json, found ${type}`);
      const encoding = request.headers.get("content-encoding") ?? "identity";
      if (!/^identity$/i.test(encoding))
        return refusal(415, "relay_type", `expected no content encoding, found ${encoding}`);
      if (length !== null && !/^\d+$/.test(length))
        return refusal(400, "relay_length", `expected a length in bytes, found "${length}"`);
      if (announced !== undefined && announced > maxBytes)
        return refusal(413, "relay_size", `expected at most ${maxBytes} bytes, found ${length}`);
    }
    const { url, headers, signal } = request;
    const asked = new Request(url, { method, headers });
    const call = id === undefined ? { action } : { action, id };
    const verdict = await limited(MAX_DECISION_MS, () => authorize(asked, call), signal);
    // A response that cannot be sent back, for example because it was read, throws here, before the
    // request is sent.
    if (verdict instanceof Response)
      return new Response(verdict.body, { status: verdict.status, headers: verdict.headers });
    // `undefined` is no: `user?.mayPay` must not allow the call of an anonymous visitor.
    if (verdict !== true)
      return refusal(403, "relay_forbidden", "this site does not let you do this");
    const key =
      typeof apiKey === "function"
        ? await limited(MAX_DECISION_MS, () => apiKey(request), signal)
        : apiKey;
    if (!isKey(key)) return refusal(403, "relay_key", "this site has no key for the service");
    return action === "create"
      ? create(request, key, announced)
      : read(request, action, String(id), key);
  }

  /** @param {Request} request @param {string} key @param {number | undefined} announced */
  async function create(request, key, announced) {
    const { next, drop, isRead, problem } = checkedBody(request.body, announced, maxBytes);
    // A body that is empty, or whose only part is incomplete, is not sent at all.
    let first = await next();
    const early = problem();
    if (early) return early;
    if (request.signal?.aborted) throw new Error("the page has left");
    const outgoing = new AbortController();
    let isCancelled = false;
    /** Ends the request to the service, and reads the rest of the page's. */
    const end = () => {
      outgoing.abort();
      drop();
    };
    /** @type {import("./relay-time.js").Wait | undefined} */
    let wait;
    const source = {
      // Workers send this as `Content-Length`. Other runtimes send the header, except Deno.
      expectedLength: announced,
      /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
      async pull(controller) {
        const part = first ?? (await next());
        first = undefined;
        wait?.restart();
        if (part) return controller.enqueue(part);
        if (!problem()) return controller.close();
        // After an error alone, Workers would end a chunked body as if it were complete.
        if (!isCancelled) outgoing.abort();
        controller.error(new Error("incomplete"));
      },
      // The service responded early, or the connection failed.
      cancel() {
        isCancelled = true;
        drop();
      },
    };
    // A stream, even of one part: no runtime can send it again by itself.
    const body = new ReadableStream(source, { highWaterMark: 0 });
    // Node 20 and later tee the body, for a repetition after a redirect. The branch that is never read
    // would keep the whole body in memory. A body that is sent once needs no second branch.
    body.tee = () => [body, body];
    const init = {
      method: "POST",
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        Accept: "application/json",
        ...(announced !== undefined && { "Content-Length": String(announced) }),
      },
      body,
      duplex: "half",
      redirect: /** @type {const} */ ("manual"),
      // Not the signal of the page: a page that closes must not abort the paid request.
      signal: outgoing.signal,
    };
    const url = `${base.href}/v1/videos/multi-image2video`;
    try {
      const response = await limited(MAX_CREATE_MS, (started) => {
        wait = started;
        return exchange(url, init, key, "none", started);
      });
      // The service responded early. Deno's `fetch` does not cancel the body then, and waits until the service reads it.
      if (!isRead()) end();
      return response;
    } catch (error) {
      end();
      return problem() ?? noResponse(error, MAX_CREATE_MS, "; the task may exist");
    }
  }

  /**
   * @param {Request} request @param {"query" | "content"} action
   * @param {string} id @param {string} key
   */
  async function read(request, action, id, key) {
    const item = encodeURIComponent(id);
    const query = `${base.href}/v1/videos/multi-image2video/${item}`;
    const url = action === "query" ? query : `${base.origin}/v1/videos/${item}/content`;
    const headers = new Headers({ Authorization: `Bearer ${key}` });
    for (const name of ["accept", "range", "if-range"]) {
      const value = request.headers.get(name);
      if (value !== null && action === "content") headers.set(name, value);
    }
    // Ends the request also when the page leaves while a video is passed on.
    const outgoing = new AbortController();
    const { signal } = request;
    signal?.addEventListener("abort", () => outgoing.abort());
    const init = { headers, redirect: /** @type {const} */ ("manual"), signal: outgoing.signal };
    try {
      const video = action !== "content" ? "none" : headers.has("range") ? "part" : "whole";
      return await limited(MAX_READ_MS, (wait) => exchange(url, init, key, video, wait), signal);
    } catch (error) {
      outgoing.abort();
      return noResponse(error, MAX_READ_MS);
    }
  }

  /**
   * @param {string} url @param {RequestInit} init @param {string} key
   * @param {import("./relay-response.js").Expected} video
   * @param {import("./relay-time.js").Wait} wait
   */
  async function exchange(url, init, key, video, wait) {
    const response = await send(url, init);
    // A `fetch` that ignores the signal: the page has its response already.
    if (wait.isOver) {
      await response.body?.cancel();
      throw new Error("too late");
    }
    return forPage(response, redactorOf(key), video);
  }
}

/**
 * The response after an error before the request was sent.
 * @param {unknown} error @param {string} method
 */
function notSent(error, method) {
  const end = "; nothing was sent";
  if (error instanceof TimedOut) {
    const limit = `authorize or apiKey took more than ${MAX_DECISION_MS / 1000} s`;
    // After a POST, the page takes a 5xx for an unknown outcome.
    return refusal(method === "POST" ? 400 : 503, "relay_timeout", limit + end);
  }
  // The message of the error is left out: it may contain anything.
  return refusal(403, "relay_failed", `the relay could not prepare the request${end}`);
}

/** @param {unknown} error @param {number} limitMs @param {string} [end] of the message */
function noResponse(error, limitMs, end = "") {
  if (error instanceof TimedOut) {
    const limit = `no complete response from the service within ${limitMs / 1000} s`;
    return refusal(504, "do_request_failed", limit + end);
  }
  const unknown = `no response from the service, or a broken one${end}`;
  return refusal(502, "do_request_failed", unknown);
}

/** Whether a request comes from a page of this site, or from no page. @param {Request} request */
function isOwn({ headers, url }) {
  // Browsers send this header to https sites, and no page can set it.
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = headers.get("origin");
  return origin === null || origin === new URL(url).origin;
}
