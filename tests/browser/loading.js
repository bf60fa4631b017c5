import { NOTE_EXPORTS, equal, fails, inWorker, ok, picture, runner } from "./kit.js";

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
    const seen = await inWorker(kit, `${NOTE_EXPORTS}
      const client = kling.createClient({ apiKey: key, baseUrl: simulator + "/s/ok,submitted=60000/kling", polling: { firstDelay: 20, interval: 20 } });
      const { taskId } = await client.submit({ images: [given], prompt: "x" });
      const waiting = client.wait(taskId).catch((error) => error.code);
      const watching = client.watch(taskId)[Symbol.asyncIterator]();
      await watching.next();
      // What a defect or an exhausted memory may leave behind.
      new Uint8Array(instances[0].memory.buffer).fill(0xff);
      const hit = await kling.inspectImage(given).catch((error) => error.code);
      return [hit, await waiting, (await client.getTask(taskId)).status, (await kling.inspectImage(given)).format];`, await picture());
    equal(seen, ["internal", "internal", "submitted", "jpeg"]);
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
