// The relay in the server of plain Node, with requests as they are on the wire.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { KEY, ROUTE, json, startService } from "./service.js";

const service = startService();

const QUERY = `GET ${ROUTE}/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;

/** What a video begins with. */
const FTYP = "\0\0\0\x18ftypmp42";

/** How long no byte may move on a connection, in ms. */
const MAX_SILENCE_MS = 120_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Runs the site's server, and calls `use` with functions that send bytes and return the response. */
async function withSite(use) {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  const env = { ...process.env, PORT: port, COMETAPI_KEY: KEY, COMETAPI_BASE_URL: service.baseUrl };
  const script = fileURLToPath(new URL("../server.js", import.meta.url));
  const server = spawn(process.execPath, [script], { env, stdio: "ignore" });
  const send = (bytes, isCut = false) =>
    new Promise((done) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(bytes);
        if (isCut) setTimeout(() => socket.destroy(), 100);
      });
      socket.on("data", (part) => (text += part));
      socket.on("error", () => {}).on("close", () => done(text));
    });
  /** Sends everything before it reads, as Chromium does, and keeps the connection open. */
  const sendFirst = (bytes, end) =>
    new Promise((done) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () =>
        socket.write(bytes, () =>
          socket.on("data", (part) => {
            text += part;
            if (text.includes(end)) socket.destroy();
          }),
        ),
      );
      socket.setTimeout(MAX_SILENCE_MS, () => socket.destroy());
      socket.on("error", () => {}).on("close", () => done(text));
    });
  try {
    for (let left = 2000; left && !(await send(QUERY)); left -= 1) await pause(50);
    await use({ send, sendFirst, server });
  } finally {
    server.kill();
  }
}

const head = (headers, connection = "close") =>
  [
    `POST ${ROUTE} HTTP/1.1`,
    "Host: h",
    `Connection: ${connection}`,
    "Content-Type: application/json",
    headers,
    "\r\n",
  ].join("\r\n");

test("the server survives malformed requests and a broken video", () =>
  withSite(async ({ send, server }) => {
    service.respond = (response) => {
      response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": 99 }).write(FTYP);
      setTimeout(() => response.destroy(), 50);
    };
    const hostile = [
      "GET // HTTP/1.1\r\nHost: h",
      "GET / HTTP/1.1\r\nHost: a b",
      `TRACE ${ROUTE} HTTP/1.1\r\nHost: h`,
      "GET /v1/videos/1/content HTTP/1.1\r\nHost: h",
    ];
    for (const lines of hostile) {
      await send(`${lines}\r\nConnection: close\r\n\r\n`);
      assert.equal(server.exitCode, null, lines);
    }
    service.respond = json(200, { code: 0 });
    assert.match(await send(QUERY), /^HTTP\/1.1 200/);
  }));

test("a page that is gone, or whose body is incomplete, pays nothing", () =>
  withSite(async ({ send, server }) => {
    for (const [name, bytes, isCut, wanted] of [
      ["complete", head("Content-Length: 7") + '{"a":1}', false, /^HTTP\/1.1 200/],
      [
        "complete, in chunks",
        `${head("Transfer-Encoding: chunked")}7\r\n{"a":1}\r\n0\r\n\r\n`,
        false,
        /^HTTP\/1.1 200/,
      ],
      ["gone, with a length", head("Content-Length: 9") + '{"a":1}', true],
      ["gone, in chunks", `${head("Transfer-Encoding: chunked")}7\r\n{"a":1}\r\n`, true],
      ["gone before the body", head("Content-Length: 9"), true],
      ["gone, after much", head("Content-Length: 9000000") + "x".repeat(1 << 20), true],
      [
        "cut, in chunks",
        `${head("Transfer-Encoding: chunked")}5\r\n{"a":\r\n0\r\n\r\n`,
        false,
        /^HTTP\/1.1 400 [^]*relay_torn/,
      ],
      ["empty", head("Content-Length: 0"), false, /^HTTP\/1.1 400 [^]*relay_torn/],
      ["too long", head(`Content-Length: ${1 << 30}`), false, /^HTTP\/1.1 413 [^]*relay_size/],
    ]) {
      service.requests = [];
      const text = await send(bytes, isCut);
      await pause(100);
      if (wanted) assert.match(text, wanted, name);
      const paid = service.requests.filter(({ body }) => body !== undefined);
      assert.equal(paid.length, name.startsWith("complete") ? 1 : 0, name);
    }
    assert.equal(server.exitCode, null);
  }));

test("a response that comes before the end of a long body reaches the page", () =>
  withSite(async ({ sendFirst }) => {
    service.isEarly = true;
    // More than the connections from here to the service can buffer.
    const body = `{"a":"${"x".repeat(32 << 20)}"}`;
    for (const status of [400, 401, 413, 429, 503]) {
      service.respond = json(status, { code: 1302, message: "early" });
      const request = head(`Content-Length: ${body.length}`, "keep-alive") + body;
      const text = await sendFirst(request, "early");
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} [^]*early`), text.slice(0, 500));
    }
  }));
