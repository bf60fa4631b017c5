// A relay on a site's own server, between its pages and the service. It adds the key, so that pages
// never have it, and passes on only the requests that the package makes. It uses web-standard
// requests and responses only: Node, Deno, Bun, Workers, route handlers.

const SERVICE = "https://api.cometapi.com/kling";
/** The default of `maxBodyBytes`: four images of 10 MiB are 56 MB of base64. */
const MAX_BODY_BYTES = 64 << 20;

/** The longest response that is passed on, except a video. */
const MAX_RESPONSE_BYTES = 1 << 20;

/** The rest of the message for a body that was cut. */
const USUAL_CAUSE =
  "the usual cause is a body limit or a body parser in front of the relay; with a proxy or " +
  "middleware of Next.js, set experimental.proxyClientMaxBodySize (16) or " +
  "experimental.middlewareClientMaxBodySize (15)";

const ROUTES = /** @type {const} */ ([
  ["create", "POST", /\/v1\/videos\/multi-image2video$/],
  ["query", "GET", /\/v1\/videos\/multi-image2video\/([^/]+)$/],
  ["content", "GET", /\/v1\/videos\/([^/]+)\/content$/],
]);

/** The headers of the service's response that are passed on. */
const PASSED_HEADERS =
  "content-type content-range accept-ranges retry-after etag last-modified".split(" ");

/**
 * @param {import("./relay.js").RelayOptions} options
 * @returns {(request: Request) => Promise<Response>}
 */
export function createRelay(options) {
  const { apiKey, base, origins, maxBytes, authorize, send } = checked(options);

  return async (request) => {
    const origin = request.headers.get("origin");
    const isListed = origin !== null && origins.has(origin);
    const response = await relayed(request, isListed).catch(() =>
      // Later errors are caught below. The message is left out: it may contain anything.
      refusal(403, "relay_failed", "the relay could not prepare the request; nothing was sent"),
    );
    return finished(response, isListed ? origin : undefined);
  };

  /** @param {Request} request @param {boolean} isListed @returns {Promise<Response>} */
  async function relayed(request, isListed) {
    if (!isListed && !isOwn(request)) {
      const wanted = "expected a page of this site; allowOrigins can allow other origins";
      return refusal(403, "relay_origin", wanted);
    }
    const { pathname } = new URL(request.url);
    const route = ROUTES.find(([, , path]) => path.test(pathname));
    const segment = route?.[2].exec(pathname)?.[1] ?? "";
    const id = segment ? idIn(segment) : undefined;
    if (!route || (segment && !id))
      return refusal(404, "relay_path", "expected a path to create, query or content");
    const [action, method] = route;
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
    const { url, headers } = request;
    const verdict = await authorize(
      new Request(url, { method, headers }),
      id === undefined ? { action } : { action, id },
    );
    // A response that cannot be sent back, for example because it was read, throws here, before the
    // request is sent.
    if (verdict instanceof Response)
      return new Response(verdict.body, { status: verdict.status, headers: verdict.headers });
    // `undefined` is no: `user?.mayPay` must not allow the call of an anonymous visitor.
    if (verdict !== true)
      return refusal(403, "relay_forbidden", "this site does not let you do this");
    const key = typeof apiKey === "function" ? await apiKey(request) : apiKey;
    if (!isKey(key)) return refusal(403, "relay_key", "this site has no key for the service");
    return action === "create"
      ? create(request, key, announced)
      : read(request, action, String(id), key);
  }

  /** @param {Request} request @param {string} key @param {number | undefined} announced */
  async function create(request, key, announced) {
    const { next, problem } = checkedBody(request.body, announced, maxBytes);
    // A body that is empty, or whose only part is incomplete, is not sent at all.
    let first = await next();
    const early = problem();
    if (early) return early;
    const outgoing = new AbortController();
    let isCancelled = false;
    const source = {
      // Workers send this as `Content-Length`. Other runtimes send the header, except Deno.
      expectedLength: announced,
      /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
      async pull(controller) {
        const part = first ?? (await next());
        first = undefined;
        if (part) return controller.enqueue(part);
        if (!problem()) return controller.close();
        // After an error alone, Workers would end a chunked body as if it were complete.
        if (!isCancelled) outgoing.abort();
        controller.error(new Error("incomplete"));
      },
      // The service responded early, or the connection failed. The rest of the page's body stays
      // unread and is not cancelled, so that the page's connection stays open for the response.
      cancel() {
        isCancelled = true;
      },
    };
    const init = {
      method: "POST",
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        Accept: "application/json",
        ...(announced !== undefined && { "Content-Length": String(announced) }),
      },
      // A stream, even of one part: no runtime can send it again by itself.
      body: new ReadableStream(source, { highWaterMark: 0 }),
      duplex: "half",
      redirect: /** @type {const} */ ("manual"),
      // Not the signal of the page: a page that closes must not abort the paid request.
      signal: outgoing.signal,
    };
    try {
      return await passedOn(await send(`${base.href}/v1/videos/multi-image2video`, init), key);
    } catch {
      const unknown = "no response from the service, or a broken one; the task may exist";
      return problem() ?? refusal(502, "do_request_failed", unknown);
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
    try {
      const response = await send(url, { headers, redirect: "manual", signal: request.signal });
      // Storage hosts send videos with many types or none; text in a successful response may be an
      // error.
      const isText = /^(text\/|application\/([\w.-]+\+)?(json|xml)\b)/i.test(
        response.headers.get("content-type") ?? "",
      );
      return action === "content" && response.ok && !isText
        ? streamed(response, key)
        : await passedOn(response, key);
    } catch {
      return refusal(502, "do_request_failed", "no response from the service, or a broken one");
    }
  }
}

/**
 * A body that is read one part ahead. Its last part is passed on after the whole body was checked, so
 * that the service never gets a complete body if the page's body was cut.
 * @param {ReadableStream<Uint8Array> | null} source
 * @param {number | undefined} announced the length in bytes that the page announced
 * @param {number} maxBytes
 */
function checkedBody(source, announced, maxBytes) {
  const reader = source?.getReader();
  let received = 0;
  let isDone = false;
  let lastByte = 0;
  /** @type {Uint8Array | undefined} */
  let held;
  /** @type {[number, string, string] | undefined} */
  let problem;

  /** The problem of the body before its end, or at it. */
  function found() {
    if (received > maxBytes) return `expected at most ${maxBytes} bytes, found more`;
    if (announced !== undefined && (isDone ? received !== announced : received > announced))
      return `expected a body of ${announced} bytes, found ${isDone ? received : "more"}`;
    if (!isDone || lastByte === 0x7d) return undefined;
    return received ? 'expected JSON that ends with "}"' : "expected a body, found none";
  }

  return {
    /** The next part; `undefined` after the last one and after a problem. */
    async next() {
      while (!isDone) {
        /** @type {{ value?: Uint8Array | undefined } | undefined} */
        const read = reader ? await reader.read().catch(() => undefined) : {};
        const part = read?.value;
        if (part?.byteLength === 0) continue;
        isDone = !part;
        received += part?.byteLength ?? 0;
        // Without white space.
        lastByte = part?.findLast((byte) => byte > 0x20) ?? lastByte;
        const what = read ? found() : `the body broke off after ${received} bytes`;
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
    },
    /** The response for a body that is too long or incomplete. */
    problem: () => problem && refusal(...problem),
  };
}

/** An id that is empty or too long, has control characters, or leads to another directory. */
const UNSAFE_ID = /^$|^.{8193}|[\0-\x1f\x7f]|(^|[/\\])\.\.?($|[/\\;?#])/s;

/** The id in a segment, if it is safe however often a proxy decodes it. @param {string} segment */
function idIn(segment) {
  const id = decodeURIComponent(segment);
  for (let text = id, last = ""; text !== last;) {
    if (UNSAFE_ID.test(text)) return undefined;
    last = text;
    text = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
  return id;
}

/**
 * A response that is no video, with the key redacted.
 * @param {Response} response @param {string} key
 */
async function passedOn(response, key) {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    // A 304 has no body, and is no response to a request of the relay.
    if (response.status === 304) throw new Error("not modified");
    // This status means to the page that no task was created. The target is left out.
    const message = "the service responded with a redirect, which is not followed with a key";
    return refusal(response.status || 307, "redirected", message);
  }
  const decoder = new TextDecoder();
  let text = "";
  const reader = response.body?.getReader();
  for (let length = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > MAX_RESPONSE_BYTES) {
      await reader.cancel();
      throw new Error("too long");
    }
    text += decoder.decode(value, { stream: true });
  }
  text = (text + decoder.decode()).replaceAll(key, "[key]");
  const isEmpty = [204, 205].includes(response.status);
  const headers = passedHeaders(response, key);
  // An HTML error of the gateway must not run as a page of this site.
  headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  return new Response(isEmpty ? null : text, { status: response.status, headers });
}

/** A video, which is passed on while it arrives. @param {Response} response @param {string} key */
function streamed(response, key) {
  const headers = passedHeaders(response, key);
  const length = response.headers.get("content-length");
  // With a content encoding, the header has the length of the encoded body, and `fetch` decodes it.
  if (length !== null && !response.headers.has("content-encoding"))
    headers.set("content-length", length);
  return new Response(response.body, { status: response.status, headers });
}

/** The headers for the page, with the key redacted. @param {Response} response @param {string} key */
function passedHeaders(response, key) {
  const headers = new Headers();
  for (const name of PASSED_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value.replaceAll(key, "[key]"));
  }
  return headers;
}

/**
 * A response of the relay itself, in the service's form, which the package reads. A 4xx status tells
 * the page that the request was not sent.
 * @param {number} status @param {string} code @param {string} message
 * @param {Record<string, string>} [headers]
 */
const refusal = (status, code, message, headers) =>
  new Response(JSON.stringify({ code, message, data: null }), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/**
 * The response with the headers for every page. @param {Response} response
 * @param {string | undefined} origin another origin that may read it
 */
function finished(response, origin) {
  const headers = new Headers(response.headers);
  headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.append("Vary", "Origin");
  if (origin !== undefined) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Allow-Methods", "GET, POST");
    headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type, Range");
    headers.set("Access-Control-Expose-Headers", "Content-Length, Content-Range, Retry-After");
    headers.set("Access-Control-Max-Age", "600");
  }
  return new Response(response.body, { status: response.status, headers });
}

/** Whether a request comes from a page of this site, or from no page. @param {Request} request */
function isOwn({ headers, url }) {
  // Browsers send this header to https sites, and no page can set it.
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = headers.get("origin");
  return origin === null || origin === new URL(url).origin;
}

/** @param {unknown} key @returns {key is string} */
const isKey = (key) => typeof key === "string" && /^[\x21-\x7e]+$/.test(key);

/** The global `fetch`, read at each call, because frameworks replace it. @type {typeof fetch} */
const sendNow = (input, init) => fetch(input, init);

/** @param {import("./relay.js").RelayOptions} options */
function checked(options) {
  if (options !== undefined && Object.prototype.toString.call(options) !== "[object Object]")
    throw new TypeError("options: expected an object, with apiKey and authorize in it");
  const {
    apiKey,
    baseUrl = SERVICE,
    allowOrigins = [],
    maxBodyBytes = MAX_BODY_BYTES,
    authorize,
    fetch: fetchOption,
    ...others
  } = options ?? {};
  for (const name of Object.keys(others)) throw new TypeError(`${name}: unknown option`);
  if (typeof apiKey !== "function" && !isKey(apiKey))
    throw new TypeError("apiKey: expected visible ASCII characters, or a function for the key");
  if (typeof baseUrl !== "string" && Object.prototype.toString.call(baseUrl) !== "[object URL]")
    throw new TypeError("baseUrl: expected a string or a URL");
  const base = parsed(String(baseUrl).replace(/\/+$/, ""));
  if (!base) throw new TypeError(`baseUrl: expected a URL such as "${SERVICE}"`);
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  if (base.protocol !== "https:" && !(base.protocol === "http:" && isLoopback))
    throw new TypeError("baseUrl: expected https:, or http: of loopback: the key is sent there");
  if (base.username || base.password || base.search || base.hash)
    throw new TypeError("baseUrl: expected no user name, password, query or fragment");
  if (typeof allowOrigins === "string" || typeof allowOrigins?.[Symbol.iterator] !== "function")
    throw new TypeError("allowOrigins: expected a list of origins");
  const origins = new Set(allowOrigins);
  for (const value of origins) {
    if (value !== "null" && parsed(value)?.origin === value) continue;
    const found = `found "${String(value)}"`;
    throw new TypeError(`allowOrigins: expected an origin such as "https://example.com", ${found}`);
  }
  if (!(Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0))
    throw new TypeError("maxBodyBytes: expected a number of bytes");
  // Without this check, each call would fail as if the service sent no response.
  if (fetchOption !== undefined && typeof fetchOption !== "function")
    throw new TypeError("fetch: expected a function");
  const hint = "if anyone may pay with this key, write `authorize: () => true`";
  if (typeof authorize !== "function")
    throw new TypeError(`authorize: expected a function that decides who may pay; ${hint}`);
  const { origin } = base;
  const href = base.href.replace(/\/+$/, "");
  const [maxBytes, send] = [maxBodyBytes, fetchOption ?? sendNow];
  return { apiKey, base: { href, origin }, origins, maxBytes, authorize, send };
}

/** @param {string} url */
function parsed(url) {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
