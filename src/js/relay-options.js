// The options of the relay, checked when it is made.

const SERVICE = "https://api.cometapi.com/kling";
/** The default of `maxBodyBytes`: four images of 10 MiB are 56 MB of base64. */
const MAX_BODY_BYTES = 64 << 20;

/** @param {import("./relay.js").RelayOptions} options */
export function checkedOptions(options) {
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

/** @param {unknown} key @returns {key is string} */
export const isKey = (key) => typeof key === "string" && /^[\x21-\x7e]+$/.test(key);

/** The global `fetch`, read at each call, because frameworks replace it. @type {typeof fetch} */
const sendNow = (input, init) => fetch(input, init);
