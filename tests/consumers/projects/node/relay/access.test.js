// Who may use the relay: origins, `authorize`, the key, the options.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelay } from "kling-multi-image2video/relay";
import { KEY, ROUTE, SITE, get, post, refused, startService, streamOf } from "./service.js";

const service = startService();

test("other origins are refused unless they are allowed", async () => {
  const foreign = "https://elsewhere.example";
  for (const headers of [
    { Origin: foreign },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { Origin: "null" },
    { Origin: foreign, "Sec-Fetch-Site": "cross-site" },
  ]) {
    await refused(await service.relay()(post("{}", headers)), 403, "relay_origin");
  }
  assert.equal(service.requests.length, 0);
  for (const headers of [
    { Origin: SITE },
    { Origin: "http://behind-a-proxy", "Sec-Fetch-Site": "same-origin" },
    {},
  ]) {
    const response = await service.relay()(post("{}", headers));
    assert.deepEqual(
      [response.status, response.headers.get("access-control-allow-origin")],
      [200, null],
    );
  }
  const open = service.relay({ allowOrigins: [foreign] });
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

test("a page of an allowed origin may send and read the headers of the client", async () => {
  const origin = "https://elsewhere.example";
  const { headers } = await service.relay({ allowOrigins: [origin] })(
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
    (await service.relay()(get(`${ROUTE}/1`, { "Sec-Fetch-Site": "none" }))).status,
    200,
    "a URL that a person typed",
  );
});

test("authorize decides on each call", async () => {
  const calls = [];
  const authorized = service.relay({
    authorize(request, call) {
      calls.push([request.headers.get("cookie"), request.body, call]);
      return call.action !== "create";
    },
  });
  await refused(await authorized(post("{}", { Cookie: "session=1" })), 403, "relay_forbidden");
  assert.equal((await authorized(get(`${ROUTE}/1`))).status, 200);
  assert.deepEqual(calls, [
    ["session=1", null, { action: "create" }],
    [null, null, { action: "query", id: "1" }],
  ]);
  const own = await service.relay({
    authorize: async () => Response.json({ code: "limit" }, { status: 429 }),
  })(post("{}"));
  assert.deepEqual([own.status, await own.json()], [429, { code: "limit" }]);
  const broken = service.relay({
    authorize: () => {
      throw new Error(`no database ${KEY}`);
    },
  });
  await refused(await broken(post("{}")), 403, "relay_failed");
  assert.equal(service.requests.filter(({ method }) => method === "POST").length, 0);
});

test("without `true` from authorize, or without JSON, no request is sent", async () => {
  for (const verdict of [undefined, false, null, 0, "", "no", {}]) {
    await refused(
      await service.relay({ authorize: () => verdict })(post("{}")),
      403,
      "relay_forbidden",
    );
  }
  const used = Response.json({});
  await used.text();
  for (const verdict of [Response.error(), used]) {
    await refused(
      await service.relay({ authorize: () => verdict })(post("{}")),
      403,
      "relay_failed",
    );
  }
  for (const type of ["application/json-patch+json", "application/jsonx"]) {
    await refused(await service.relay()(post("{}", { "Content-Type": type })), 415, "relay_type");
  }
  const never = () => assert.fail("sent");
  await refused(
    await service.relay({ maxBodyBytes: 1, fetch: never })(post("{}", { "Content-Length": "2" })),
    413,
    "relay_size",
  );
  assert.equal(service.requests.length, 0);
  assert.equal(
    (
      await service.relay({ authorize: () => true })(
        post("{}", { "Content-Type": "application/json; charset=utf-8" }),
      )
    ).status,
    200,
  );
});

test("without a key no request is sent", async () => {
  for (const apiKey of [
    () => undefined,
    () => "",
    async () => "two\nlines",
    () => {
      throw new Error("x");
    },
  ]) {
    const response = await service.relay({ apiKey })(post("{}"));
    assert.equal(response.status, 403);
  }
  assert.equal(service.requests.length, 0);
});

test("without authorize there is no relay, and the error has the line that lets anyone pay", () => {
  for (const options of [
    {},
    { authorize: undefined },
    { authorize: null },
    { authorize: false },
    { authorize: true },
    { authorize: "anyone" },
    { authorize: Promise.resolve(true) },
  ]) {
    assert.throws(
      () => createRelay({ apiKey: KEY, ...options }),
      (error) => error instanceof TypeError && error.message.includes("`authorize: () => true`"),
      JSON.stringify(options),
    );
  }
  assert.equal(typeof createRelay({ apiKey: KEY, authorize: () => true }), "function");
});

test("a refused call never reads the body", async () => {
  const authorize = () => true;
  for (const [status, options, headers] of [
    [403, { authorize: () => false }],
    [403, { authorize: async () => undefined }],
    [401, { authorize: () => new Response(null, { status: 401 }) }],
    [
      403,
      {
        authorize() {
          throw new Error("x");
        },
      },
    ],
    [403, { authorize, apiKey: () => undefined }],
    [403, { authorize }, { Origin: "https://elsewhere.example" }],
    [413, { authorize, maxBodyBytes: 1 }, { "Content-Length": "2" }],
    [415, { authorize }, { "Content-Type": "text/plain" }],
    [415, { authorize }, { "Content-Encoding": "gzip" }],
    [400, { authorize }, { "Content-Length": "two" }],
  ]) {
    const request = post(streamOf(["{}"]), headers);
    const response = await service.relay(options)(request);
    const found = JSON.stringify([status, headers]);
    assert.deepEqual([response.status, request.bodyUsed], [status, false], found);
    assert.equal(await request.text(), "{}", found);
  }
  assert.equal(service.requests.length, 0);
});

test("bad options throw at once", () => {
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
    [{ apiKey: KEY, authorize: () => true, baseUrl: "https://example.com/#x" }, /baseUrl/],
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

test("a value of the wrong type throws an error with its name", () => {
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
        () => createRelay({ apiKey: KEY, authorize: () => true, [name]: value }),
        (error) => error instanceof TypeError && error.message.includes(name),
        name,
      );
    }
  }
  for (const value of values) assert.throws(() => createRelay(value), TypeError);
});
