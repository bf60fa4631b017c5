// A service for the relay, which records the requests that it gets.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach } from "node:test";
import { createRelay } from "kling-multi-image2video/relay";

export const KEY = "sk-secret-0123456789";
export const SITE = "https://site.example";
export const ROUTE = "/api/kling/v1/videos/multi-image2video";

/** Starts the service before the tests of a file, and resets it before each of them. */
export function startService() {
  const service = {
    requests: [],
    respond: undefined,
    isEarly: false, // whether it responds before it reads a body
    baseUrl: undefined,
    /** Waits until each request that came was read to its end or cut. */
    async settled() {
      const isOpen = ({ body, isCut }) => body === undefined && !isCut;
      for (let tries = 0; tries === 0 || service.requests.some(isOpen); tries += 1) {
        assert.ok(tries < 2000, "the end of each request");
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    relay: (options) =>
      createRelay({ apiKey: KEY, baseUrl: service.baseUrl, authorize: () => true, ...options }),
  };
  // A connection that the server closes while the next request is sent on it would be a 502.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const parts = [];
    const recorded = { method: request.method, url: request.url, headers: request.headers };
    service.requests.push(recorded);
    if (service.isEarly) return service.respond(response, recorded);
    try {
      for await (const part of request) parts.push(part);
      recorded.body = Buffer.concat(parts).toString();
    } catch {
      recorded.isCut = true;
      return;
    }
    service.respond(response, recorded);
  });
  before(async () => {
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    service.baseUrl = `http://127.0.0.1:${server.address().port}/kling`;
  });
  beforeEach(() => {
    service.requests = [];
    service.isEarly = false;
    service.respond = json(200, { code: 0, data: { task_id: "1" } });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return service;
}

export const json =
  (status, value, headers = {}) =>
  (response) =>
    response
      .writeHead(status, { "Content-Type": "application/json", ...headers })
      .end(JSON.stringify(value));

export const get = (path, headers = {}) => new Request(SITE + path, { headers });

export const post = (body, headers = {}) =>
  new Request(SITE + ROUTE, {
    method: "POST",
    body,
    duplex: "half",
    headers: { "Content-Type": "application/json", ...headers },
  });

/** A body of these parts, which then ends, or breaks off. */
export function streamOf(parts, { isBroken = false, pause = 0, onEnd = () => {} } = {}) {
  let next = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (pause) await new Promise((done) => setTimeout(done, pause));
        if (next < parts.length) controller.enqueue(Buffer.from(parts[next++]));
        else if (isBroken) controller.error(new Error("gone"));
        else {
          controller.close();
          onEnd();
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** Expects a response of the relay itself with this status and code. */
export async function refused(response, status, code) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.ok(!text.includes(KEY));
}
