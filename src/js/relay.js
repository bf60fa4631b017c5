// A relay on a site's own server, between its pages and the service. It adds the key, so that pages
// never have it, and passes on only the requests that the package makes. It uses web-standard
// requests and responses only: Node, Deno, Bun, Workers, route handlers.

const SERVICE = "https://api.cometapi.com/kling";

/** The default of `maxBodyBytes`: four images of 10 MiB are 56 MB of base64. */
const MAX_BODY_BYTES = 64 << 20;

/** The longest response that is passed on, except a video. */
const MAX_RESPONSE_BYTES = 1 << 20;

const ROUTES = /** @type {const} */ ([
  ["create", "POST", /\/v1\/videos\/multi-image2video$/],
  ["query", "GET", /\/v1\/videos\/multi-image2video\/([\w-]{1,128})$/],
  ["content", "GET", /\/v1\/videos\/([\w-]{1,128})\/content$/],
]);

/** The headers of the service's response that are passed on. */
const PASSED_HEADERS = [
  "content-type",
  "content-range",
  "accept-ranges",
  "retry-after",
  "etag",
  "last-modified",
];

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
      // Errors after the request is sent are caught below. The message is left out: it may contain
      // anything.
      refusal(403, "relay_failed", "the relay could not prepare the request; nothing was sent"),
    );
    return finished(response, isListed ? origin : undefined);
  };

  /** @param {Request} request @param {boolean} isListed */
  async function relayed(request, isListed) {
    if (!isListed && !isOwn(request)) {
      return refusal(
        403,
        "relay_origin",
        "expected a request from a page of this site; allowOrigins can allow other origins",
      );
    }
    const { pathname } = new URL(request.url);
    const route = ROUTES.find(([, , path]) => path.test(pathname));
    if (!route)
      return refusal(
        404,
        "relay_path",
        "expected a path of this endpoint: create, query or content",
      );
    const [action, method, path] = route;
    const preflight = request.method === "OPTIONS" && isListed;
    if (preflight) return new Response(null, { status: 204 });
    if (request.method !== method) {
      return refusal(405, "relay_method", `expected ${method}, found ${request.method}`, {
        Allow: method,
      });
    }
    const id = path.exec(pathname)?.[1];
    const length = Number(request.headers.get("content-length"));
    if (action === "create") {
      const type = request.headers.get("content-type") ?? "none";
      if (!/^application\/json\s*(;|$)/i.test(type))
        return refusal(415, "relay_type", `expected application/json, found ${type}`);
      if (length > maxBytes)
        return refusal(413, "relay_size", `expected at most ${maxBytes} bytes, found ${length}`);
    }
    if (authorize) {
      const { url, headers } = request;
      const verdict = await authorize(
        new Request(url, { method, headers }),
        id === undefined ? { action } : { action, id },
      );
      // A response that cannot be sent back, for example because it was read, throws here, before
      // the request is sent.
      if (verdict instanceof Response)
        return new Response(verdict.body, { status: verdict.status, headers: verdict.headers });
      // `undefined` is no: `user?.mayPay` must not allow the call of an anonymous visitor.
      if (verdict !== true)
        return refusal(403, "relay_forbidden", "this site does not let you do this");
    }
    const key = typeof apiKey === "function" ? await apiKey(request) : apiKey;
    if (!isKey(key)) return refusal(403, "relay_key", "this site has no key for the service");
    return action === "create" ? create(request, key) : read(request, action, String(id), key);
  }

  /** @param {Request} request @param {string} key */
  async function create(request, key) {
    let passed = 0;
    const counted = new TransformStream({
      transform(chunk, controller) {
        passed += chunk.byteLength;
        // A server never accepts a body that breaks off as complete.
        if (passed > maxBytes) controller.error(new Error("too long"));
        else controller.enqueue(chunk);
      },
    });
    const init = {
      method: "POST",
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        Accept: "application/json",
      },
      body: request.body?.pipeThrough(counted) ?? "",
      duplex: "half",
    };
    try {
      // No signal: a page that closes must not abort the paid request.
      return await passedOn(
        await send(`${base.href}/v1/videos/multi-image2video`, { ...init, redirect: "manual" }),
        key,
      );
    } catch {
      return passed > maxBytes
        ? refusal(413, "relay_size", `expected at most ${maxBytes} bytes, found more`)
        : refusal(
            502,
            "do_request_failed",
            "no response from the service, or a broken one; the task may exist",
          );
    }
  }

  /**
   * @param {Request} request @param {"query" | "content"} action @param {string} id @param {string}
   * key
   */
  async function read(request, action, id, key) {
    const url =
      action === "query"
        ? `${base.href}/v1/videos/multi-image2video/${id}`
        : `${base.origin}/v1/videos/${id}/content`;
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
 * A response that is no video, with the key redacted.
 * @param {Response} response @param {string} key
 */
async function passedOn(response, key) {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    // This status tells the page that no task was created. The target is left out.
    return refusal(
      response.status || 307,
      "redirected",
      "the service responded with a redirect, which is not followed with a key",
    );
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
 * @param {number} status @param {string} code @param {string} message @param {Record<string,
 * string>} [headers]
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
  if (options !== undefined && Object.prototype.toString.call(options) !== "[object Object]") {
    throw new TypeError("options: expected an object, with apiKey in it");
  }
  const {
    apiKey,
    baseUrl = SERVICE,
    allowOrigins = [],
    maxBodyBytes = MAX_BODY_BYTES,
    authorize,
    fetch: fetchOption,
    ...others
  } = options ?? {};
  // With a misspelt `authorize`, everyone could pay.
  for (const name of Object.keys(others)) throw new TypeError(`${name}: unknown option`);
  if (typeof apiKey !== "function" && !isKey(apiKey)) {
    throw new TypeError(
      "apiKey: expected a key of visible ASCII characters, or a function that supplies one",
    );
  }
  if (typeof baseUrl !== "string" && Object.prototype.toString.call(baseUrl) !== "[object URL]") {
    throw new TypeError("baseUrl: expected a string or a URL");
  }
  const base = parsed(String(baseUrl).replace(/\/+$/, ""));
  if (!base) throw new TypeError(`baseUrl: expected a URL such as "${SERVICE}"`);
  if (base.search || base.hash) throw new TypeError("baseUrl: expected no query and no fragment");
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  if (base.protocol !== "https:" && !(base.protocol === "http:" && isLoopback)) {
    throw new TypeError(
      "baseUrl: expected an https: URL (or http: of loopback), because the key is sent there",
    );
  }
  if (base.username || base.password)
    throw new TypeError("baseUrl: expected no user name and no password");
  if (typeof allowOrigins === "string" || typeof allowOrigins?.[Symbol.iterator] !== "function") {
    throw new TypeError("allowOrigins: expected a list of origins");
  }
  const origins = new Set(
    Array.from(allowOrigins, (value) => {
      const origin = parsed(value)?.origin;
      if (origin === undefined || origin === "null" || origin !== value) {
        throw new TypeError(
          `allowOrigins: expected an origin such as "https://example.com", found "${String(value)}"`,
        );
      }
      return origin;
    }),
  );
  if (!(Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0))
    throw new TypeError("maxBodyBytes: expected a number of bytes");
  if (authorize !== undefined && typeof authorize !== "function")
    throw new TypeError("authorize: expected a function");
  // Without this check, each call would fail as if the service sent no response.
  if (fetchOption !== undefined && typeof fetchOption !== "function")
    throw new TypeError("fetch: expected a function");
  return {
    apiKey,
    base: { href: base.href.replace(/\/+$/, ""), origin: base.origin },
    origins,
    maxBytes: maxBodyBytes,
    authorize,
    send: fetchOption ?? sendNow,
  };
}

/** @param {string} url */
function parsed(url) {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
