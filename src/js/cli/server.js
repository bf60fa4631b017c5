// The server of the command line: the page, the package, and the relay that adds the key. It listens
// on loopback only.
//
// Each submission spends the key's money. So this server answers only requests whose `Host` is its
// own (a hostile DNS server may resolve any name to this machine), and only its own page may submit.

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createRelay } from "../relay.js";
import { listFiles } from "./files.js";

const ADDRESS = "127.0.0.1";
/** Names of this machine, under which a browser may have opened the page. */
const HOST_NAMES = [ADDRESS, "localhost"];
const HTTP_PORT = 80;

/** Where the page finds the relay. The content route of the service is at the origin. */
const RELAY_PATH = "/api/kling";
const RELAYED_PATH = /^(\/api\/kling)?\/v1\/videos\//;

/** Node's own limit is five minutes. Four large images over a slow line take longer. */
const MAX_REQUEST_MS = 3 * 3_600_000;

/** @typedef {{ key: string, baseUrl: string | undefined }} RelaySettings */
/** @typedef {(request: Request) => Response | Promise<Response>} Handler */

/**
 * Starts the server; returns the URL of its page. With `relay`, requests to the service get its key;
 * without it, the page plays the service itself.
 * @param {{ port: number, relay: RelaySettings | undefined }} options port 0 takes a free one
 * @returns {Promise<string>}
 */
export async function serve({ port, relay }) {
  // Before the port is taken: a wrong key or base URL throws here.
  const relayed = relay && relayTo(relay);
  const files = await fileHandler(relay ? { baseUrl: RELAY_PATH, relay: true } : { standIn: true });
  /** @type {string[]} */
  let hosts = [];
  /** @type {Handler} */
  const handle = (request) => {
    if (!hosts.includes(request.headers.get("host") ?? ""))
      return refusal(403, `expected a request to ${hosts[0]}, found another host`);
    const { pathname } = new URL(request.url);
    return relayed && RELAYED_PATH.test(pathname) ? relayed(request) : files(request);
  };
  const server = createServer({ requestTimeout: MAX_REQUEST_MS }, (incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const taken = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, ADDRESS, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
  const suffixes = taken === HTTP_PORT ? ["", `:${HTTP_PORT}`] : [`:${taken}`];
  hosts = HOST_NAMES.flatMap((name) => suffixes.map((suffix) => name + suffix));
  return `http://${hosts[0]}`;
}

/** @param {RelaySettings} settings @returns {Handler} */
function relayTo({ key, baseUrl }) {
  return createRelay({
    apiKey: key,
    baseUrl,
    // Browsers send `Origin` with every POST, and no page can change it. So a request without it is
    // not of this page, and may not pay. The relay itself refuses other origins and other sites.
    authorize: ({ headers }, { action }) =>
      action !== "create" || headers.get("origin") === `http://${headers.get("host")}`,
  });
}

/**
 * Serves the page and the package; other files do not exist for it.
 * @param {Record<string, unknown>} config what the page reads from its server
 * @returns {Promise<Handler>}
 */
async function fileHandler(config) {
  const { files, policy } = await listFiles(config);
  const common = {
    // The browser must load the files of the installed version.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": policy,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  return async ({ method, url }) => {
    if (method !== "GET" && method !== "HEAD")
      return refusal(405, `expected GET or HEAD, found ${method}`, { Allow: "GET, HEAD" });
    const { pathname } = new URL(url);
    const file = files.get(pathname);
    if (!file) return refusal(404, "expected a file of the page");
    const content = await file.read();
    const length = String(content.byteLength);
    return new Response(content, {
      headers: { ...common, "Content-Type": file.type, "Content-Length": length },
    });
  };
}

/** @param {number} status @param {string} message @param {Record<string, string>} [headers] */
const refusal = (status, message, headers) =>
  new Response(`${message}\n`, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", ...headers },
  });

/**
 * Gives Node's request to a handler of web-standard requests, and sends its response.
 * @param {Handler} handle
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} outgoing
 */
async function answer(handle, incoming, outgoing) {
  const request = requestOf(incoming, outgoing);
  const response = request
    ? await handle(request)
    : refusal(400, "expected a path that begins with a slash, without dots between slashes");
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const body = incoming.method === "HEAD" ? null : response.body;
  await pipeline(body ? Readable.fromWeb(body) : Readable.from([]), outgoing);
}

/** A `.` or `..` between slashes, which `URL` would resolve. */
const DOTS = /[/\\](\.|%2e){1,2}([/\\?#]|$)/i;

/**
 * The request, with a signal that is aborted when the page closes; `undefined` for a path that is
 * not taken.
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} outgoing
 */
function requestOf(incoming, outgoing) {
  const { method = "GET", rawHeaders, url: target = "" } = incoming;
  if (!target.startsWith("/") || DOTS.test(target.split("?", 1)[0] ?? "")) return undefined;
  const headers = new Headers();
  rawHeaders.forEach((name, at) => at % 2 || headers.append(name, rawHeaders[at + 1] ?? ""));
  const closed = new AbortController();
  outgoing.once("close", () => closed.abort());
  const body = method === "GET" || method === "HEAD" ? null : Readable.toWeb(incoming);
  const { signal } = closed;
  const host = headers.get("host") ?? ADDRESS;
  return new Request(`http://${host}${target}`, { method, headers, body, signal, duplex: "half" });
}
