// No spelling of the key survives in a response. The cases are also those of `core/src/redact.rs`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRelay } from "kling-multi-image2video/relay";
import { ROUTE, get, post, refused } from "./service.js";

const cases = JSON.parse(readFileSync(new URL("./redact.json", import.meta.url), "utf8"));

const authorize = () => true;

/** The relay's response to a query which the service responds to with this text and these headers. */
const relayed = (apiKey, text, { status = 200, headers = {}, request = get(`${ROUTE}/1`) } = {}) =>
  createRelay({ apiKey, authorize, fetch: async () => new Response(text, { status, headers }) })(
    request,
  );

const redact = async (key, text) => (await relayed(key, text)).text();

const hexOf = (letter) => letter.charCodeAt(0).toString(16).padStart(2, "0");

/** The key in base64, within other bytes, as different programs write it. */
function inBase64(key, before) {
  const base64 = btoa(`${before}${key}!!`);
  const forUrls = base64.replaceAll("+", "-").replaceAll("/", "_");
  return [
    base64,
    base64.replaceAll("=", ""),
    forUrls,
    forUrls.replaceAll("=", ""),
    base64.replaceAll("/", "\\/").replaceAll("+", "\\u002b").replaceAll("=", "\\u003d"),
    encodeURIComponent(base64),
  ];
}

test("each spelling is found", async () => {
  for (const [text, expected] of cases.found)
    assert.equal(await redact(cases.key, text), expected, text);
  for (const [key, text, expected] of cases.otherKeys)
    assert.equal(await redact(key, text), expected, `${key} in ${text}`);
  for (const before of cases.beforeBase64) {
    for (const text of inBase64(cases.key, before)) {
      const redacted = await redact(cases.key, `"${text}"`);
      // Around the key stays what also depends on other bytes.
      assert.ok(/^"[^"]*\[key\]/.test(redacted) && redacted.length < 35, `${text}: ${redacted}`);
    }
  }
});

test("keys that look like escapes are found, and JSON stays JSON", async () => {
  for (const key of cases.keysLikeEscapes) {
    const json = JSON.stringify(`x${key}`);
    for (const text of [key, json, JSON.stringify(json), `\\${key}`, key.replaceAll("%", "%25")]) {
      const redacted = await redact(key, text);
      assert.ok(redacted.includes("[key]"), `${key} in ${text}: ${redacted}`);
      if (text.startsWith('"')) JSON.parse(redacted);
    }
  }
});

test("no mixture of spellings survives", async () => {
  const spellings = [
    (letter) => letter,
    (letter) => `%${hexOf(letter)}`,
    (letter) => `%25${hexOf(letter).toUpperCase()}`,
    (letter) => `%252525${hexOf(letter)}`,
    (letter) => `%25%3${hexOf(letter)[0]}${hexOf(letter)[1]}`,
    (letter) => `\\u00${hexOf(letter)}`,
    (letter) => `\\\\\\u00${hexOf(letter).toUpperCase()}`,
    (letter) => `%5Cu00${hexOf(letter)}`,
    (letter) => `\\u0025${hexOf(letter)}`,
    (letter) => (letter === "/" ? "\\/" : letter),
  ];
  let seed = 1;
  for (let round = 0; round < 200; round += 1) {
    const pick = () => (seed = (seed * 48271) % 2147483647) % spellings.length;
    const spelled = [...cases.key].map((letter) => spellings[pick()](letter)).join("");
    assert.equal(await redact(cases.key, `<${spelled}>`), "<[key]>", spelled);
  }
});

test("other texts come back unchanged, and the time is linear", async () => {
  for (const unit of cases.repeated) {
    const text = unit.repeat((1 << 17) / new TextEncoder().encode(unit).length);
    const began = performance.now();
    assert.equal(await redact(cases.key, text), text);
    const tookMs = performance.now() - began;
    // Far from what a busy machine takes, and far below what a square of the length would take.
    assert.ok(tookMs < 20_000, `${unit}: ${tookMs} ms`);
  }
});

test("a page finds no key in any response, of any status, type or route", async () => {
  const key = "sk-AbCdEf/0123456789";
  const escaped = [...key].map((letter) => `\\u00${hexOf(letter)}`).join("");
  const spelled = [
    [key, "[key]"],
    [key.replaceAll("/", "\\/"), "[key]"],
    [key.replace("-", "\\u002d"), "[key]"],
    [escaped, "[key]"],
    [encodeURIComponent(key), "[key]"],
    [encodeURIComponent(encodeURIComponent(key)), "[key]"],
    // The last letter also depends on what follows the key.
    [btoa(key), "[key]k="],
    [JSON.stringify(`{"key":"${key.replaceAll("/", "\\/")}"}`).slice(1, -1), '{"key":"[key]"}'],
  ];
  const types = ["application/json", "text/html", "application/x-ndjson", "video/mp4", undefined];
  for (const [text, wanted] of spelled) {
    for (const [status, type] of [200, 400, 401, 500].flatMap((s) => types.map((t) => [s, t]))) {
      const headers = type ? { "Content-Type": type } : {};
      const body = `{"code":1000,"message":"bad token ${text}","data":{"task_status_msg":"${text}"}}`;
      for (const request of [post("{}"), get(`${ROUTE}/1`), get("/v1/videos/1/content")]) {
        const fetched = async (url, init) => {
          if (init.body) await new Response(init.body).text();
          return new Response(body, { status, headers });
        };
        const response = await createRelay({ apiKey: key, authorize, fetch: fetched })(request);
        assert.equal(response.status, status);
        assert.deepEqual(
          await response.json(),
          { code: 1000, message: `bad token ${wanted}`, data: { task_status_msg: wanted } },
          `${status} ${type} ${text}`,
        );
      }
    }
  }
});

test("the headers that are passed on have no key, and the others are not passed on", async () => {
  const key = "sk-AbCdEf/0123456789";
  const spelled = [key, encodeURIComponent(key), btoa(key), `\\u0073${key.slice(1)}`, `"${key}"`];
  const passed = ["content-range", "accept-ranges", "retry-after", "etag", "last-modified"];
  const dropped = ["location", "set-cookie", "www-authenticate", "server", "x-key", "link", "via"];
  for (const value of spelled) {
    for (const name of ["content-type", ...passed, ...dropped]) {
      for (const request of [get(`${ROUTE}/1`), get("/v1/videos/1/content")]) {
        const response = await relayed(key, "{}", { request, headers: { [name]: `a ${value}` } });
        const all = [...response.headers].join();
        assert.ok(!all.includes(value) && !all.includes(key), all);
        if (passed.includes(name)) assert.match(response.headers.get(name), /^a "?\[key\]/, name);
        if (dropped.includes(name)) assert.equal(response.headers.get(name), null, name);
      }
    }
  }
});

test("a redirect's target, and errors that contain the key, are left out", async () => {
  const apiKey = "sk-AbCdEf/0123456789";
  const throws = () => {
    throw new Error(`no vault for ${apiKey}`);
  };
  for (const [options, status, code] of [
    [{ authorize: throws }, 403, "relay_failed"],
    [{ authorize: async () => throws() }, 403, "relay_failed"],
    [{ apiKey: throws }, 403, "relay_failed"],
    [{ apiKey: async () => throws() }, 403, "relay_failed"],
    [{ apiKey: async () => Promise.reject(apiKey) }, 403, "relay_failed"],
    [{ apiKey: () => `${apiKey} ` }, 403, "relay_key"],
    [{ fetch: throws }, 502, "do_request_failed"],
    [{ fetch: async () => throws() }, 502, "do_request_failed"],
    [{ fetch: async () => Response.redirect(`https://h/?k=${apiKey}`) }, 302, "redirected"],
  ]) {
    for (const request of [post("{}"), get(`${ROUTE}/1`), get("/v1/videos/1/content")]) {
      const response = await createRelay({ apiKey, authorize, ...options })(request);
      const all = `${JSON.stringify([...response.headers])} ${await response.clone().text()}`;
      assert.ok(!all.includes("AbCdEf"), all);
      assert.equal(response.headers.get("location"), null);
      await refused(response, status, code);
    }
  }
});
