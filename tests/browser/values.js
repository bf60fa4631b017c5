// What a caller may pass: values of the wrong type, foreign objects, getters that throw.

import { equal, fails, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

export const run = runner({
  async a_value_that_is_no_file_is_refused_and_hangs_no_call(kit) {
    const { kling } = kit;
    const jpeg = await makeImage();
    for (const fake of [new Proxy(jpeg, {}), {}, { size: 5 }, 7, null])
      await fails(kling.inspectImage(fake), "invalid_option");
    for (const fake of [
      { size: 5000, slice() {}, arrayBuffer() {} },
      {
        size: 5000,
        slice() {
          return this;
        },
        arrayBuffer() {
          return 5;
        },
      },
      {
        size: 5000,
        slice() {
          return this;
        },
        async arrayBuffer() {},
      },
      {
        size: 5000,
        slice() {
          throw new Error("no");
        },
        arrayBuffer() {},
      },
    ])
      equal((await kling.inspectImage(fake)).issues[0].params, { reason: "unreadable" });
    for (const reads of [1, 2, 3, 4, 5, 6]) {
      let left = reads;
      const failing = {
        get size() {
          if (left-- > 0) return jpeg.size;
          throw new Error("a late error");
        },
        slice: (...range) => jpeg.slice(...range),
        arrayBuffer: () => jpeg.arrayBuffer(),
      };
      const signal = AbortSignal.timeout(120_000);
      const client = kit.client("ok");
      const request = { images: [failing], prompt: "a calm sea" };
      const outcome = await client.submit(request, { signal }).catch((error) => error);
      ok(!signal.aborted, `${reads} reads of the size: the call ends`);
      ok(outcome.taskId || kling.isKlingError(outcome), `${reads} reads: ${outcome}`);
      ok(outcome.code !== "internal", `${reads} reads: ${outcome}`);
    }
    const frame = document.body.appendChild(document.createElement("iframe"));
    const foreign = new frame.contentWindow.Blob([await jpeg.arrayBuffer()]);
    equal((await kling.inspectImage(foreign)).format, "jpeg", "a blob of another realm");
    const client = kit.client("ok", { fetch: (...given) => frame.contentWindow.fetch(...given) });
    equal(
      (await client.submit({ images: [foreign], prompt: "x" })).status,
      "submitted",
      "a response of another realm",
    );
    frame.remove();
  },

  async fields_of_a_class_are_read(kit) {
    class Store {
      images = [];
      get prompt() {
        return "a walk";
      }
      get mode() {
        return "pro";
      }
      get duration() {
        return 10;
      }
    }
    const request = Object.assign(new Store(), { images: [await makeImage()] });
    const body = JSON.parse(await (await kit.kling.buildRequestBody(request)).text());
    equal([body.prompt, body.mode, body.duration], ["a walk", "pro", "10"]);
    await kit
      .client()
      .submit(Object.create({ images: [await makeImage()], prompt: "x", mode: "pro" }));
    equal((await kit.account()).charges[0].usd, 0.46);
  },

  async a_getter_that_throws_is_an_invalid_option(kit) {
    const { kling } = kit;
    const broken = {
      get prompt() {
        throw new Error("mine");
      },
      images: [],
    };
    for (const call of [
      kling.validateRequest(broken),
      kling.buildRequestBody(broken),
      kit.client().submit(broken),
      kit.client().generate(broken),
      kling.validateRequest({ images: { length: Symbol() } }),
      kling.validateRequest({
        images: (function* () {
          throw new Error("mine");
        })(),
      }),
      kling
        .createClient({
          get apiKey() {
            throw new Error("mine");
          },
        })
        .getTask("1"),
      kit.client().getTask("1", {
        get signal() {
          throw new Error("mine");
        },
      }),
    ])
      ok((await fails(call, "invalid_option")).cause instanceof Error, "the cause");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    equal(kling.isKlingError(proxy), false);
  },

  async a_value_of_the_wrong_type_is_refused(kit) {
    const { kling } = kit;
    const values = [
      null,
      0,
      7,
      "",
      "x",
      true,
      [],
      {},
      () => {},
      Symbol("x"),
      5n,
      new Map(),
      new Set(),
      new Date(),
      new Blob(),
      Promise.resolve({}),
      new String("x"),
    ];
    const named = (value) =>
      `${Object.prototype.toString.call(value)} ${typeof value === "symbol" ? "" : String(value)}`;
    const isString = (value) => typeof value === "string";
    const isFunction = (value) => typeof value === "function";
    const isPlain = (value) => named(value) === "[object Object] [object Object]";
    const isAny = () => false;
    /** Each option, a call with it, and which of the values above it accepts. */
    const client = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base(), ...options }).records();
    const call = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base() }).getTask("1", options);
    const wait = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base() }).wait("1", options);
    const options = [
      [
        "options.apiKey",
        (apiKey) => client({ apiKey }),
        (value) => isFunction(value) || value === "x",
      ],
      ["baseUrl", (baseUrl) => client({ baseUrl }), isString],
      ["options.store", (store) => client({ store }), isAny],
      ["options.storeName", (storeName) => client({ storeName }), (value) => value === "x"],
      ["options.fetch", (fetch) => client({ fetch }), isFunction],
      ["polling", (polling) => client({ polling }), isPlain],
      ...["firstDelay", "interval", "maxInterval", "outageBudget", "notFoundGrace"].map((name) => [
        `polling.${name}`,
        (value) => client({ polling: { [name]: value } }),
        isAny,
      ]),
      ["options", (options) => kling.createClient(options).storage(), isPlain],
      ["options.signal", (signal) => call({ signal }), isAny],
      ["options", (options) => call(options), isPlain],
      ["options.onProgress", (onProgress) => wait({ onProgress }), isFunction],
      ["options.timeout", (timeout) => wait({ timeout }), isAny],
      ["options", (options) => wait(options), isPlain],
      [
        "id",
        (id) => kling.createClient({ store: "memory" }).keptVideo(id),
        (value) => value === "x",
      ],
      ["image", (image) => kling.inspectImage(image), (value) => value instanceof Blob],
      [
        "source",
        (source) => kling.default(source),
        (value) => isString(value) || value instanceof Promise,
      ],
    ];
    for (const [path, refused, isRight] of options) {
      for (const value of values.filter((value) => !isRight(value))) {
        const error = await refused(value).then(
          () => undefined,
          (error) => error,
        );
        ok(
          error?.code === "invalid_option" && error.message.includes(path.split(".").at(-1)),
          `${path} refuses ${named(value)}: ${error}`,
        );
      }
    }
    const good = { images: [await makeImage()], prompt: "x" };
    const fields = {
      images: isAny,
      prompt: isString,
      negativePrompt: isString,
      mode: isAny,
      duration: isAny,
      aspectRatio: isAny,
      modelName: (value) => value === "x",
      callbackUrl: isAny,
      externalTaskId: (value) => value === "x",
    };
    for (const [name, isRight] of Object.entries(fields)) {
      for (const value of values.filter((value) => !isRight(value))) {
        const errors = (await kling.validateRequest({ ...good, [name]: value })).filter(
          ({ severity }) => severity === "error",
        );
        ok(
          errors.some(({ path }) => path.startsWith(name)),
          `${name} refuses ${named(value)}: ${JSON.stringify(errors)}`,
        );
      }
    }
    for (const value of values) {
      ok(
        (await kling.validateRequest(value)).some(({ severity }) => severity === "error"),
        `a request that is ${named(value)}`,
      );
    }
    equal(
      (
        await kling.validateRequest(
          new (class Request {
            images = good.images;
            prompt = "x";
          })(),
        )
      ).length,
      0,
      "issues of a request that is an instance of a class",
    );
    equal(
      (await kling.validateRequest({ ...good, callbackUrl: new URL("https://example.com/") }))
        .length,
      0,
    );
  },

  async a_foreign_module_is_refused_and_the_next_load_works(kit) {
    const seen = await inWorker(
      kit,
      `
      const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      const code = await init(empty).catch((error) => error.code);
      await init();
      return [code, (await kling.inspectImage(given)).format];`,
      await makeImage(),
    );
    equal(seen, ["wasm_load", "jpeg"]);
  },

  async a_timeout_covers_the_key_function(kit) {
    const client = kit.client("ok", { apiKey: () => new Promise(() => {}) });
    await fails(client.wait("1", { timeout: 50 }), "timeout");
    await fails(client.watch("1", { timeout: 50 })[Symbol.asyncIterator]().next(), "timeout");
  },
});
