import { equal, fails, ok, picture, runner } from "./kit.js";

/** Runs the body of an async function in a module worker, where the package is loaded afresh. */
async function inWorker({ simulator, key }, body, given) {
  const source = `import init, * as kling from ${JSON.stringify(`${simulator}/pkg/index.js`)};
    const body = async (init, kling, simulator, key, given) => {${body}};
    onmessage = ({ data }) => body(init, kling, ...data).then(
      (value) => postMessage({ value }),
      (error) => postMessage({ error: { ...error, message: String(error?.message), name: error?.name } }));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  try {
    const { value, error } = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message ?? "the worker failed to start"));
      worker.postMessage([simulator, key, given]);
    });
    if (error) throw new Error(`${error.name} ${error.code}: ${error.message}`);
    return value;
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

export const run = runner({
  async many_inits_are_one({ kling }) {
    await Promise.all([kling.default(), kling.default(), kling.default()]);
    equal(await kling.default(), undefined);
  },

  async a_failed_load_is_not_remembered(kit) {
    const seen = await inWorker(kit, `
      const failed = [];
      for (const source of [simulator + "/pkg/none.wasm", simulator + "/pkg/index.js", new Uint8Array(3)]) {
        await init(source).catch((error) => failed.push([error.name, error.code, error.cause !== undefined]));
      }
      await init();
      return [failed, (await kling.inspectImage(given)).format];`, await picture());
    equal(seen, [Array(3).fill(["KlingError", "wasm_load", true]), "jpeg"]);
  },

  async a_module_worker_has_it_all(kit) {
    const status = await inWorker(kit, `
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/ok/kling", polling: { firstDelay: 20, interval: 20 } });
      const task = await client.generate({ images: [given], prompt: "x" });
      return [task.status, (await client.download(task)).size > 1000];`, await picture());
    equal(status, ["succeed", true]);
  },

  async modules_and_bytes_are_sources(kit) {
    for (const source of ["bytes", "WebAssembly.compile(bytes)", "new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } })"]) {
      const format = await inWorker(kit, `
        const bytes = await (await fetch(simulator + "/pkg/kling_multi_image2video_bg.wasm")).arrayBuffer();
        await init(${source});
        return (await kling.inspectImage(given)).format;`, await picture());
      equal(format, "jpeg", source);
    }
  },

  async a_failed_instance_rejects_everything_and_is_replaced(kit) {
    const seen = await inWorker(kit, `
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/ok,submitted=60000/kling", polling: { firstDelay: 20, interval: 20 } });
      const { taskId } = await client.submit({ images: [given], prompt: "x" });
      const waiting = client.wait(taskId).catch((error) => error.code);
      const watching = client.watch(taskId)[Symbol.asyncIterator]();
      await watching.next();
      // What the panic hook does.
      const { instanceFailed } = await import(simulator + "/pkg/fault.js");
      const glue = await import(simulator + "/pkg/kling_multi_image2video.js");
      glue.discardInstance();
      instanceFailed("a defect");
      return [await waiting, (await client.getTask(taskId)).status, (await kling.inspectImage(given)).format];`, await picture());
    equal(seen, ["internal", "submitted", "jpeg"]);
  },

  async errors_are_errors({ kling }) {
    const error = await fails(kling.createClient({ apiKey: "" }).getTask("1"), "invalid_option");
    ok(error instanceof Error && error instanceof kling.KlingError && kling.isKlingError(error), "an Error, a KlingError");
    ok(String(error).startsWith("KlingError: "), "its name in its text");
    equal(Object.keys(error).includes("name"), false);
    equal(error.toJSON(), { name: "KlingError", message: error.message, code: "invalid_option", retryable: false });
    equal([kling.isKlingError(new Error("x")), kling.isKlingError(null), kling.isKlingError("x")], [false, false, false]);
    const elsewhere = { [Symbol.for("kling-multi-image2video.KlingError")]: true };
    ok(kling.isKlingError(elsewhere), "one of another copy");
  },
});
