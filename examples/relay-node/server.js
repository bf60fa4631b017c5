// A site of plain Node: the page's files in `dist`, and the relay that adds the key. Set
// COMETAPI_KEY, and PORT if you like.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createRelay } from "kling-multi-image2video/relay";

const relay = createRelay({
  apiKey: () => process.env.COMETAPI_KEY,
  baseUrl: process.env.COMETAPI_BASE_URL,
  authorize: (_, { action }) => action !== "create" || left-- > 0,
});
/**
 * Who may pay, and how often: your own look at the session belongs here. This is twenty videos an
 * hour for all together.
 */
let left = 20;
setInterval(() => (left = 20), 3_600_000).unref();
/** @type {Record<string, string>} */
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

// Node's own limit is five minutes: four large images over a slow line take longer.
createServer({ requestTimeout: 3_600_000 }, async (incoming, outgoing) => {
  try {
    const answer = await answered(incoming);
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    await pipeline(answer.body ? Readable.fromWeb(answer.body) : Readable.from([]), outgoing);
  } catch {
    outgoing.destroy(); // a request that is none, or a video that broke off, must not end the server
  }
}).listen(Number(process.env.PORT ?? 8080), "127.0.0.1");

/** @param {import("node:http").IncomingMessage} incoming @returns {Promise<Response>} */
async function answered(incoming) {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  rawHeaders.forEach((name, at) => at % 2 || headers.append(name, rawHeaders[at + 1] ?? ""));
  const url = new URL(`http://${headers.get("host")}${incoming.url}`);
  if (url.pathname.includes("/v1/videos/")) {
    const body = method === "POST" ? bodyOf(incoming) : null;
    return relay(new Request(url, { method, headers, body, duplex: "half" }));
  }
  const name = url.pathname.replace(/\/$/, "/index.html");
  const file = await readFile(new URL(`./dist${name}`, import.meta.url)).catch(() => undefined);
  return new Response(file, {
    status: file ? 200 : 404,
    headers: { "Content-Type": types[extname(name)] ?? "application/octet-stream" },
  });
}

/**
 * A body that is read as fast as it is sent on. `Readable.toWeb` would copy each part, and read ahead
 * of a slow service: up to the whole body, in memory.
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
