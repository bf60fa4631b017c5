// Promises that never settle: each wait of the relay has a limit, and ends when the page leaves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRelay } from "kling-multi-image2video/relay";
import { pass, timersLeft, withoutTime } from "./clock.js";
import { KEY, ROUTE, get, post, refused } from "./service.js";

const never = () => new Promise(() => {});
const authorize = () => true;
const CONTENT = "/v1/videos/1/content";
const FTYP = "\0\0\0\x18ftypmp42";

/** Expects that only time is missing to a response, and exactly this much of it. */
async function after(ms, responding) {
  let response;
  responding.then((value) => (response = value));
  await pass(ms - 1);
  assert.equal(response, undefined, `a response within ${ms} ms`);
  await pass(1);
  assert.ok(response, `no response after ${ms} ms`);
  return response;
}

const timed = (name, run) => test(name, () => withoutTime(run));

/** A `fetch` that records its calls, reads the body and then calls `respond`. */
function recording(respond = () => Response.json({ code: 0 })) {
  const sent = [];
  const fetch = async (url, init) => {
    sent.push(init);
    if (init.body) init.received = await new Response(init.body).text();
    return respond(url, init);
  };
  return { sent, fetch };
}

/** A body of these parts, each after a pause; it never ends if `isOpen`. */
function slow(parts, { pauseMs = 0, isOpen = false } = {}) {
  let next = 0;
  const source = {
    async pull(controller) {
      if (next === parts.length) return isOpen ? never() : controller.close();
      if (pauseMs) await new Promise((done) => setTimeout(done, pauseMs));
      controller.enqueue(Buffer.from(parts[next++]));
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

const requests = {
  create: () => post("{}"),
  query: () => get(`${ROUTE}/1`),
  content: () => get(CONTENT),
};

timed("authorize and apiKey have 30 s each, and nothing is sent after them", async () => {
  for (const [name, options] of Object.entries({
    authorize: { authorize: never },
    "authorize, with a thenable": { authorize: () => ({ then() {} }) },
    "authorize, too late": {
      authorize: () => new Promise((done) => setTimeout(done, 30_001, true)),
    },
    apiKey: { apiKey: never },
    "apiKey, too late": { apiKey: () => new Promise((done) => setTimeout(done, 40_000, KEY)) },
  })) {
    for (const [action, request] of Object.entries(requests)) {
      const { sent, fetch } = recording();
      const relay = createRelay({ apiKey: KEY, authorize, fetch, ...options });
      const response = await after(30_000, relay(request()));
      const { message } = await response.clone().json();
      assert.match(message, /more than 30 s.*nothing was sent/, name);
      await refused(response, action === "create" ? 400 : 503, "relay_timeout");
      await pass(600_000);
      assert.equal(sent.length, 0, `${name} ${action}`);
    }
  }
  const { sent, fetch } = recording();
  const pause = (value) => () => new Promise((done) => setTimeout(done, 29_000, value));
  const relay = createRelay({ apiKey: pause(KEY), authorize: pause(true), fetch });
  const responding = relay(post("{}"));
  await pass(29_000);
  assert.equal((await after(29_000, responding)).status, 200, "each has its own limit");
  assert.equal(sent.length, 1);
});

timed("when the page leaves before the request is sent, nothing is sent", async () => {
  for (const [action, request] of Object.entries(requests)) {
    for (const [name, options] of Object.entries({
      authorize: (page) => ({ authorize: () => (page.abort(), never()) }),
      "authorize, which then allows": (page) => ({ authorize: async () => (page.abort(), true) }),
      apiKey: (page) => ({ apiKey: () => (page.abort(), never()) }),
      "apiKey, which then returns": (page) => ({ apiKey: () => (page.abort(), KEY) }),
      "before authorize": (page) => (page.abort(), { authorize: () => assert.fail("called") }),
    })) {
      const page = new AbortController();
      const { sent, fetch } = recording();
      const relay = createRelay({ apiKey: KEY, authorize, fetch, ...options(page) });
      const response = await relay(new Request(request(), { signal: page.signal }));
      await refused(response, 403, "relay_failed");
      assert.deepEqual([sent.length, timersLeft()], [0, 0], `${name} ${action}`);
    }
  }
});

timed("a page that leaves while its first part is read pays nothing", async () => {
  for (const parts of [["{}"], ['{"a":', "1}"], ["{", "}"], [" ", "{}"], ['{"a":1', "}", " "]]) {
    const page = new AbortController();
    let next = 0;
    const pull = (controller) => {
      if (next === parts.length) return controller.close();
      page.abort();
      controller.enqueue(Buffer.from(parts[next++]));
    };
    const { sent, fetch } = recording();
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    const request = new Request(post(body), { signal: page.signal });
    const response = await createRelay({ apiKey: KEY, authorize, fetch })(request);
    await refused(response, 403, "relay_failed");
    assert.equal(sent.length, 0, parts.join("|"));
  }
});

timed("a body that stalls for 30 s is torn, and never reaches the service as a whole", async () => {
  for (const [name, parts, length] of [
    ["before its first part", [], undefined],
    ["before its first part, announced", [], 7],
    ["after a part", ['{"a":'], undefined],
    ["after a part, announced", ['{"a":'], 7],
    ["after three parts", ['{"a"', ":", "1"], undefined],
    ["after its last part, not ended", ['{"a":1}'], undefined],
    ["after two parts that are an object, not ended", ['{"a":', "1}"], 8],
  ]) {
    const headers = length === undefined ? {} : { "Content-Length": String(length) };
    const { sent, fetch } = recording();
    const relay = createRelay({ apiKey: KEY, authorize, fetch });
    const response = await after(30_000, relay(post(slow(parts, { isOpen: true }), headers)));
    assert.match((await response.clone().json()).message, /stalled for 30 s.*no task/, name);
    await refused(response, 400, "relay_torn");
    assert.ok(
      sent.every(({ received }) => received === undefined),
      name,
    );
    if (parts.length < 2) assert.equal(sent.length, 0, name);
  }
});

timed("a slow body has no limit, and the limit of the response starts after it", async () => {
  const { sent, fetch } = recording(async () => {
    await new Promise((done) => setTimeout(done, 119_000));
    return Response.json({ code: 0 });
  });
  const parts = ['{"a":"', ..."bcdefgh", '"}'];
  const responding = createRelay({ apiKey: KEY, authorize, fetch })(
    post(slow(parts, { pauseMs: 29_000 })),
  );
  await pass(29_000 * parts.length);
  assert.equal((await after(119_000, responding)).status, 200);
  assert.equal(sent[0].received, '{"a":"bcdefgh"}');
});

timed(
  "a service that does not respond is given up after 120 s, or 60 s without payment",
  async () => {
    const head = (body, type = "application/json") =>
      new Response(body, { headers: { "Content-Type": type } });
    for (const [name, respond] of Object.entries({
      "no response": never,
      "no body": () => head(slow([], { isOpen: true })),
      "half a body": () => head(slow(['{"code":'], { isOpen: true })),
      "no byte of a video": () => head(slow([], { isOpen: true }), "video/mp4"),
      "half a head of a video": () => head(slow(["\0\0\0"], { isOpen: true }), "video/mp4"),
      "an error without end": () => new Response(slow(["{"], { isOpen: true }), { status: 500 }),
    })) {
      for (const [action, request] of Object.entries(requests)) {
        const { sent, fetch } = recording(respond);
        const relay = createRelay({ apiKey: KEY, authorize, fetch });
        const response = await after(action === "create" ? 120_000 : 60_000, relay(request()));
        const { message } = await response.clone().json();
        assert.equal(message.includes("the task may exist"), action === "create", name);
        await refused(response, 504, "do_request_failed");
        assert.deepEqual([sent.length, sent[0].signal.aborted], [1, true], `${name} ${action}`);
      }
    }
  },
);

timed("a response that comes too late, or after the page has left, is cancelled", async () => {
  for (const [action, request] of Object.entries(requests)) {
    let isCancelled = false;
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
    const late = async () => {
      await new Promise((done) => setTimeout(done, 200_000));
      return new Response(body);
    };
    const relay = createRelay({ apiKey: KEY, authorize, fetch: recording(late).fetch });
    await after(action === "create" ? 120_000 : 60_000, relay(request()));
    await pass(200_000);
    assert.ok(isCancelled, action);
  }
});

timed("a page that leaves ends a query and a video at once, not a paid request", async () => {
  for (const [action, request] of Object.entries(requests)) {
    const page = new AbortController();
    const { sent, fetch } = recording(never);
    const relay = createRelay({ apiKey: KEY, authorize, fetch });
    const responding = relay(new Request(request(), { signal: page.signal }));
    await pass(0);
    page.abort();
    if (action === "create") {
      await refused(await after(120_000, responding), 504, "do_request_failed");
    } else {
      await refused(await responding, 502, "do_request_failed");
      assert.equal(sent[0].signal.aborted, true, action);
    }
  }
});

timed("a video that has begun has no limit", async () => {
  const parts = [FTYP, "a", "b", "c"];
  const { sent, fetch } = recording(() => new Response(slow(parts, { pauseMs: 50_000 })));
  const page = new AbortController();
  const relay = createRelay({ apiKey: KEY, authorize, fetch });
  const responding = relay(new Request(get(CONTENT), { signal: page.signal }));
  const text = (await after(50_000, responding)).text();
  assert.equal(timersLeft(), 0);
  await pass(50_000 * parts.length);
  assert.equal(await text, parts.join(""));
  assert.equal(sent[0].signal.aborted, false);
  page.abort();
  assert.equal(sent[0].signal.aborted, true, "also after the response has begun");
});
