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
  video.write("\0\0\0\x18ftypmp42", "latin1");
  for (const type of [
    "video/mp4",
    "Video/MP4; codecs=avc1",
    "video/webm",
    "binary/octet-stream",
    "application/octet-stream",
    "application/octet-stream; charset=binary",
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

const boxed = (name) => Buffer.from(`\0\0\0\x08${name}\xff\xfe`, "latin1");

test("the first bytes of a response decide whether it is a video", async () => {
  const names = "ftyp styp moov moof mdat free skip wide uuid sidx pdin emsg";
  const videos = names.split(" ").map(boxed);
  videos.push(Buffer.from("\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "latin1"));
  // Shorter than any key.
  videos.push(Buffer.from("\0\0\0\x18fty", "latin1"), Buffer.from("\0\0"), Buffer.alloc(0));
  for (const video of videos) {
    for (const type of ["video/mp4", "application/octet-stream", undefined]) {
      const headers = { "Content-Length": video.length, ...(type && { "Content-Type": type }) };
      service.respond = (response) => response.writeHead(200, headers).end(video);
      const response = await service.relay()(get("/v1/videos/9/content"));
      const name = `${type} ${video.toString("latin1")}`;
      assert.equal(response.headers.get("content-length"), String(video.length), name);
      assert.equal(response.headers.get("content-security-policy"), null, name);
      assert.ok(video.equals(Buffer.from(await response.arrayBuffer())), name);
    }
  }
  const texts = [
    [200, "video/mp4", `ftyp ${KEY}`],
    [200, "video/mp4", `{"error":"${KEY}"}`],
    [200, "application/octet-stream", `{"error":"${KEY}"}`],
    [200, "binary/octet-stream", `<Error>${KEY}</Error>`],
    [200, undefined, `{"error":"${KEY}"}`],
    [200, "application/x-ndjson", `{"a":1}\n{"error":"${KEY}"}\n`],
    [200, "application/javascript", `var key = "${KEY}"`],
    [200, "text/event-stream", `data: ${KEY}\n\n`],
    [200, "image/svg+xml", `<svg>${KEY}</svg>`],
    [200, "application/x-www-form-urlencoded", `key=${KEY}`],
    // A type that a browser shows or runs is no video, however it begins.
    [200, "text/html", `\0\0\0\x18ftyp${KEY}`],
    [200, "application/octet-streams", `\0\0\0\x18ftyp${KEY}`],
    [400, "video/mp4", `\0\0\0\x18ftyp${KEY}`],
    [206, "video/mp4", `{"error":"${KEY}"}`, "bytes 0-99/200"],
    [206, "video/mp4", `{"error":"${KEY}"}`, "bytes */200"],
    [206, "video/mp4", `{"error":"${KEY}"}`],
    [206, "text/plain", `{"error":"${KEY}"}`, "bytes 5-99/200"],
    [206, "multipart/byteranges; boundary=x", `--x\r\n\r\n${KEY}`, "bytes 5-99/200"],
    [200, "video/mp4", `{"error":"${KEY}"}`, "bytes 5-99/200"],
    // A later part that the page did not request.
    [206, "video/mp4", `{"error":"${KEY}"}`, "bytes 5-99/200"],
  ];
  for (const [status, type, text, range] of texts) {
    const headers = {
      ...(type && { "Content-Type": type }),
      ...(range && { "Content-Range": range }),
    };
    service.respond = (response) => response.writeHead(status, headers).end(text);
    const response = await service.relay()(get("/v1/videos/9/content"));
    const name = `${status} ${type} ${range} ${text}`;
    assert.deepEqual(
      [response.status, await response.text()],
      [status, text.replace(KEY, "[key]")],
      name,
    );
    assert.match(response.headers.get("content-security-policy"), /sandbox/, name);
  }
});

test("a part of a video that is not its beginning may begin with any bytes", async () => {
  for (const type of ["video/mp4", "application/octet-stream", "binary/octet-stream", undefined]) {
    for (const [start, part] of [
      [1, "\0\0\x18ftypmp42"],
      [8, "any bytes at all"],
      [1 << 20, '{"a":"b"}'],
      [10 ** 10, "x"],
      [2, ""],
    ]) {
      const headers = {
        ...(type && { "Content-Type": type }),
        "Content-Range": `bytes ${start}-${start + part.length}/${10 ** 11}`,
        "Content-Length": part.length,
      };
      service.respond = (response) => response.writeHead(206, headers).end(part);
      const response = await service.relay()(
        get("/v1/videos/9/content", { Range: `bytes=${start}-` }),
      );
      const found = [
        response.status,
        response.headers.get("content-length"),
        await response.text(),
      ];
      assert.deepEqual(found, [206, String(part.length), part], `${type} ${start}`);
      assert.equal(response.headers.get("content-security-policy"), null);
    }
  }
});

test("a video is passed on while it arrives, and no faster than the page reads it", async () => {
  const first = boxed("ftyp");
  for (const sizes of [[8], [1, 1, 1, 1, 1, 1, 1, 1], [3, 0, 5], [0, 8], [7, 1]]) {
    let taken = 0;
    let isCancelled = false;
    const parts = [];
    for (const size of sizes) parts.push(first.subarray(taken, (taken += size)));
    let next = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          // An endless video.
          controller.enqueue(new Uint8Array(parts[next] ?? [next]));
          next += 1;
        },
        cancel: () => void (isCancelled = true),
      },
      { highWaterMark: 0 },
    );
    const relay = service.relay({
      fetch: async () => new Response(body, { headers: { "Content-Type": "video/mp4" } }),
    });
    const reader = (await relay(get("/v1/videos/9/content"))).body.getReader();
    const got = [];
    while (got.length < 100) got.push(...(await reader.read()).value);
    assert.deepEqual(got.slice(0, 8), [...first.subarray(0, 8)], String(sizes));
    assert.ok(next < 110, `${next} parts were read`);
    await reader.cancel();
    await new Promise((done) => setTimeout(done, 5));
    assert.ok(isCancelled, String(sizes));
  }
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

test("the rest of a body is read after a network error", async () => {
  const parts = Array.from({ length: 64 }, () => " ".repeat(1 << 16));
  // Also of a `fetch` that does not cancel the body.
  for (const options of [{}, { fetch: () => Promise.reject(new TypeError("no")) }]) {
    let isRead = false;
    const body = streamOf([...parts, "{}"], { onEnd: () => (isRead = true) });
    const relay = service.relay({ baseUrl: "http://127.0.0.1:1", ...options });
    await refused(await relay(post(body)), 502, "do_request_failed");
    for (let left = 2000; !isRead; left -= 1) {
      assert.ok(left, "the rest of the body is read");
      await new Promise((done) => setTimeout(done, 10));
    }
  }
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
