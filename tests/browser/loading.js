import { LONG_LIMIT } from "./database.js";
import { equal, fails, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { NOTE_EXPORTS, inWorker } from "./workers.js";

/** The globals of the language, which have no effect. */
const LANGUAGE =
  `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape unescape AggregateError Array ArrayBuffer
  AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
  DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array
  Function Int8Array Int16Array Int32Array Intl Iterator JSON Map Math Number Object Promise Proxy
  RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol
  SyntaxError Temporal TypeError Uint8Array Uint8ClampedArray Uint16Array Uint32Array URIError
  WeakMap WeakRef WeakSet InternalError uneval`.replace(/\s+/g, " ");

export const run = runner({
  async repeated_calls_of_init_load_once({ kling }) {
    await Promise.all([kling.default(), kling.default(), kling.default()]);
    equal(await kling.default(), undefined);
  },

  async importing_reads_no_global_of_a_browser(kit) {
    const [read, watched] = await inWorker(
      kit,
      `
      const LANGUAGE = new Set((${JSON.stringify(LANGUAGE)}).split(" "));
      const read = [];
      const watched = [];
      for (let owner = globalThis; owner; owner = Object.getPrototypeOf(owner)) {
        for (const name of Object.getOwnPropertyNames(owner)) {
          if (LANGUAGE.has(name) || Object.hasOwn(Object.prototype, name)) continue;
          const value = globalThis[name];
          const get = () => (read.push(name), value);
          try {
            Object.defineProperty(globalThis, name, { configurable: true, get });
            watched.push(name);
          } catch {}
        }
      }
      // Under other names, because the worker has already imported the entry.
      await import(simulator + "/pkg/index.js?again");
      await import(simulator + "/pkg/inline.js?again");
      return [[...read], watched];`,
    );
    equal(read, []);
    for (const name of ["fetch", "TextDecoder", "WebAssembly", "indexedDB", "navigator"]) {
      ok(watched.includes(name), `${name} among the ${watched.length} watched globals`);
    }
  },

  async the_inline_script_is_imported_only_where_the_file_cannot_be_had(kit) {
    const uses = {
      "the file": "await init()",
      "a URL": `await init(simulator + "/pkg/kling_multi_image2video_bg.wasm")`,
      "a call": `await kling.inspectImage(new Blob(["x"]))`,
      "a wrong URL": `await init(simulator + "/none.wasm").catch(() => {})`,
      "wrong bytes": "await init(new Uint8Array(3)).catch(() => {})",
      "the file, twice": "await Promise.all([init(), init()])",
    };
    for (const [name, use] of Object.entries(uses)) {
      const scripts = await inWorker(
        kit,
        `${LONG_LIMIT}${use};
        const names = performance.getEntriesByType("resource").map(({ name }) => name);
        return names.filter((name) => name.endsWith("inline.js"));`,
      );
      equal(scripts, [], name);
    }
  },

  async a_failed_load_is_not_remembered(kit) {
    const seen = await inWorker(
      kit,
      `
      const failed = [];
      const urls = ["/pkg/none.wasm", "/pkg/index.js"].map((path) => simulator + path);
      for (const source of [...urls, new Uint8Array(3)]) {
        await init(source).catch(({ name, code, cause }) =>
          failed.push([name, code, cause !== undefined]));
      }
      await init();
      return [failed, (await kling.inspectImage(given)).format];`,
      await makeImage(),
    );
    equal(seen, [Array(3).fill(["KlingError", "wasm_load", true]), "jpeg"]);
  },

  async without_a_wasm_file_the_module_comes_from_the_inline_script(kit) {
    const page = "new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } })";
    const lies =
      "new Response('<!doctype html>', { headers: { 'Content-Type': 'application/wasm' } })";
    for (const response of [
      page,
      lies,
      "new Response(null, { status: 404 })",
      "Promise.reject(new TypeError('no'))",
    ]) {
      const format = await inWorker(
        kit,
        `
        const requested = [];
        globalThis.fetch = async (url) => { requested.push(String(url)); return ${response}; };
        const { format } = await kling.inspectImage(given);
        return [format, requested.map((url) => url.split("/").at(-1))];`,
        await makeImage(),
      );
      equal(format, ["jpeg", ["kling_multi_image2video_bg.wasm"]], response);
    }
  },

  async the_entry_with_the_module_inside_fetches_nothing(kit) {
    const seen = await inWorker(
      kit,
      `
      const requested = [];
      globalThis.fetch = async (url) => { requested.push(String(url)); throw new TypeError("no"); };
      const inside = await import(simulator + "/pkg/inline.js");
      const { format } = await inside.inspectImage(given);
      return [format, requested, Object.keys(inside).join() === Object.keys(kling).join()];`,
      await makeImage(),
    );
    equal(seen, ["jpeg", [], true]);
  },

  async a_wrong_file_is_named_in_the_error(kit) {
    const seen = await inWorker(
      kit,
      `
      const failed = [];
      // A module of another build, and a page in place of a file that is not there.
      const other = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
      const headers = { "Content-Type": "text/html" };
      for (const source of [other, new Response("<!doctype html>", { headers })]) {
        await init(source).catch((error) => failed.push([error.message, error.retryable]));
      }
      return failed;`,
    );
    const [[other, again], [page]] = seen;
    ok(
      /expected the module of kling-multi-image2video \d+\.\d+\.\d+ [0-9a-f]{8}, found another one/.test(
        other,
      ) && again,
      other,
    );
    ok(page.includes("expected the .wasm file, found HTTP 200 (text/html"), page);
  },

  async a_policy_that_forbids_webassembly_is_named(kit) {
    const frame = document.createElement("iframe");
    const reported = new Promise((resolve) =>
      addEventListener("message", ({ data }) => resolve(data), { once: true }),
    );
    const policy = `script-src 'unsafe-inline' ${kit.simulator}`;
    frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="${policy}">
      <script type="module">
        import { inspectImage } from "${kit.simulator}/pkg/index.js";
        const report = (outcome) => parent.postMessage(outcome, "*");
        inspectImage(new Blob(["x"])).then(
          () => report("loaded"),
          ({ code, message, retryable }) => report([
            code,
            message,
            retryable,
            performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1)),
          ]),
        );
      </script>`;
    document.body.append(frame);
    const [code, message, retryable, requested] = await reported;
    frame.remove();
    equal(requested, ["index.js"], "neither the module nor its inline copy");
    equal([code, retryable], ["wasm_load", false]);
    ok(message.includes("add 'wasm-unsafe-eval' to its script-src"), message);
  },

  async a_policy_that_forbids_instances_only_is_named(kit) {
    // WebKit does this.
    const message = await inWorker(
      kit,
      `
      WebAssembly.Instance = function () {
        throw new WebAssembly.CompileError("Refused to create a WebAssembly object");
      };
      return init().then(() => "loaded", ({ code, message }) => code + " " + message);`,
    );
    ok(message.startsWith("wasm_load ") && message.includes("'wasm-unsafe-eval'"), message);
  },

  async a_module_worker_can_do_everything(kit) {
    const status = await inWorker(
      kit,
      `
      const client = makeClient("ok", { polling: PATIENT });
      const task = await client.generate({ images: [given], prompt: "x" });
      return [task.status, (await client.download(task)).size > 1000];`,
      await makeImage(),
    );
    equal(status, ["succeed", true]);
  },

  async modules_and_bytes_are_sources(kit) {
    for (const source of [
      "bytes",
      "WebAssembly.compile(bytes)",
      "new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } })",
    ]) {
      const format = await inWorker(
        kit,
        `
        const file = await fetch(simulator + "/pkg/kling_multi_image2video_bg.wasm");
        const bytes = await file.arrayBuffer();
        await init(${source});
        return (await kling.inspectImage(given)).format;`,
        await makeImage(),
      );
      equal(format, "jpeg", source);
    }
  },

  async a_failed_instance_rejects_every_call_and_is_replaced(kit) {
    const seen = await inWorker(
      kit,
      `${NOTE_EXPORTS}
      const client = makeClient("ok,hold=submitted", { polling: PATIENT });
      const { taskId } = await client.submit({ images: [given], prompt: "x" });
      const waiting = client.wait(taskId).catch((error) => error.code);
      const watching = client.watch(taskId)[Symbol.asyncIterator]();
      await watching.next();
      // A defect or an exhausted memory may leave this behind.
      new Uint8Array(memoryOf(instances[0]).buffer).fill(0xff);
      const hit = await kling.inspectImage(given).catch((error) => error.code);
      const { status } = await client.getTask(taskId);
      return [hit, await waiting, status, (await kling.inspectImage(given)).format];`,
      await makeImage(),
    );
    equal(seen, ["internal", "internal", "submitted", "jpeg"]);
  },

  async an_instance_that_fails_in_a_timer_rejects_every_call(kit) {
    const seen = await inWorker(
      kit,
      `${NOTE_EXPORTS}
      const client = makeClient("ok,hold=submitted", { polling: { firstDelay: 300, interval: 300 } });
      const { taskId } = await client.submit({ images: [given], prompt: "x" });
      const waiting = client.wait(taskId).catch(({ code, cause }) => [code, cause.name]);
      const watching = client.watch(taskId)[Symbol.asyncIterator]();
      await watching.next();
      onerror = onunhandledrejection = (event) => event.preventDefault?.() ?? true;
      new Uint8Array(memoryOf(instances[0]).buffer).fill(0xff);
      return [await waiting, (await client.getTask(taskId)).status];`,
      await makeImage(),
    );
    equal(seen, [["internal", "RuntimeError"], "submitted"]);
  },

  async a_kling_error_is_an_error({ kling }) {
    const error = await fails(kling.createClient({ apiKey: "" }).getTask("1"), "invalid_option");
    ok(
      error instanceof Error && error instanceof kling.KlingError && kling.isKlingError(error),
      "an Error, a KlingError",
    );
    ok(String(error).startsWith("KlingError: "), "its name in its string");
    equal(Object.keys(error).includes("name"), false);
    equal(error.toJSON(), {
      name: "KlingError",
      message: error.message,
      code: "invalid_option",
      retryable: false,
      taskId: "1",
      params: { path: "apiKey" },
    });
    equal(
      [kling.isKlingError(new Error("x")), kling.isKlingError(null), kling.isKlingError("x")],
      [false, false, false],
    );
    const elsewhere = { [Symbol.for("kling-multi-image2video.KlingError")]: true };
    ok(kling.isKlingError(elsewhere), "an error of another copy");
  },
});
