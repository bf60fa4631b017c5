// The relay before a service that notes what it gets.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createRelay } from "kling-multi-image2video/relay";

const KEY = "sk-secret-0123456789";
const SITE = "https://site.example";
const ROUTE = "/api/kling/v1/videos/multi-image2video";

let service, seen, answer, baseUrl;

before(async () => {
  service = createServer(async (request, response) => {
    const parts = [];
    const noted = { method: request.method, url: request.url, headers: request.headers };
    seen.push(noted);
    try {
      for await (const part of request) parts.push(part);
      noted.body = Buffer.concat(parts).toString();
    } catch {
      noted.isCut = true;
      return;
    }
    answer(response, noted);
  });
  await new Promise((done) => service.listen(0, "127.0.0.1", done));
  baseUrl = `http://127.0.0.1:${service.address().port}/kling`;
});

after(() => {
  service.closeAllConnections();
  service.close();
});

beforeEach(() => {
  seen = [];
  answer = json(200, { code: 0, data: { task_id: "1" } });
});

const json =
  (status, value, headers = {}) =>
  (response) =>
    response
      .writeHead(status, { "Content-Type": "application/json", ...headers })
      .end(JSON.stringify(value));

const relay = (options) => createRelay({ apiKey: KEY, baseUrl, ...options });
const get = (path, headers = {}) => new Request(SITE + path, { headers });
const post = (body, headers = {}) =>
  new Request(SITE + ROUTE, {
    method: "POST",
    body,
    duplex: "half",
    headers: { "Content-Type": "application/json", ...headers },
  });

async function refused(response, status, code) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.ok(!text.includes(KEY));
}

test("a request goes through once, with the key and nothing of the page's own", async () => {
  const headers = { Authorization: "Bearer of-the-page", Cookie: "session=1", "X-Own": "1" };
  const response = await relay()(post('{"prompt":"x"}', headers));
  assert.deepEqual(await response.json(), { code: 0, data: { task_id: "1" } });
  assert.equal(seen.length, 1);
  const [{ method, url, headers: got, body }] = seen;
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

test("a question goes to its task", async () => {
  const response = await relay()(get(`${ROUTE}/8613-ab_C?x=1`));
  assert.equal(response.status, 200);
  assert.deepEqual(
    [seen[0].method, seen[0].url, seen[0].headers.authorization],
    ["GET", "/kling/v1/videos/multi-image2video/8613-ab_C", `Bearer ${KEY}`],
  );
});

test("a video is streamed from the origin of the service, also a part of it", async () => {
  answer = (response) =>
    response
      .writeHead(206, {
        "Content-Type": "video/mp4",
        "Content-Length": 3,
        "Content-Range": "bytes 2-4/5",
        "Set-Cookie": "a=1",
        "X-Inner": "1",
      })
      .end("cde");
  const response = await relay()(
    get("/v1/videos/9/content", { Range: "bytes=2-", Cookie: "session=1" }),
  );
  assert.deepEqual(
    [seen[0].url, seen[0].headers.range, seen[0].headers.cookie],
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

test("the service's refusals come back as they are, but for the key", async () => {
  answer = json(429, { code: 1302, message: `Bearer ${KEY} is too fast` }, { "Retry-After": "7" });
  const response = await relay()(post("{}"));
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "7"]);
  assert.deepEqual(await response.json(), { code: 1302, message: "Bearer [key] is too fast" });
  assert.equal(seen.length, 1, "never repeated");
});

test("other paths and methods are refused", async () => {
  for (const path of [
    "/",
    "/v1/videos",
    `${ROUTE}/`,
    `${ROUTE}/a/b`,
    `${ROUTE}/a%2Fb`,
    `${ROUTE}/a%2e`,
    `${ROUTE}/${"a".repeat(129)}`,
    "/v1/videos/a/content/b",
    "/v1/models",
    `${ROUTE}/../../x`,
  ]) {
    await refused(await relay()(get(path)), 404, "relay_path");
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
    const response = await relay()(new Request(SITE + path, { method }));
    assert.ok(["GET", "POST"].includes(response.headers.get("allow")), `${method} ${path}`);
    await refused(response, 405, "relay_method");
  }
  await refused(await relay()(post("x", { "Content-Type": "text/plain" })), 415, "relay_type");
  assert.equal(seen.length, 0);
});

test("other origins are refused, unless they are named", async () => {
  const foreign = "https://elsewhere.example";
  for (const headers of [
    { Origin: foreign },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { Origin: "null" },
    { Origin: foreign, "Sec-Fetch-Site": "cross-site" },
  ]) {
    await refused(await relay()(post("{}", headers)), 403, "relay_origin");
  }
  assert.equal(seen.length, 0);
  for (const headers of [
    { Origin: SITE },
    { Origin: "http://behind-a-proxy", "Sec-Fetch-Site": "same-origin" },
    {},
  ]) {
    const response = await relay()(post("{}", headers));
    assert.deepEqual(
      [response.status, response.headers.get("access-control-allow-origin")],
      [200, null],
    );
  }
  const open = relay({ allowOrigins: [foreign] });
  const preflight = await open(
    new Request(SITE + ROUTE, { method: "OPTIONS", headers: { Origin: foreign } }),
  );
  assert.deepEqual(
    [
      preflight.status,
      preflight.headers.get("access-control-allow-origin"),
      preflight.headers.get("vary"),
    ],
    [204, foreign, "Origin"],
  );
  const response = await open(post("{}", { Origin: foreign, "Sec-Fetch-Site": "cross-site" }));
  assert.deepEqual(
    [response.status, response.headers.get("access-control-allow-origin")],
    [200, foreign],
  );
  const refusal = await open(new Request(`${SITE}/x`, { headers: { Origin: foreign } }));
  assert.equal(
    refusal.headers.get("access-control-allow-origin"),
    foreign,
    "a page must be able to read why",
  );
});

test("a body that is too long is refused, and never reaches the service whole", async () => {
  const short = relay({ maxBodyBytes: 1000 });
  await refused(
    await short(post("x".repeat(1001), { "Content-Length": "1001" })),
    413,
    "relay_size",
  );
  assert.equal(seen.length, 0);
  let parts = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, 5));
      parts += 1;
      parts > 20 ? controller.close() : controller.enqueue(new Uint8Array(100));
    },
  });
  await refused(await short(post(stream)), 413, "relay_size");
  await new Promise((done) => setTimeout(done, 100));
  assert.ok(
    seen.length === 0 || (seen.length === 1 && seen[0].isCut && seen[0].body === undefined),
    JSON.stringify(seen),
  );
});

test("the site has its say", async () => {
  const calls = [];
  const asked = relay({
    authorize(request, call) {
      calls.push([request.headers.get("cookie"), request.body, call]);
      return call.action !== "create";
    },
  });
  await refused(await asked(post("{}", { Cookie: "session=1" })), 403, "relay_forbidden");
  assert.equal((await asked(get(`${ROUTE}/1`))).status, 200);
  assert.deepEqual(calls, [
    ["session=1", null, { action: "create" }],
    [null, null, { action: "query", id: "1" }],
  ]);
  const own = await relay({
    authorize: async () => Response.json({ code: "limit" }, { status: 429 }),
  })(post("{}"));
  assert.deepEqual([own.status, await own.json()], [429, { code: "limit" }]);
  const broken = relay({
    authorize: () => {
      throw new Error(`no database ${KEY}`);
    },
  });
  await refused(await broken(post("{}")), 403, "relay_failed");
  assert.equal(seen.filter(({ method }) => method === "POST").length, 0);
});

test("no key, nothing sent", async () => {
  for (const apiKey of [
    () => undefined,
    () => "",
    async () => "two\nlines",
    () => {
      throw new Error("x");
    },
  ]) {
    const response = await relay({ apiKey })(post("{}"));
    assert.equal(response.status, 403);
  }
  assert.equal(seen.length, 0);
});

test("a redirect is not followed", async () => {
  answer = (response) => response.writeHead(307, { Location: `${baseUrl}/elsewhere` }).end();
  for (const request of [post("{}"), get(`${ROUTE}/1`)])
    await refused(await relay()(request), 307, "redirected");
  assert.equal(seen.length, 2);
  const opaque = await relay({
    fetch: async () =>
      Object.defineProperties(Response.error(), { type: { value: "opaqueredirect" } }),
  })(post("{}"));
  await refused(opaque, 307, "redirected");
});

test("a service that does not answer may have a task all the same", async () => {
  answer = (response) => response.destroy();
  await refused(await relay()(post("{}")), 502, "do_request_failed");
  assert.equal(seen.length, 1, "sent once");
  await refused(await relay()(get(`${ROUTE}/1`)), 502, "do_request_failed");
  answer = (response) => response.writeHead(200).end("x".repeat((1 << 20) + 1));
  await refused(await relay()(get(`${ROUTE}/1`)), 502, "do_request_failed");
});

test("a page that goes away ends a question and tears no paid request", async () => {
  let page = new AbortController();
  const ended = new Promise((done) => {
    answer = (response) => {
      response.on("close", () => done(response.writableFinished));
      page.abort();
    };
  });
  const question = relay()(new Request(get(`${ROUTE}/1`), { signal: page.signal }));
  assert.equal(
    await Promise.race([ended, new Promise((done) => setTimeout(done, 2000, "still open"))]),
    false,
  );
  await refused(await question, 502, "do_request_failed");
  page = new AbortController();
  answer = (response) => {
    page.abort();
    setTimeout(() => json(200, { code: 0 })(response), 50);
  };
  const paid = await relay()(new Request(post("{}"), { signal: page.signal }));
  assert.equal(paid.status, 200);
});

test("bad options are told at once", () => {
  const wrong = [
    [undefined, /apiKey/],
    [{}, /apiKey/],
    [{ apiKey: "two words" }, /apiKey/],
    [{ apiKey: KEY, baseUrl: "http://example.com" }, /baseUrl/],
    [{ apiKey: KEY, baseUrl: "https://a:b@example.com" }, /baseUrl/],
    [{ apiKey: KEY, baseUrl: "nowhere" }, /baseUrl/],
    [{ apiKey: KEY, allowOrigins: ["https://example.com/"] }, /allowOrigins/],
    [{ apiKey: KEY, allowOrigins: ["*"] }, /allowOrigins/],
    [{ apiKey: KEY, baseUrl: "https://:b@example.com" }, /baseUrl/],
    [{ apiKey: KEY, baseUrl: "https://example.com/kling?x=1" }, /baseUrl/],
    [{ apiKey: KEY, allowOrigins: "https://example.com" }, /allowOrigins/],
    [{ apiKey: KEY, allowOrigins: 5 }, /allowOrigins/],
    [{ apiKey: KEY, fetch: 5 }, /fetch/],
    [{ apiKey: KEY, maxBodyBytes: 0 }, /maxBodyBytes/],
    [{ apiKey: KEY, authorize: true }, /authorize/],
    [{ apiKey: KEY, authorise: () => false }, /authorise/],
  ];
  for (const [options, named] of wrong) {
    assert.throws(
      () => createRelay(options),
      (error) =>
        error instanceof TypeError && named.test(error.message) && !error.message.includes(KEY),
      JSON.stringify(options),
    );
  }
});

test("a value of the wrong type is refused by its name", () => {
  const values = [
    null,
    0,
    7,
    "",
    true,
    [],
    {},
    () => {},
    Symbol("x"),
    5n,
    new Map([["a", 1]]),
    new Set([1]),
    new Date(),
    Promise.resolve(),
    ["https://example.com"],
  ];
  const right = {
    apiKey: (value) => typeof value === "function",
    baseUrl: () => false,
    allowOrigins: Array.isArray,
    maxBodyBytes: (value) => value === 7,
    authorize: (value) => typeof value === "function",
    fetch: (value) => typeof value === "function",
  };
  for (const [name, isRight] of Object.entries(right)) {
    for (const value of values.filter((value) => !isRight(value))) {
      assert.throws(
        () => createRelay({ apiKey: KEY, [name]: value }),
        (error) => error instanceof TypeError && error.message.includes(name),
        name,
      );
    }
  }
  for (const value of values) assert.throws(() => createRelay(value), TypeError);
});

test("a video arrives whole, whatever its store calls it", async () => {
  const video = Buffer.alloc(2 << 20, 0xff); // longer than any other answer, and no UTF-8
  for (const type of [
    "video/mp4",
    "binary/octet-stream",
    "application/octet-stream",
    "application/mp4",
    undefined,
  ]) {
    answer = (response) =>
      response
        .writeHead(200, { ...(type && { "Content-Type": type }), "Accept-Ranges": "bytes" })
        .end(video);
    const response = await relay()(get("/v1/videos/9/content"));
    assert.deepEqual(
      [response.status, response.headers.get("accept-ranges")],
      [200, "bytes"],
      type,
    );
    assert.ok(video.equals(Buffer.from(await response.arrayBuffer())), type);
  }
  answer = json(200, { code: 5000, message: KEY });
  assert.deepEqual(await (await relay()(get("/v1/videos/9/content"))).json(), {
    code: 5000,
    message: "[key]",
  });
  const packed = gzipSync(video);
  const headers = {
    "Content-Type": "video/mp4",
    "Content-Encoding": "gzip",
    "Content-Length": packed.length,
  };
  answer = (response) => response.writeHead(200, headers).end(packed);
  const unpacked = await relay()(get("/v1/videos/9/content"));
  assert.equal(unpacked.headers.get("content-length"), null, "the length of something else");
  assert.equal((await unpacked.arrayBuffer()).byteLength, video.length);
});

test("only the route to a video takes a range", async () => {
  const headers = { Range: "bytes=1-", "If-Range": '"a"' };
  await relay()(get("/v1/videos/9/content", headers));
  await relay()(get(`${ROUTE}/9`, headers));
  assert.deepEqual(
    seen.map(({ headers: got }) => [got.range, got["if-range"]]),
    [
      ["bytes=1-", '"a"'],
      [undefined, undefined],
    ],
  );
});

test("nothing of the key comes back, and no page of the gateway runs as one of the site", async () => {
  answer = (response) =>
    response
      .writeHead(502, { "Content-Type": "text/html", ETag: KEY })
      .end(`<p>${KEY}, ${KEY} \u{1f3ac}`);
  const response = await relay()(get(`${ROUTE}/1`));
  const { headers } = response;
  assert.deepEqual(
    [response.status, await response.text(), headers.get("etag")],
    [502, "<p>[key], [key] \u{1f3ac}", "[key]"],
  );
  assert.match(headers.get("content-security-policy"), /sandbox/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  answer = (reply) => {
    reply.writeHead(200);
    reply.write(Buffer.from("é").subarray(0, 1));
    setTimeout(() => reply.end(Buffer.from("é").subarray(1)), 20);
  };
  assert.equal(await (await relay()(get(`${ROUTE}/1`))).text(), "é", "a letter in two parts");
  answer = (reply) => reply.writeHead(307, { Location: `/?${KEY}` }).end();
  assert.ok(!(await (await relay()(get(`${ROUTE}/1`))).text()).includes(KEY));
});

test("a page of a named origin may send and read what the client needs", async () => {
  const origin = "https://elsewhere.example";
  const { headers } = await relay({ allowOrigins: [origin] })(
    new Request(SITE + ROUTE, { method: "OPTIONS", headers: { Origin: origin } }),
  );
  for (const [name, wanted] of [
    ["Methods", ["GET", "POST"]],
    ["Headers", ["Authorization", "Content-Type", "Range"]],
  ]) {
    for (const word of wanted)
      assert.ok(headers.get(`access-control-allow-${name}`).split(", ").includes(word), word);
  }
  for (const word of ["Content-Length", "Content-Range", "Retry-After"]) {
    assert.ok(headers.get("access-control-expose-headers").split(", ").includes(word), word);
  }
  assert.equal(
    (await relay()(get(`${ROUTE}/1`, { "Sec-Fetch-Site": "none" }))).status,
    200,
    "an address that a person typed",
  );
});

test("what is no clear yes of the site, or no JSON, is not sent", async () => {
  for (const verdict of [undefined, false, null, 0, "", "no", {}]) {
    await refused(await relay({ authorize: () => verdict })(post("{}")), 403, "relay_forbidden");
  }
  const used = Response.json({});
  await used.text();
  for (const verdict of [Response.error(), used]) {
    await refused(await relay({ authorize: () => verdict })(post("{}")), 403, "relay_failed");
  }
  for (const type of ["application/json-patch+json", "application/jsonx"]) {
    await refused(await relay()(post("{}", { "Content-Type": type })), 415, "relay_type");
  }
  const never = () => assert.fail("sent");
  await refused(
    await relay({ maxBodyBytes: 1, fetch: never })(post("{}", { "Content-Length": "2" })),
    413,
    "relay_size",
  );
  assert.equal(seen.length, 0);
  assert.equal(
    (
      await relay({ authorize: () => true })(
        post("{}", { "Content-Type": "application/json; charset=utf-8" }),
      )
    ).status,
    200,
  );
});

test("a body that breaks off never reaches the service whole", async () => {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(Buffer.from('{"a":'));
      await new Promise((done) => setTimeout(done, 30));
      controller.error(new Error("gone"));
    },
  });
  await refused(await relay()(post(body)), 502, "do_request_failed");
  await new Promise((done) => setTimeout(done, 50));
  assert.ok(
    seen.every(({ isCut, body: whole }) => isCut && whole === undefined),
    JSON.stringify(seen),
  );
});

test("the server survives what is no request, and a video that breaks off", async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  const env = { ...process.env, PORT: port, COMETAPI_KEY: KEY, COMETAPI_BASE: baseUrl };
  const server = spawn(process.execPath, [fileURLToPath(new URL("server.js", import.meta.url))], {
    env,
    stdio: "ignore",
  });
  const ask = (head) =>
    new Promise((done) => {
      let text = "";
      const line = connect(port, "127.0.0.1", () => line.write(`${head}\r\n\r\n`)).on(
        "data",
        (part) => {
          text += part;
        },
      );
      line.on("error", () => {}).on("close", () => done(text));
    });
  const question = `GET ${ROUTE}/1 HTTP/1.1\r\nHost: h\r\nConnection: close`;
  try {
    for (let left = 100; left && !(await ask(question)); left -= 1)
      await new Promise((done) => setTimeout(done, 50));
    answer = (response) => {
      response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": 9 }).write("x");
      setTimeout(() => response.destroy(), 50);
    };
    const hostile = [
      "GET // HTTP/1.1\r\nHost: h",
      "GET / HTTP/1.1\r\nHost: a b",
      `TRACE ${ROUTE} HTTP/1.1\r\nHost: h`,
      "GET /v1/videos/1/content HTTP/1.1\r\nHost: h",
    ];
    for (const head of hostile) {
      await ask(`${head}\r\nConnection: close`);
      assert.equal(server.exitCode, null, head);
    }
    answer = json(200, { code: 0 });
    assert.match(await ask(question), /^HTTP\/1.1 200/);
  } finally {
    server.kill();
  }
});
