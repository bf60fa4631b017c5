// What comes back through the relay.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { KEY, ROUTE, get, json, post, refused, startService, streamOf } from "./service.js";

const service = startService();

test("a video, or a part of it, is streamed from the origin of the service", async () => {
  service.respond = (response) =>
    response
      .writeHead(206, {
        "Content-Type": "video/mp4",
        "Content-Length": 3,
        "Content-Range": "bytes 2-4/5",
        "Set-Cookie": "a=1",
        "X-Inner": "1",
      })
      .end("cde");
  const response = await service.relay()(
    get("/v1/videos/9/content", { Range: "bytes=2-", Cookie: "session=1" }),
  );
  assert.deepEqual(
    [
      service.requests[0].url,
      service.requests[0].headers.range,
      service.requests[0].headers.cookie,
    ],
    ["/v1/videos/9/content", "bytes=2-", undefined],
  );
  assert.deepEqual([response.status, await response.text()], [206, "cde"]);
  const { headers } = response;
  assert.deepEqual(
    [headers.get("content-range"), headers.get("content-length"), headers.get("x-inner")],
    ["bytes 2-4/5", "3", null],
  );
  assert.deepEqual(headers.getSetCookie(), []);
});

test("a video arrives whole, with any content type", async () => {
  const video = Buffer.alloc(2 << 20, 0xff); // longer than any other response, and not UTF-8
  for (const type of [
    "video/mp4",
    "binary/octet-stream",
    "application/octet-stream",
    "application/mp4",
    undefined,
  ]) {
    service.respond = (response) =>
      response
        .writeHead(200, { ...(type && { "Content-Type": type }), "Accept-Ranges": "bytes" })
        .end(video);
    const response = await service.relay()(get("/v1/videos/9/content"));
    assert.deepEqual(
      [response.status, response.headers.get("accept-ranges")],
      [200, "bytes"],
      type,
    );
    assert.ok(video.equals(Buffer.from(await response.arrayBuffer())), type);
  }
  service.respond = json(200, { code: 5000, message: KEY });
  assert.deepEqual(await (await service.relay()(get("/v1/videos/9/content"))).json(), {
    code: 5000,
    message: "[key]",
  });
  const packed = gzipSync(video);
  const headers = {
    "Content-Type": "video/mp4",
    "Content-Encoding": "gzip",
    "Content-Length": packed.length,
  };
  service.respond = (response) => response.writeHead(200, headers).end(packed);
  const unpacked = await service.relay()(get("/v1/videos/9/content"));
  assert.equal(unpacked.headers.get("content-length"), null, "the length of something else");
  assert.equal((await unpacked.arrayBuffer()).byteLength, video.length);
});

test("the length, range and validators of a video are passed on if they are those of its body", async () => {
  const packed = gzipSync("abcde");
  const video = { "Content-Type": "video/mp4" };
  for (const [status, headers, body, wanted] of [
    [200, { ...video, "Content-Length": 5 }, "abcde", { "content-length": "5" }],
    [200, video, "abcde", { "content-length": null }],
    [200, { ...video, ETag: '"a"', "Accept-Ranges": "bytes" }, "abcde", { etag: '"a"' }],
    [
      206,
      { ...video, "Content-Length": 2, "Content-Range": "bytes 3-4/5", ETag: '"a"' },
      "de",
      { "content-length": "2", "content-range": "bytes 3-4/5", etag: '"a"' },
    ],
    [416, { "Content-Range": "bytes */5" }, "", { "content-range": "bytes */5" }],
    [
      200,
      { ...video, "Content-Encoding": "gzip", "Content-Length": packed.length },
      packed,
      { "content-length": null, "content-encoding": null },
    ],
    [204, {}, "", { "content-type": null }],
    [
      200,
      { ...video, "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT" },
      "abcde",
      { "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" },
    ],
  ]) {
    service.respond = (response) => response.writeHead(status, headers).end(body);
    const range = body === packed ? {} : { Range: "bytes=3-", "If-Range": '"a"' };
    const response = await service.relay()(get("/v1/videos/9/content", range));
    const found = JSON.stringify([status, headers]);
    assert.equal(response.status, status, found);
    for (const [name, value] of Object.entries(wanted))
      assert.equal(response.headers.get(name), value, `${found} ${name}`);
    assert.equal(await response.text(), body === packed ? "abcde" : body, found);
    assert.equal(service.requests.at(-1).headers["if-range"], range["If-Range"]);
  }
});

test("a 304, which the relay never requests, is no redirect and no success", async () => {
  service.respond = (response) => response.writeHead(304).end();
  for (const request of [post("{}"), get(`${ROUTE}/1`), get("/v1/videos/9/content")])
    await refused(await service.relay()(request), 502, "do_request_failed");
});

test("a response that comes before the end of the body reaches the page", async () => {
  service.isEarly = true;
  for (const status of [400, 401, 403, 411, 413, 429, 500, 503]) {
    service.respond = json(status, { code: 1302, message: "early" });
    const parts = Array.from({ length: 64 }, () => " ".repeat(1 << 16));
    const response = await service.relay()(post(streamOf([...parts, "{}"], { pause: 1 })));
    assert.deepEqual([response.status, (await response.json()).message], [status, "early"]);
  }
});

test("an error response of the service comes back unchanged, without the key", async () => {
  service.respond = json(
    429,
    { code: 1302, message: `Bearer ${KEY} is too fast` },
    { "Retry-After": "7" },
  );
  const response = await service.relay()(post("{}"));
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "7"]);
  assert.deepEqual(await response.json(), { code: 1302, message: "Bearer [key] is too fast" });
  assert.equal(service.requests.length, 1, "never repeated");
});

test("no response contains the key, and no HTML of the gateway runs as a page of the site", async () => {
  service.respond = (response) =>
    response
      .writeHead(502, { "Content-Type": "text/html", ETag: KEY })
      .end(`<p>${KEY}, ${KEY} \u{1f3ac}`);
  const response = await service.relay()(get(`${ROUTE}/1`));
  const { headers } = response;
  assert.deepEqual(
    [response.status, await response.text(), headers.get("etag")],
    [502, "<p>[key], [key] \u{1f3ac}", "[key]"],
  );
  assert.match(headers.get("content-security-policy"), /sandbox/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  service.respond = (reply) => {
    reply.writeHead(200);
    reply.write(Buffer.from("é").subarray(0, 1));
    setTimeout(() => reply.end(Buffer.from("é").subarray(1)), 20);
  };
  assert.equal(
    await (await service.relay()(get(`${ROUTE}/1`))).text(),
    "é",
    "a letter in two parts",
  );
  service.respond = (reply) => reply.writeHead(307, { Location: `/?${KEY}` }).end();
  assert.ok(!(await (await service.relay()(get(`${ROUTE}/1`))).text()).includes(KEY));
});

test("a redirect is not followed", async () => {
  service.respond = (response) =>
    response.writeHead(307, { Location: `${service.baseUrl}/elsewhere` }).end();
  for (const request of [post("{}"), get(`${ROUTE}/1`)])
    await refused(await service.relay()(request), 307, "redirected");
  assert.equal(service.requests.length, 2);
  const opaque = await service.relay({
    fetch: async () =>
      Object.defineProperties(Response.error(), { type: { value: "opaqueredirect" } }),
  })(post("{}"));
  await refused(opaque, 307, "redirected");
});

test("without a response the status is 502, because the task may exist", async () => {
  service.respond = (response) => response.destroy();
  await refused(await service.relay()(post("{}")), 502, "do_request_failed");
  assert.equal(service.requests.length, 1, "sent once");
  await refused(await service.relay()(get(`${ROUTE}/1`)), 502, "do_request_failed");
  service.respond = (response) => response.writeHead(200).end("x".repeat((1 << 20) + 1));
  await refused(await service.relay()(get(`${ROUTE}/1`)), 502, "do_request_failed");
});
