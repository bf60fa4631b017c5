// Signals, timeouts and `close` are obeyed from the first moment: while the module loads, while the
// database opens, while the function that supplies the key runs.

import { SHORT_LIMIT, shortened } from "./database.js";
import { equal, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

/** A worker's code: `hung` resolves when a call has come to what hangs. */
const HUNG = `
  let hang;
  const hung = new Promise((resolve) => (hang = resolve));
  const forever = () => (hang(), new Promise(() => {}));`;

/** A worker's code that makes the `.wasm` file hang. */
const FILE_HANGS = `${HUNG}
  const own = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    if (!/[.]wasm$/.test(input?.url ?? input)) return own(input, init);
    return forever();
  };`;

/** What hangs before a call sends anything. */
const HANGS = {
  "the module": FILE_HANGS,
  "the body of the module": `${HUNG}
    const own = globalThis.fetch;
    const hangs = { headers: { "Content-Type": "application/wasm" } };
    globalThis.fetch = async (input, init) => {
      if (!/[.]wasm$/.test(input?.url ?? input)) return own(input, init);
      return new Response(new ReadableStream({ pull: forever }, { highWaterMark: 0 }), hangs);
    };`,
  "a source of the caller": `${HUNG}
    init(forever());`,
  "the database": `${HUNG}
    IDBFactory.prototype.open = () => (hang(), new EventTarget());`,
  "the key function": `${HUNG}
    keyOptions = { apiKey: forever };`,
};

/** The calls of a client; \`options\` has a signal or a timeout. */
const CALLS = `
  const request = { images: [given], prompt: "x" };
  const calls = (client, options) => ({
    submit: () => client.submit(request, options),
    generate: () => client.generate(request, options),
    getTask: () => client.getTask("1", options),
    wait: () => client.wait("1", options),
    watch: () => client.watch("1", options)[Symbol.asyncIterator]().next(),
    keepVideo: () => client.keepVideo("1", options),
    reconcile: () => client.reconcile("1", options),
  });
  const endings = (client, options) =>
    Promise.all(Object.entries(calls(client, options)).map(async ([name, call]) => {
      const error = await call().then(() => "resolved", (error) => error);
      return [name, error?.code ?? String(error)];
    }));`;

/** Where the source of the module may come from while the package's own file hangs. */
const SOURCES = [
  "bytes",
  "new Response(bytes)",
  "WebAssembly.compile(bytes)",
  "new WebAssembly.Module(bytes)",
  "Promise.resolve(bytes)",
];

export const run = runner({
  async a_signal_and_close_end_each_call_that_hangs(kit) {
    const image = await makeImage();
    for (const [name, code] of Object.entries(HANGS)) {
      const seen = await inWorker(
        kit,
        `let keyOptions = {};
        ${code}${CALLS}
        const made = () => makeClient("ok", { storeName: key + ${JSON.stringify(name)}, ...keyOptions });
        const control = new AbortController();
        const aborted = endings(made(), { signal: control.signal });
        const closed = made();
        const closes = endings(closed);
        const records = closed.records().catch(({ code }) => code);
        await hung;
        control.abort("enough");
        closed.close();
        const all = [await aborted, await closes];
        return [all, await endings(closed)];`,
        image,
      );
      const names = ["submit", "generate", "getTask", "wait", "watch", "keepVideo", "reconcile"];
      const all = (code) => names.map((call) => [call, code]);
      equal(seen[0][0], all("enough"), `${name}: aborted`);
      equal(seen[0][1], all("invalid_option"), `${name}: closed`);
      equal(seen[1], all("invalid_option"), `${name}: closed before the call`);
    }
    equal((await kit.account()).requests, []);
  },

  async a_timeout_counts_from_the_call_when_it_hangs(kit) {
    for (const [name, code] of Object.entries(HANGS)) {
      const seen = await inWorker(
        kit,
        `let keyOptions = {};
        ${code}
        const client = makeClient("ok", { storeName: key + ${JSON.stringify(name)}, ...keyOptions });
        const before = performance.now();
        const options = { timeout: 300 };
        const ended = await Promise.all([
          client.wait("1", options),
          client.watch("1", options)[Symbol.asyncIterator]().next(),
        ].map((call) => call.catch((error) => [error.code, error.retryable, error.message, error.taskId])));
        return [ended, performance.now() - before > 250];`,
      );
      const message = "the timeout of this call passed; the task continues: wait again";
      equal(seen, [Array(2).fill(["timeout", true, message, "1"]), true], name);
    }
  },

  async a_timeout_that_is_refused_ends_no_call_while_the_module_loads(kit) {
    const refused = [`"300"`, "300n", "[300]", "{ valueOf: () => 300 }", "NaN", "9", "3e9", "true"];
    for (const timeout of refused) {
      const seen = await inWorker(
        kit,
        `
        const own = globalThis.fetch;
        let release;
        const released = new Promise((resolve) => (release = resolve));
        globalThis.fetch = async (...given) => (await released, own(...given));
        const call = makeClient("ok", { store: "memory" }).wait("1", { timeout: ${timeout} });
        let isOver = false;
        const over = () => (isOver = true);
        call.then(over, over);
        await new Promise((resolve) => setTimeout(resolve, 400));
        const wasOver = isOver;
        release();
        return [wasOver, await call.catch(({ code }) => code)];`,
      );
      equal(seen[0], false, `${timeout}: not before the module is there`);
      ok(seen[1] === "invalid_option", `${timeout}: ${JSON.stringify(seen[1])}`);
    }
  },

  async a_source_that_never_arrives_is_an_error_in_the_end(kit) {
    const pending = "new Promise(() => {})";
    const sources = {
      "a promise": pending,
      "a response without an end": `new Response(new ReadableStream({}), WASM)`,
      "a response of another type": `new Response(new ReadableStream({}))`,
      "a URL": `(globalThis.fetch = () => ${pending}, simulator + "/module.wasm")`,
      "a Request": `(globalThis.fetch = () => ${pending}, new Request(simulator + "/module.wasm"))`,
    };
    for (const [name, source] of Object.entries(sources)) {
      const seen = await inWorker(
        kit,
        `${shortened(10_000, 40_000)}
        const own = globalThis.fetch;
        const WASM = { headers: { "Content-Type": "application/wasm" } };
        const { code, message, retryable } = await init(${source}).catch((error) => error);
        [globalThis.fetch, globalThis.setTimeout] = [own, startTimer];
        return [code, message, retryable, (await kling.inspectImage(given)).format];`,
        await makeImage(),
      );
      const [code, message, ...rest] = seen;
      equal([code, ...rest], ["wasm_load", true, "jpeg"], name);
      ok(message.includes("the .wasm file did not arrive within 40000 ms"), message);
    }
  },

  async a_request_of_the_caller_keeps_its_signal(kit) {
    const seen = await inWorker(
      kit,
      `
      const control = new AbortController();
      const url = simulator + "/pkg/kling_multi_image2video_bg.wasm";
      const request = new Request(url, { signal: control.signal });
      control.abort();
      const { code, cause } = await init(request).catch((error) => error);
      await init(new Request(url));
      return [code, cause.name, (await kling.inspectImage(given)).format];`,
      await makeImage(),
    );
    equal(seen, ["wasm_load", "AbortError", "jpeg"]);
  },

  async calls_without_a_client_obey_their_signal_while_the_module_loads(kit) {
    const seen = await inWorker(
      kit,
      `${FILE_HANGS}
      const control = new AbortController();
      const { signal } = control;
      const calls = [
        kling.encodeImage(given, { signal }),
        kling.buildRequestBody({ images: [given], prompt: "x" }, { signal }),
      ];
      hung.then(() => control.abort("enough"));
      return Promise.all(calls.map((call) => call.catch((reason) => reason)));`,
      await makeImage(),
    );
    equal(seen, ["enough", "enough"]);
  },

  async a_file_that_stalls_or_is_cut_is_replaced_by_the_inline_copy(kit) {
    const answers = {
      "never answers": "new Promise(() => {})",
      "headers only": `new Response(new ReadableStream({}), WASM)`,
      "a part, then silence": `new Response(new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(bytes, 0, 1000)),
      }), WASM)`,
      "cut in half": `new Response(bytes.slice(0, bytes.byteLength / 2), WASM)`,
      "cut in half, without a type": `new Response(bytes.slice(0, bytes.byteLength / 2))`,
      "a body that breaks": `new Response(new ReadableStream({
        pull: (controller) => controller.error(new TypeError("network error")),
      }), WASM)`,
      "a changed byte": `new Response(new Uint8Array(bytes).map((byte, at) => at === 5000 ? ~byte : byte), WASM)`,
    };
    for (const [name, answer] of Object.entries(answers)) {
      const seen = await inWorker(
        kit,
        `${SHORT_LIMIT}
        const own = globalThis.fetch;
        const WASM = { headers: { "Content-Type": "application/wasm" } };
        const bytes = await (await own(simulator + "/pkg/kling_multi_image2video_bg.wasm")).arrayBuffer();
        globalThis.fetch = async (...given) => ${answer};
        return (await kling.inspectImage(given)).format;`,
        await makeImage(),
      );
      equal(seen, "jpeg", name);
    }
  },

  async a_source_of_the_caller_does_not_wait_for_a_load_that_hangs(kit) {
    for (const source of SOURCES) {
      const seen = await inWorker(
        kit,
        `${FILE_HANGS}
        const bytes = await (await own(simulator + "/pkg/kling_multi_image2video_bg.wasm")).arrayBuffer();
        const waiting = kling.inspectImage(given);
        await hung;
        await init(${source});
        return [(await waiting).format, (await kling.inspectImage(given)).format];`,
        await makeImage(),
      );
      equal(seen, ["jpeg", "jpeg"], source);
    }
  },

  async a_broken_module_is_not_called_an_old_browser(kit) {
    const sources = {
      "cut in half": "bytes.slice(0, bytes.byteLength / 2)",
      "cut after the header": "bytes.slice(0, 20)",
      "a cut response": `new Response(bytes.slice(0, bytes.byteLength / 2), WASM)`,
      "a cut response without a type": `new Response(bytes.slice(0, bytes.byteLength / 2))`,
      "one byte short": "bytes.slice(0, -1)",
    };
    for (const [name, source] of Object.entries(sources)) {
      const [code, message, retryable, format] = await inWorker(
        kit,
        `
        const WASM = { headers: { "Content-Type": "application/wasm" } };
        const bytes = await (await fetch(simulator + "/pkg/kling_multi_image2video_bg.wasm")).arrayBuffer();
        const error = await init(${source}).catch((error) => error);
        return [error.code, error.message, error.retryable, (await kling.inspectImage(given)).format];`,
        await makeImage(),
      );
      equal([code, retryable, format], ["wasm_load", true, "jpeg"], name);
      ok(
        message.includes("the .wasm file is broken or incomplete") && !/too old/.test(message),
        message,
      );
    }
    const old = await inWorker(
      kit,
      `
      const requested = [];
      globalThis.fetch = async (url) => { requested.push(String(url)); throw new TypeError("no"); };
      const { validate } = WebAssembly;
      WebAssembly.validate = () => false;
      const error = await init().catch((error) => error);
      return [error.message, error.retryable, requested];`,
    );
    ok(old[0].includes("this browser cannot compile it; it is too old"), old[0]);
    equal(old.slice(1), [false, []]);
  },
});
