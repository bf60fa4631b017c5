import { equal, fails, inWorker, ok, picture, runner } from "./kit.js";

/** A client whose every request gets this answer. */
const answered = ({ kling, key }, answer) =>
  kling.createClient({
    apiKey: key,
    baseUrl: "https://service.example",
    store: "memory",
    polling: { firstDelay: 20, interval: 20, outageBudget: 100, notFoundGrace: 100 },
    fetch: async (request) => answer(request),
  });

const json = (value, init) =>
  new Response(typeof value === "string" ? value : JSON.stringify(value), init);
const flat = (data) => json({ code: 0, message: "SUCCEED", data });

/** Answers the question before paying as nobody, and the submission as told. */
const onPost = (answer) => (request) =>
  request.method === "POST"
    ? answer(request)
    : json({ code: "task_not_exist", message: "" }, { status: 400 });

export const run = runner({
  async what_is_no_file_is_refused_and_hangs_nothing(kit) {
    const { kling } = kit;
    const jpeg = await picture();
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
    const frame = document.body.appendChild(document.createElement("iframe"));
    const foreign = new frame.contentWindow.Blob([await jpeg.arrayBuffer()]);
    equal((await kling.inspectImage(foreign)).format, "jpeg", "of another realm");
    const client = kit.client("ok", { fetch: (...how) => frame.contentWindow.fetch(...how) });
    equal(
      (await client.submit({ images: [foreign], prompt: "x" })).status,
      "submitted",
      "an answer of another realm",
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
    const request = Object.assign(new Store(), { images: [await picture()] });
    const body = JSON.parse(await (await kit.kling.buildRequestBody(request)).text());
    equal([body.prompt, body.mode, body.duration], ["a walk", "pro", "10"]);
    await kit
      .client()
      .submit(Object.create({ images: [await picture()], prompt: "x", mode: "pro" }));
    equal((await kit.account()).charges[0].usd, 0.46);
  },

  async what_throws_when_read_is_an_error_of_ours(kit) {
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

  async numbers_beyond_every_measure_lose_no_task(kit) {
    const paid = answered(
      kit,
      onPost(() =>
        json(
          '{"data":{"task_id":18446744073709551615,"task_status":"submitted","created_at":1795424152771000000,"updated_at":-1}}',
        ),
      ),
    );
    const task = await paid.submit(await kit.request());
    equal(
      [task.taskId, task.createdAt, task.status],
      ["18446744073709551615", undefined, "submitted"],
    );
    equal((await paid.records())[0].taskId, task.taskId);
    for (const [status, body, code] of [
      [401, '{"code":9223372036854775807,"message":"x"}', "unauthorized"],
      [500, '{"code":1795424152771000000,"message":"x"}', "submission_unknown"],
      [429, '{"code":1e99,"message":"x"}', "rate_limited"],
    ]) {
      const client = answered(
        kit,
        onPost(() => json(body, { status, headers: { "Retry-After": "99999999999999999" } })),
      );
      const error = await fails(client.submit(await kit.request()), code);
      equal(
        [error.status, typeof error.externalTaskId, error.retryAfter],
        [status, "string", undefined],
      );
    }
  },

  async an_answer_of_which_nothing_may_be_read_proves_nothing(kit) {
    const client = answered(
      kit,
      onPost(() => Response.error()),
    );
    await fails(client.submit(await kit.request()), "submission_unknown");
    for (const nothing of [undefined, null, 7, {}, "text"])
      await fails(answered(kit, () => nothing).getTask("1"), "network");
  },

  async the_key_is_told_in_no_spelling(kit) {
    const key = 'sk-sim-a/b"cdefgh12345';
    const secret = (answer) => answered({ ...kit, key }, answer);
    const spellings = [
      JSON.stringify(key),
      JSON.stringify(key).replace("/", "\\/"),
      JSON.stringify(key).replace("s", "\\u0073"),
    ];
    for (const spelling of spellings) {
      const error = await fails(
        secret(() =>
          json(`{"code":1000,"message":${spelling},"request_id":${spelling}}`, { status: 401 }),
        ).getTask("1"),
        "unauthorized",
      );
      ok(
        !JSON.stringify(error).includes("cdefgh12345") && !error.message.includes("cdefgh12345"),
        spelling,
      );
      const task = await secret(() =>
        json(
          `{"data":{"task_id":"1","task_status":"failed","task_status_msg":${spelling},"echo":${spelling}}}`,
        ),
      ).getTask("1");
      ok(!JSON.stringify(task).includes("cdefgh12345"), spelling);
    }
    const thrown = await fails(
      secret((request) => {
        throw new TypeError(`bad header ${request.headers.get("authorization")}`);
      }).getTask("1"),
      "network",
    );
    ok(!thrown.message.includes("cdefgh12345"), "what the site's own function throws");
    // A relay's short word is no secret, and spoils no answer.
    for (const word of ["task", "data", "t", "0", "1"]) {
      const client = answered({ ...kit, key: word }, () =>
        flat({
          task_id: "t1",
          task_status: "succeed",
          task_result: { videos: [{ url: "https://data.example/video" }] },
        }),
      );
      const task = await client.getTask("t1");
      equal(
        [task.taskId, task.videos[0].url, task.raw.data.task_id],
        ["t1", "https://data.example/video", "t1"],
      );
    }
  },

  async a_key_is_redacted_before_anything_is_read(kit) {
    const { key } = kit;
    const spellings = [
      key,
      key.replace("s", "%73"),
      key.replaceAll("-", "%252D"),
      key.replace("s", "\\u0073"),
      key.replace("k", "\\\\u006B"),
      key.replace("s", "%5Cu0073"),
      btoa(key),
      btoa(`Bearer ${key}`),
      btoa(`a${key}b`).replace(/=+$/, ""),
    ];
    for (const spelling of spellings) {
      const asked = [];
      const video = `"https://cdn.example/v.mp4?k=${spelling}"`;
      const answer =
        json(`{"code":0,"data":{"task_id":"${spelling}","task_status":"succeed","task_info":{"external_task_id":"${spelling}"},
        "task_result":{"videos":[{"id":"${spelling}","url":${video}},{"id":"2","url":"https://cdn.example/w.mp4"}]}}}`);
      const client = answered(kit, (request) => (asked.push(request.url), answer.clone()));
      const request = await kit.request({ externalTaskId: crypto.randomUUID() });
      const task = await client.submit(request);
      equal(
        [task.taskId, task.videos.map(({ url }) => url)],
        [request.externalTaskId, ["https://cdn.example/w.mp4"]],
        spelling,
      );
      equal((await client.wait(task.taskId)).taskId, task.taskId, "and is found again");
      ok(!JSON.stringify([task, await client.records(), asked]).includes(spelling), spelling);
      const count = asked.length;
      await fails(client.download({ url: JSON.parse(video) }), "invalid_option");
      equal(asked.length, count, "no request for a URL with the key in it");
      const refused = answered(kit, () =>
        json(`{"code":"${spelling}","message":"${spelling}","request_id":"${spelling}"}`, {
          status: 400,
          headers: { "Retry-After": key },
        }),
      );
      const error = await refused.getTask("1").catch((error) => error);
      ok(
        !JSON.stringify([error, error.message]).includes(spelling) &&
          error.serviceCode.includes("[key]"),
        spelling,
      );
    }
    // A key that a function supplied earlier is a key too.
    let current = key;
    const client = kit.kling.createClient({
      apiKey: () => current,
      baseUrl: "https://service.example",
      store: "memory",
      fetch: async () => flat({ task_id: "1", task_status: "processing", echo: key }),
    });
    await client.getTask("1");
    current = `sk-sim-${crypto.randomUUID()}`;
    equal((await client.getTask("1")).raw.data.echo, "[key]");
  },

  async a_large_answer_is_not_read(kit) {
    const numbers = `[${"1,".repeat(600_000)}1]`;
    let [brought, isCancelled] = [0, false];
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            brought += 1;
            controller.enqueue(new Uint8Array(1 << 18));
          },
          cancel() {
            isCancelled = true;
          },
        }),
      );
    for (const answer of [
      () => json(numbers),
      endless,
      () => ({ status: 200, headers: new Headers(), text: async () => numbers }),
    ]) {
      const error = await fails(answered(kit, answer).getTask("1"), "protocol");
      ok(error.message.includes("more than 1 MiB") && error.retryable, error.message);
    }
    ok(isCancelled && brought < 12, "the rest was not asked for");
    const paid = answered(
      kit,
      onPost(() => json(numbers)),
    );
    await fails(paid.submit(await kit.request()), "submission_unknown");
    await fails(
      answered(
        kit,
        onPost(() => json(numbers, { status: 400 })),
      ).submit(await kit.request()),
      "protocol",
    );
    // Just below the limit it is read.
    const most = JSON.stringify({
      data: { task_id: "1", task_status: "processing", more: "x".repeat((1 << 20) - 100) },
    });
    equal((await answered(kit, () => json(most)).getTask("1")).taskId, "1");
  },

  async what_was_never_sent_is_told_as_such(kit) {
    const requests = [];
    const { client, request } = {
      client: kit.client("ok", { store: "memory" }),
      request: await kit.request(),
    };
    const without = async (name, value, body) => {
      const own = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { ...own, value });
      try {
        await body();
      } finally {
        Object.defineProperty(globalThis, name, own);
      }
    };
    const throwing = (Own, when) =>
      new Proxy(Own, {
        construct(target, given) {
          if (when(...given)) throw new TypeError("mixed realms");
          return Reflect.construct(target, given);
        },
      });
    const isUnsent = (error) =>
      ok(error.message.includes("nothing was sent") && !error.retryable, error.message);
    await client.records();
    await without(
      "Request",
      throwing(Request, (_, init) => init?.method === "POST"),
      async () => {
        isUnsent(await fails(client.submit(request), "internal"));
        equal(await client.records(), [], "no record of it");
      },
    );
    for (const name of ["Request", "Headers", "AbortController"]) {
      await without(
        name,
        throwing(globalThis[name], () => true),
        async () => {
          if (name !== "AbortController") isUnsent(await fails(client.submit(request), "internal"));
          isUnsent(await fails(client.wait("1"), "internal"));
          isUnsent(await fails(client.download({ url: `${kit.simulator}/v.mp4` }), "internal"));
        },
      );
    }
    await without("fetch", undefined, async () =>
      isUnsent(await fails(client.wait("1"), "internal")),
    );
    equal(
      (await kit.account()).requests?.filter(({ method }) => method === "POST") ?? [],
      requests,
    );
    equal((await client.submit(request)).status, "submitted", "and it may be sent afterwards");
    equal((await kit.account()).charges.length, 1);
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
    const isText = (value) => typeof value === "string";
    const isFunction = (value) => typeof value === "function";
    const isPlain = (value) => named(value) === "[object Object] [object Object]";
    const isAny = () => false;
    /** Each with what of the values above is right. */
    const client = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base(), ...options }).records();
    const call = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base() }).getTask("1", options);
    const wait = (options) =>
      kling.createClient({ store: "memory", baseUrl: kit.base() }).wait("1", options);
    const table = [
      [
        "options.apiKey",
        (apiKey) => client({ apiKey }),
        (value) => isFunction(value) || value === "x",
      ],
      ["baseUrl", (baseUrl) => client({ baseUrl }), isText],
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
        (value) => isText(value) || value instanceof Promise,
      ],
    ];
    for (const [path, refused, isRight] of table) {
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
    const good = { images: [await picture()], prompt: "x" };
    const fields = {
      images: isAny,
      prompt: isText,
      negativePrompt: isText,
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
      "of a class",
    );
    equal(
      (await kling.validateRequest({ ...good, callbackUrl: new URL("https://example.com/") }))
        .length,
      0,
    );
  },

  async a_foreign_module_is_refused_and_forgotten(kit) {
    const seen = await inWorker(
      kit,
      `
      const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      const code = await init(empty).catch((error) => error.code);
      await init();
      return [code, (await kling.inspectImage(given)).format];`,
      await picture(),
    );
    equal(seen, ["wasm_load", "jpeg"]);
  },

  async a_limit_of_time_covers_the_key(kit) {
    const client = kit.client("ok", { apiKey: () => new Promise(() => {}) });
    await fails(client.wait("1", { timeout: 50 }), "timeout");
    await fails(client.watch("1", { timeout: 50 })[Symbol.asyncIterator]().next(), "timeout");
  },

  async answers_of_any_kind_end_in_an_error_of_ours(kit) {
    const deep = "[".repeat(100_000);
    for (const body of [
      "",
      "null",
      "[]",
      "{}",
      "7",
      '"x"',
      deep,
      `{"data":${deep}`,
      "\u0000",
      "\uFEFF{}",
      '{"data":{"task_id":{}}}',
      '{"data":{"task_id":""}}',
      '{"data":[{"task_id":"1"}]}',
      '{"task_id":null,"id":7}',
    ]) {
      for (const status of [200, 201, 400, 404, 500]) {
        const error = await answered(kit, () => json(body, { status }))
          .getTask("1")
          .catch((error) => error);
        ok(
          error?.name === "KlingError" && error.code !== "internal",
          `${status} ${body.slice(0, 40)}: ${error}`,
        );
      }
    }
    const locked = answered(kit, async () => {
      const answer = json("x");
      answer.body.getReader();
      return answer;
    });
    await fails(locked.getTask("1"), "network");
    await fails(locked.download({ url: "https://cdn.example/v.mp4" }), "network");
    await fails(
      answered(kit, () => new Response(null, { status: 204 })).download({
        url: "https://cdn.example/v.mp4",
      }),
      "not_a_video",
    );
  },
});
