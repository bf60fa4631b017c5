import { equal, fails, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { NOTE_EXPORTS, inWorker } from "./workers.js";

export const run = runner({
  async repeated_calls_of_init_load_once({ kling }) {
    await Promise.all([kling.default(), kling.default(), kling.default()]);
    equal(await kling.default(), undefined);
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
    });
    equal(
      [kling.isKlingError(new Error("x")), kling.isKlingError(null), kling.isKlingError("x")],
      [false, false, false],
    );
    const elsewhere = { [Symbol.for("kling-multi-image2video.KlingError")]: true };
    ok(kling.isKlingError(elsewhere), "an error of another copy");
  },
});
