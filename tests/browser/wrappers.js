// The functions that sites put around `fetch`, as the option of the client and as the global: each
// sees what it expects, and every header arrives.

import { equal, fails, ok } from "./expect.js";
import { PATIENT, makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

/** Each calls `own`, the browser's `fetch`, as code of a site does. */
const WRAPPERS = {
  "adds a header to those it spreads": `(input, init) =>
    own(input, { ...init, headers: { ...init?.headers, Accept: "application/json" } })`,
  "makes Headers of them": `(input, init) => {
    const headers = new Headers(init.headers);
    headers.set("Accept", "application/json");
    return own(input, { ...init, headers });
  }`,
  "reads the names of the headers": `(input, init) => {
    if (init.method === "POST" && Object.keys(init.headers).sort().join() !== "Authorization,Content-Type")
      throw new Error("other headers than expected");
    return own(input, init);
  }`,
  "makes a string of its input": `(input, init) => own(String(input), init)`,
  "replaces a part of the URL": `(input, init) => own(input.replace("http:", "http:"), init)`,
  "looks at the start of the URL": `(input, init) =>
    input.startsWith("http") ? own(input, init) : Promise.reject(new Error("no"))`,
  "reads the method": `(input, init) => {
    if (!["GET", "POST"].includes(init.method.toUpperCase())) throw new Error("no method");
    return own(input, init);
  }`,
  "makes a Request": `(input, init) => own(new Request(input, init))`,
  "clones a Request": `async (input, init) => {
    const request = new Request(input, init);
    await request.clone().text();
    return own(request);
  }`,
  "adds a member to the headers": `(input, init) => {
    init.headers.Accept = "application/json";
    return own(input, init);
  }`,
  "passes all arguments": `(...given) => own(...given)`,
};

/** What a function of a site may return in place of the browser's Response, given that. */
const RESPONSES = {
  "another Response": `new Response(await response.text(), { status: response.status })`,
  "an object with the members of a Response": `({
    status: response.status,
    headers: response.headers,
    text: () => response.text(),
  })`,
  "headers as a map": `({
    ok: response.ok,
    status: response.status,
    headers: new Map(response.headers),
    text: () => response.text(),
  })`,
  "a proxy": `new Proxy(response, {
    get: (own, name) => typeof own[name] === "function" ? own[name].bind(own) : own[name],
  })`,
  "a body of its own": `({
    status: response.status,
    headers: response.headers,
    body: new Blob([await response.text()]).stream(),
  })`,
};

/** Submits and waits with a wrapper around `fetch`. Returns the status, and whether it was called. */
const generate = (kit, wrapper, isOption, image) =>
  inWorker(
    kit,
    `
    const own = globalThis.fetch.bind(globalThis);
    let calls = 0;
    const wrapper = ${wrapper};
    const counted = (...given) => {
      calls += 1;
      return wrapper(...given);
    };
    if (!${isOption}) globalThis.fetch = counted;
    const client = makeClient("ok,submitted=20,processing=20", {
      polling: PATIENT,
      store: "memory",
      ...(${isOption} && { fetch: counted }),
    });
    const task = await client.generate({ images: [given], prompt: "a calm sea" });
    return [task.status, calls > 2];`,
    image,
  );

export const run = runner({
  async each_usual_wrapper_of_fetch_sees_what_it_expects(kit) {
    const image = await makeImage();
    for (const [name, wrapper] of Object.entries(WRAPPERS))
      for (const isOption of [true, false])
        equal(await generate(kit, wrapper, isOption, image), ["succeed", true], name);
    const { charges, violations } = await kit.account();
    equal([charges.length, violations], [2 * Object.keys(WRAPPERS).length, []]);
  },

  async each_usual_form_of_a_response_is_read(kit) {
    const image = await makeImage();
    for (const [name, response] of Object.entries(RESPONSES)) {
      const wrapper = `async (...given) => {
        const response = await own(...given);
        return ${response};
      }`;
      equal(await generate(kit, wrapper, true, image), ["succeed", true], name);
    }
    equal((await kit.account()).charges.length, Object.keys(RESPONSES).length);
  },

  async a_wrapper_that_fails_during_the_paid_request_leaves_the_outcome_unknown(kit) {
    const request = await kit.request();
    const text = () => Promise.resolve("{}");
    const failures = {
      "throws before it calls fetch": () => {
        throw new Error("no");
      },
      "throws after it called fetch": (...given) => {
        fetch(...given);
        throw new Error("no");
      },
      rejects: () => Promise.reject(new Error("no")),
      "returns nothing": () => undefined,
      "returns an object without headers": async () => ({ status: 200, text }),
      "returns headers that throw": async () => ({
        status: 200,
        headers: {
          get() {
            throw new Error("no");
          },
        },
        text,
      }),
      "returns a body that throws": async () => ({
        status: 200,
        headers: new Map(),
        text() {
          throw new Error("no");
        },
      }),
    };
    for (const [name, fail] of Object.entries(failures)) {
      const client = kit.client("ok,dedupe=0,lookup=0", {
        store: "memory",
        storeName: name,
        polling: { ...PATIENT, outageBudget: 100 },
        fetch: (url, init) => (init.method === "POST" ? fail(url, init) : fetch(url, init)),
      });
      const error = await fails(client.submit(request), "submission_unknown");
      const [record, ...others] = await client.records();
      equal(
        [record.state, record.externalTaskId, others.length, error.retryable],
        ["unknown", error.externalTaskId, 0, false],
        name,
      );
    }
    ok((await kit.account()).charges.length <= 1, "no second charge");
  },
});
