// Which requests the relay passes on, and how.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, ROUTE, SITE, get, json, post, refused, startService } from "./service.js";

const service = startService();

test("a request is passed on once, with the key and without the page's own headers", async () => {
  const headers = { Authorization: "Bearer of-the-page", Cookie: "session=1", "X-Own": "1" };
  const response = await service.relay()(post('{"prompt":"x"}', headers));
  assert.deepEqual(await response.json(), { code: 0, data: { task_id: "1" } });
  assert.equal(service.requests.length, 1);
  const [{ method, url, headers: got, body }] = service.requests;
  assert.deepEqual(
    [method, url, body],
    ["POST", "/kling/v1/videos/multi-image2video", '{"prompt":"x"}'],
  );
  assert.equal(got.authorization, `Bearer ${KEY}`);
  assert.deepEqual(
    [got.cookie, got["x-own"], got["content-type"]],
    [undefined, undefined, "application/json"],
  );
});

test("no header of the page is passed on, and each call is sent once", async () => {
  const headers = {
    Expect: "100-continue",
    "Keep-Alive": "timeout=77",
    TE: "trailers",
    Upgrade: "h2c",
    "Proxy-Authorization": "Basic of-the-page",
    "X-Forwarded-For": "192.0.2.1",
    Forwarded: "for=192.0.2.1",
    Referer: `${SITE}/private`,
    Origin: SITE,
    "Content-Encoding": "identity",
    "Idempotency-Key": "of-the-page",
    Range: "bytes=0-1",
  };
  for (const [name, value] of Object.entries(headers)) {
    service.requests = [];
    assert.equal((await service.relay()(post("{}", { [name]: value }))).status, 200, name);
    assert.equal(service.requests.length, 1, name);
    assert.notEqual(service.requests[0].headers[name.toLowerCase()], value, name);
  }
});

test("a query goes to its task", async () => {
  const response = await service.relay()(get(`${ROUTE}/8613-ab_C?x=1`));
  assert.equal(response.status, 200);
  assert.deepEqual(
    [
      service.requests[0].method,
      service.requests[0].url,
      service.requests[0].headers.authorization,
    ],
    ["GET", "/kling/v1/videos/multi-image2video/8613-ab_C", `Bearer ${KEY}`],
  );
});

test("any id of the service stays one segment", async () => {
  for (const id of [
    "video_bGl0ZQ==",
    "kling:task:1",
    "projects/p/operations/1",
    "a b",
    "100%",
    "é任务🌊",
    "a.",
    "a..b",
    "..a",
    // Text that reads as percent-encoded, and characters that only stand in a URL percent-encoded.
    "a%0Ab",
    "50%0A",
    "a%00b",
    "job%7F",
    "a%2Fb",
    "%25252525",
    "a%250Ab",
    "a\0",
    "a\nb",
    "a\r\nX-Own: 1",
    "\u007f",
    "a\tb",
    "a/b",
    "\\a",
    "a?b#c",
    "\u2028",
    "x".repeat(8192),
  ]) {
    service.requests.length = 0;
    const asked = [];
    const relay = service.relay({
      authorize: (request, { action, id }) => asked.push([action, id]) > 0,
    });
    const segment = encodeURIComponent(id);
    for (const path of [`${ROUTE}/${segment}`, `/v1/videos/${segment}/content`])
      await relay(get(path));
    assert.deepEqual(
      service.requests.map(({ url }) => url),
      [`/kling/v1/videos/multi-image2video/${segment}`, `/v1/videos/${segment}/content`],
    );
    assert.deepEqual(asked, [
      ["query", id],
      ["content", id],
    ]);
  }
});

test("other paths and methods are refused", async () => {
  for (const path of [
    "/",
    "/v1/videos",
    `${ROUTE}/`,
    `${ROUTE}/a/b`,
    `${ROUTE}/${"a".repeat(8193)}`,
    // A proxy may decode a segment, also more than once, and resolve it.
    `${ROUTE}/..%2Fmodels`,
    `${ROUTE}/a%2F..%2F..%2F..%2Fmodels`,
    `${ROUTE}/a%5C..%5C..%5Cmodels`,
    `${ROUTE}/a%2F..`,
    `${ROUTE}/%252E%252E`,
    `${ROUTE}/%252e%252e%252fmodels`,
    `${ROUTE}/a%25252F%25252E.`,
    `${ROUTE}/..;%2Fmodels`,
    // A server may end a path at a control character, or leave the character out.
    `${ROUTE}/..%00`,
    `${ROUTE}/..%00a`,
    `${ROUTE}/a%2F..%0Ab`,
    `${ROUTE}/.%09.`,
    `${ROUTE}/%0A..%2Fmodels`,
    `${ROUTE}/%2E%250D%2E`,
    `${ROUTE}/a%252F.%25250A.%255Cmodels`,
    `${ROUTE}/%0A`,
    `${ROUTE}/%2500%2509`,
    `/v1/videos/.%1F./content`,
    "/v1/videos/..%2Fmodels/content",
    "/v1/videos/a/content/b",
    "/v1/models",
    `${ROUTE}/../../x`,
  ]) {
    await refused(await service.relay()(get(path)), 404, "relay_path");
  }
  for (const [method, path] of [
    ["GET", ROUTE],
    ["DELETE", `${ROUTE}/1`],
    ["HEAD", `${ROUTE}/1`],
    ["PUT", ROUTE],
    ["POST", `${ROUTE}/1`],
    ["POST", "/v1/videos/1/content"],
    ["OPTIONS", ROUTE],
  ]) {
    const response = await service.relay()(new Request(SITE + path, { method }));
    assert.ok(["GET", "POST"].includes(response.headers.get("allow")), `${method} ${path}`);
    await refused(response, 405, "relay_method");
  }
  await refused(
    await service.relay()(post("x", { "Content-Type": "text/plain" })),
    415,
    "relay_type",
  );
  for (const segment of ["a%", "a%ff", "%zz"])
    await refused(await service.relay()(get(`${ROUTE}/${segment}`)), 403, "relay_failed");
  assert.equal(service.requests.length, 0);
});

test("a body above the limit is refused, and never reaches the service as a whole", async () => {
  const short = service.relay({ maxBodyBytes: 1000 });
  await refused(
    await short(post("x".repeat(1001), { "Content-Length": "1001" })),
    413,
    "relay_size",
  );
  assert.equal(service.requests.length, 0);
  let parts = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, 5));
      parts += 1;
      parts > 20 ? controller.close() : controller.enqueue(new Uint8Array(100));
    },
  });
  await refused(await short(post(stream)), 413, "relay_size");
  await service.settled();
  assert.ok(
    service.requests.length === 0 ||
      (service.requests.length === 1 &&
        service.requests[0].isCut &&
        service.requests[0].body === undefined),
    JSON.stringify(service.requests),
  );
});

test("a broken body never reaches the service as a whole", async () => {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(Buffer.from('{"a":'));
      await new Promise((done) => setTimeout(done, 30));
      controller.error(new Error("gone"));
    },
  });
  await refused(await service.relay()(post(body)), 400, "relay_torn");
  await service.settled();
  assert.ok(
    service.requests.every(({ isCut, body: whole }) => isCut && whole === undefined),
    JSON.stringify(service.requests),
  );
});

test("only the route to a video takes a range", async () => {
  const headers = { Range: "bytes=1-", "If-Range": '"a"' };
  await service.relay()(get("/v1/videos/9/content", headers));
  await service.relay()(get(`${ROUTE}/9`, headers));
  assert.deepEqual(
    service.requests.map(({ headers: got }) => [got.range, got["if-range"]]),
    [
      ["bytes=1-", '"a"'],
      [undefined, undefined],
    ],
  );
});

test("an abort by the page ends a query, not a paid request", async () => {
  let page = new AbortController();
  const ended = new Promise((done) => {
    service.respond = (response) => {
      response.on("close", () => done(response.writableFinished));
      page.abort();
    };
  });
  const query = service.relay()(new Request(get(`${ROUTE}/1`), { signal: page.signal }));
  assert.equal(
    await Promise.race([
      ended,
      new Promise((done) => setTimeout(done, 120_000, "still open").unref()),
    ]),
    false,
  );
  await refused(await query, 502, "do_request_failed");
  page = new AbortController();
  service.respond = (response) => {
    page.abort();
    setTimeout(() => json(200, { code: 0 })(response), 50);
  };
  const paid = await service.relay()(new Request(post("{}"), { signal: page.signal }));
  assert.equal(paid.status, 200);
});
