// A server between a page and the service, in one of four ways. Prints its port, and ends when its
// standard input closes.
//
// node server.js relay|fetch|pipe|http-proxy <URL of the service> <URL of relay.js> <folder with node_modules>

import { createServer, request as send } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const [way = "", service = "", relayUrl = "", folder = ""] = process.argv.slice(2);

/** @typedef {import("node:http").RequestListener} Listener */

/** @typedef {(request: Request) => Promise<Response>} PassOn */

/** @returns {Promise<PassOn>} */
async function relay() {
  const { createRelay } = await import(relayUrl);
  return createRelay({
    apiKey: "sk-bench-0123456789abcdef",
    baseUrl: `${service}/kling`,
    authorize: () => true,
  });
}

/** What a relay by `fetch` cannot do without. A redirect is an error as in the relay. @type {PassOn} */
const bareFetch = ({ url, method, body }) =>
  fetch(
    `${service}${new URL(url).pathname}`,
    /** @type {RequestInit} */ ({
      method,
      headers: { "Content-Type": "application/json" },
      body,
      duplex: "half",
      redirect: "error",
    }),
  );

/** As in `examples/relay-node`. @param {PassOn} passOn @returns {Listener} */
const handler = (passOn) => async (incoming, outgoing) => {
  const { method = "GET", rawHeaders, url } = incoming;
  const headers = new Headers();
  rawHeaders.forEach((name, at) => at % 2 || headers.append(name, rawHeaders[at + 1] ?? ""));
  const body = method === "POST" ? bodyOf(incoming) : null;
  const options = /** @type {RequestInit} */ ({ method, headers, body, duplex: "half" });
  const response = await passOn(new Request(`http://${headers.get("host")}${url}`, options));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  await pipeline(response.body ? Readable.fromWeb(response.body) : Readable.from([]), outgoing);
};

/**
 * A body that is read as fast as it is sent on.
 * @param {import("node:http").IncomingMessage} incoming
 */
function bodyOf(incoming) {
  const parts = incoming[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

/** @type {Listener} */
const pipe = (incoming, outgoing) => {
  const { method, headers, url } = incoming;
  const onward = send(`${service}${url}`, { method, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
  });
  incoming.pipe(onward);
};

/** @returns {Listener} */
function httpProxy() {
  const { createProxyServer } = createRequire(join(folder, "package.json"))("http-proxy");
  const proxy = createProxyServer({ target: service });
  return (incoming, outgoing) => proxy.web(incoming, outgoing);
}

/** @type {Record<string, () => Listener | Promise<Listener>>} */
const ways = {
  relay: async () => handler(await relay()),
  fetch: () => handler(bareFetch),
  pipe: () => pipe,
  "http-proxy": httpProxy,
};
const listener = await ways[way]?.();
if (!listener) throw new Error(`expected ${Object.keys(ways).join(", ")}, found ${way}`);
const server = createServer(listener).listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : undefined);
});
process.stdin.resume().on("end", () => process.exit());
