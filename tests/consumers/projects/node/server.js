// A site of plain Node: the page's files, and the relay that adds the key.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { createRelay } from "kling-multi-image2video/relay";

const relay = createRelay({ apiKey: process.env.COMETAPI_KEY, baseUrl: process.env.COMETAPI_BASE });
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

createServer(async (incoming, outgoing) => {
  const { method, headers } = incoming;
  const url = new URL(incoming.url, `http://${headers.host}`);
  let answer;
  if (url.pathname.includes("/v1/videos/")) {
    const body = method === "POST" ? Readable.toWeb(incoming) : undefined;
    answer = await relay(new Request(url, { method, headers, body, duplex: "half" }));
  } else {
    const name = url.pathname.replace(/\/$/, "/index.html");
    const file = await readFile(join(import.meta.dirname, "dist", name)).catch(() => undefined);
    answer = new Response(file, { status: file ? 200 : 404, headers: { "Content-Type": types[extname(name)] ?? "text/plain" } });
  }
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  answer.body ? Readable.fromWeb(answer.body).pipe(outgoing) : outgoing.end();
}).listen(process.env.PORT ?? 8080, "127.0.0.1");
