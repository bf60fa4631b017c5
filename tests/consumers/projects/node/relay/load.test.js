// Large bodies and many requests: what the relay keeps in memory meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelay } from "kling-multi-image2video/relay";
import { KEY, ROUTE, get, json, post, startService } from "./service.js";

const service = startService();

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** How many requests are open at once. Bun sends at most 256, and the others after them. */
const OPEN = globalThis.Bun ? 250 : 1000;

/** A JSON body of many parts, made one by one, which counts those that were handed out. */
function countedBody({ parts, bytes, onPart = () => {} }) {
  const body = { handed: 0, bytes: parts * bytes, stream: undefined };
  body.stream = new ReadableStream(
    {
      async pull(controller) {
        if (body.handed === parts) return controller.close();
        const part = new Uint8Array(bytes).fill(0x78);
        body.handed += 1;
        if (body.handed === parts) part[bytes - 1] = 0x7d;
        await onPart(part, body);
        controller.enqueue(part);
      },
    },
    { highWaterMark: 0 },
  );
  return body;
}

test("the relay has at most two parts of a body that the service did not read yet", async () => {
  for (const [parts, bytes, isAnnounced] of [
    [1, 1, true],
    [2, 10, true],
    [3, 10, false],
    [100, 1, false],
    [100, 65_536, true],
    [56, 1 << 20, true],
    [56, 1 << 20, false],
  ]) {
    const body = countedBody({ parts, bytes });
    let most = 0;
    const fetch = async (_, init) => {
      const reader = init.body.getReader();
      for (let received = 0; ; received += 1) {
        for (let left = 5; left; left -= 1) await new Promise((done) => setImmediate(done));
        most = Math.max(most, body.handed - received);
        if ((await reader.read()).done) break;
      }
      return Response.json({ code: 0 });
    };
    const relay = createRelay({ apiKey: KEY, authorize: () => true, fetch });
    const headers = isAnnounced ? { "Content-Length": String(body.bytes) } : {};
    const response = await relay(post(body.stream, headers));
    const name = `${parts} parts of ${bytes} bytes`;
    assert.deepEqual([response.status, body.handed], [200, parts], name);
    assert.ok(most <= 2, `${name}: ${most}`);
  }
});

/** Makes garbage until at most this many objects are left; returns how many are. */
async function collected(count, most) {
  for (let rounds = 0; rounds < 400 && count() > most; rounds += 1) {
    globalThis.Bun?.gc(true);
    globalThis.gc?.();
    for (let made = 0; made < 8; made += 1) new Uint8Array(8 << 20).fill(1);
    await pause(5);
  }
  return count();
}

test("no runtime keeps the parts that were sent", async () => {
  // Connections have buffers, too. A relay that kept what was sent would have nearly all parts.
  const [parts, bytes, most] = [400, 65_536, 200];
  for (const isAnnounced of [true, false]) {
    let live = 0;
    const registry = new FinalizationRegistry(() => (live -= 1));
    let left;
    const onPart = async (part, { handed }) => {
      live += 1;
      registry.register(part);
      // Near the end, while the request is open.
      if (handed === parts - 10) left = await collected(() => live, most);
    };
    const body = countedBody({ parts, bytes, onPart });
    const headers = isAnnounced ? { "Content-Length": String(body.bytes) } : {};
    const response = await service.relay()(post(body.stream, headers));
    assert.equal(response.status, 200, await response.text());
    assert.ok(left <= most, `${left} of ${parts} parts are still in memory`);
  }
});

test("a service that does not read stops the body of the page", async () => {
  // Far more than a connection can buffer: 36 MiB with the limits of Linux. A slow machine uses most of it.
  const parts = 256;
  service.isEarly = true;
  let incoming;
  service.respond = (response) => {
    incoming = response.req;
    incoming.once("end", () => json(200, { code: 0 })(response));
  };
  const body = countedBody({ parts, bytes: 1 << 20 });
  const headers = { "Content-Length": String(body.bytes) };
  const relay = service.relay({ maxBodyBytes: body.bytes });
  const responding = relay(post(body.stream, headers));
  for (let same = 0, last = -1; !incoming || same < 10; last = body.handed) {
    await pause(50);
    same = body.handed === last ? same + 1 : 0;
  }
  assert.ok(body.handed < parts / 2, `${body.handed} of ${parts} MiB are on their way`);
  incoming.resume();
  const response = await responding;
  assert.deepEqual([response.status, body.handed], [200, parts], await response.text());
});

test("a thousand requests are open at once, and each gets its own response", async () => {
  const held = [];
  service.respond = (response, { method, url, body }) => {
    held.push(() => json(200, { code: 0, data: { method, url, body } })(response));
    if (held.length === OPEN) for (const respond of held) respond();
  };
  const relay = service.relay();
  const calls = Array.from({ length: OPEN }, async (_, at) => {
    const isPaid = at % 2 === 0;
    const body = JSON.stringify({ at });
    const response = await relay(isPaid ? post(body) : get(`${ROUTE}/${at}`));
    const { data } = await response.json();
    const route = "/kling/v1/videos/multi-image2video";
    const wanted = isPaid
      ? { method: "POST", url: route, body }
      : { method: "GET", url: `${route}/${at}`, body: "" };
    assert.deepEqual(data, wanted);
  });
  await Promise.all(calls);
  assert.equal(service.requests.length, OPEN, "each is sent once");
});
