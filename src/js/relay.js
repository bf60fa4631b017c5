// A site's own server between its page and the service. It adds the key, so that no page ever holds
// one; it lets through what the package asks for, and nothing else. Web-standard requests and
// responses only: Node, Deno, Bun, Workers, route handlers.

const SERVICE = "https://api.cometapi.com/kling";

/** Four pictures of 10 MiB are 56 MB as base64. */
const LONGEST_BODY = 64 << 20;

/** Longer than any answer that is no video. */
const LONGEST_ANSWER = 1 << 20;

const ROUTES = /** @type {const} */ ([
  ["create", "POST", /\/v1\/videos\/multi-image2video$/],
  ["query", "GET", /\/v1\/videos\/multi-image2video\/([\w-]{1,128})$/],
  ["content", "GET", /\/v1\/videos\/([\w-]{1,128})\/content$/],
]);

/** What of the service's headers is the page's business. */
const ANSWERED = [
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
  const { apiKey, base, origins, longest, authorize, send } = checked(options);

  return async (request) => {
    const origin = request.headers.get("origin");
    const isListed = origin !== null && origins.has(origin);
    const answer = await answered(request, isListed).catch(() =>
      // Nothing was sent yet, or it would have been caught below; and what was thrown may say
      // anything.
      refusal(403, "relay_failed", "the relay could not prepare the request; nothing was sent"),
    );
    return finished(answer, isListed ? origin : undefined);
  };

  /** @param {Request} request @param {boolean} isListed */
  async function answered(request, isListed) {
    if (!isListed && !isOwn(request)) {
      return refusal(
        403,
        "relay_origin",
        "expected a request of a page of this site; others must be named in allowOrigins",
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
      if (length > longest)
        return refusal(413, "relay_size", `expected at most ${longest} bytes, found ${length}`);
    }
    if (authorize) {
      const { url, headers } = request;
      const verdict = await authorize(
        new Request(url, { method, headers }),
        id === undefined ? { action } : { action, id },
      );
      // One that cannot be passed back, such as one that was read, throws here, before anything is
      // sent.
      if (verdict instanceof Response)
        return new Response(verdict.body, { status: verdict.status, headers: verdict.headers });
      // A check that answers nothing has forgotten to, or has asked nobody: `user?.mayPay`.
      if (verdict !== true)
        return refusal(403, "relay_forbidden", "this site does not let you do this");
    }
    const key = typeof apiKey === "function" ? await apiKey(request) : apiKey;
    if (!isKey(key)) return refusal(403, "relay_key", "this site has no key for the service");
    return action === "create" ? create(request, key) : ask(request, action, String(id), key);
  }

  /** @param {Request} request @param {string} key */
  async function create(request, key) {
    let passed = 0;
    const counted = new TransformStream({
      transform(chunk, controller) {
        passed += chunk.byteLength;
        // Without its end no server takes a body for whole.
        if (passed > longest) controller.error(new Error("too long"));
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
      // No signal: a page that goes away tears no paid request.
      return await read(
        await send(`${base.href}/v1/videos/multi-image2video`, { ...init, redirect: "manual" }),
        key,
      );
    } catch {
      return passed > longest
        ? refusal(413, "relay_size", `expected at most ${longest} bytes, found more`)
        : refusal(
            502,
            "do_request_failed",
            "no answer from the service, or a broken one; the task may exist",
          );
    }
  }

  /**
   * @param {Request} request @param {"query" | "content"} action @param {string} id @param {string}
   * key
   */
  async function ask(request, action, id, key) {
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
      const answer = await send(url, { headers, redirect: "manual", signal: request.signal });
      // Stores name videos in many ways, or not at all; what may be an error in an answer of
      // success is text.
      const isText = /^(text\/|application\/([\w.-]+\+)?(json|xml)\b)/i.test(
        answer.headers.get("content-type") ?? "",
      );
      return action === "content" && answer.ok && !isText
        ? streamed(answer, key)
        : await read(answer, key);
    } catch {
      return refusal(502, "do_request_failed", "no answer from the service, or a broken one");
    }
  }
}

/**
 * An answer that is no video, without the key should it be repeated there.
 * @param {Response} answer @param {string} key
 */
async function read(answer, key) {
  if (answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400)) {
    // With such a status the page knows that nothing was created; where to is not its business.
    return refusal(
      answer.status || 307,
      "redirected",
      "the service answered with a redirect, which is not followed with a key",
    );
  }
  const decoder = new TextDecoder();
  let text = "";
  const reader = answer.body?.getReader();
  for (let length = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > LONGEST_ANSWER) {
      await reader.cancel();
      throw new Error("too long");
    }
    text += decoder.decode(value, { stream: true });
  }
  text = (text + decoder.decode()).replaceAll(key, "[key]");
  const isEmpty = [204, 205].includes(answer.status);
  const headers = kept(answer, key);
  // A gateway's error page must not run as a page of this site.
  headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  return new Response(isEmpty ? null : text, { status: answer.status, headers });
}

/** @param {Response} answer @param {string} key */
function streamed(answer, key) {
  const headers = kept(answer, key);
  const length = answer.headers.get("content-length");
  // Of a body that was packed it is another length than what arrives here.
  if (length !== null && !answer.headers.has("content-encoding"))
    headers.set("content-length", length);
  return new Response(answer.body, { status: answer.status, headers });
}

/** @param {Response} answer @param {string} key */
function kept(answer, key) {
  const headers = new Headers();
  for (const name of ANSWERED) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value.replaceAll(key, "[key]"));
  }
  return headers;
}

/**
 * In the service's own form, which the package reads. Before anything was sent it is 4xx: so the
 * page knows that nothing was created.
 * @param {number} status @param {string} code @param {string} message @param {Record<string,
 * string>} [headers]
 */
const refusal = (status, code, message, headers) =>
  new Response(JSON.stringify({ code, message, data: null }), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/** @param {Response} answer @param {string | undefined} origin a foreign one that may read it */
function finished(answer, origin) {
  const headers = new Headers(answer.headers);
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
  return new Response(answer.body, { status: answer.status, headers });
}

/** Whether a page of this site asks, or no page at all. @param {Request} request */
function isOwn({ headers, url }) {
  // Browsers say it themselves, where the site is reached by https; no page can say it for them.
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = headers.get("origin");
  return origin === null || origin === new URL(url).origin;
}

/** @param {unknown} key @returns {key is string} */
const isKey = (key) => typeof key === "string" && /^[\x21-\x7e]+$/.test(key);

/** As it is when it is called: frameworks put their own in its place. @type {typeof fetch} */
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
    maxBodyBytes = LONGEST_BODY,
    authorize,
    fetch: own,
    ...others
  } = options ?? {};
  // A gate with a misspelt name would stand open.
  for (const name of Object.keys(others))
    throw new TypeError(`${name}: expected no option of this name`);
  if (typeof apiKey !== "function" && !isKey(apiKey)) {
    throw new TypeError(
      "apiKey: expected a key of visible ASCII characters, or a function that supplies one",
    );
  }
  if (typeof baseUrl !== "string" && Object.prototype.toString.call(baseUrl) !== "[object URL]") {
    throw new TypeError("baseUrl: expected a string or a URL");
  }
  const base = parsed(String(baseUrl).replace(/\/+$/, ""));
  if (!base) throw new TypeError(`baseUrl: expected an address such as "${SERVICE}"`);
  if (base.search || base.hash) throw new TypeError("baseUrl: expected no query and no fragment");
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  if (base.protocol !== "https:" && !(base.protocol === "http:" && isLoopback)) {
    throw new TypeError(
      "baseUrl: expected an https: address (or http: of this machine), because the key is sent there",
    );
  }
  if (base.username || base.password)
    throw new TypeError("baseUrl: expected no user name and no password");
  if (typeof allowOrigins === "string" || typeof allowOrigins?.[Symbol.iterator] !== "function") {
    throw new TypeError("allowOrigins: expected a list of origins");
  }
  const origins = new Set(
    Array.from(allowOrigins, (text) => {
      const origin = parsed(text)?.origin;
      if (origin === undefined || origin === "null" || origin !== text) {
        throw new TypeError(
          `allowOrigins: expected an origin such as "https://example.com", found "${String(text)}"`,
        );
      }
      return origin;
    }),
  );
  if (!(Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0))
    throw new TypeError("maxBodyBytes: expected a number of bytes");
  if (authorize !== undefined && typeof authorize !== "function")
    throw new TypeError("authorize: expected a function");
  // Found only at a call, it would look like a service that does not answer.
  if (own !== undefined && typeof own !== "function")
    throw new TypeError("fetch: expected a function");
  return {
    apiKey,
    base: { href: base.href.replace(/\/+$/, ""), origin: base.origin },
    origins,
    longest: maxBodyBytes,
    authorize,
    send: own ?? sendNow,
  };
}

/** @param {string} text */
function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
