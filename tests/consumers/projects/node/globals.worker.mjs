// Removes a global, loads the package, and says what each call brings.

import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";

const { missing, load } = workerData;
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAZAAAAEsCAYAAADtt+XCAAAA";
const image = new Blob([Buffer.from(PNG, "base64")]);
const signal = AbortSignal.abort();
// Node makes its own `fetch` when it is first used, out of the other globals.
await fetch(
  new Request("data:,", { method: "POST", body: image, signal: new AbortController().signal }),
).then((response) => response.text());
if (missing) {
  // Thrown by Node's own `fetch` where it lacks WebAssembly.
  process.on("uncaughtException", () => {});
  const names = missing.split(".");
  const last = names.pop();
  const owner = names.reduce((object, name) => object[name], globalThis);
  delete owner[last];
  if (last in owner) throw new Error(`${missing} is still there`);
}

const respond = (data, status = 200) => ({
  status,
  headers: { get: () => null },
  text: async () => JSON.stringify({ code: status === 200 ? 0 : status, data, message: "x" }),
});
async function mock(url, request) {
  if (request.method === "POST") return respond({ task_id: "1", task_status: "submitted" });
  if (!url.endsWith("/1")) return respond(undefined, 404);
  const videos = [{ id: "v", url: "https://videos.example/1.mp4" }];
  return respond({ task_id: "1", task_status: "succeed", task_result: { videos } });
}

const name = "kling-multi-image2video";
const kling = load === "require" ? createRequire(import.meta.url)(name) : await import(name);
const options = {
  baseUrl: "https://service.test/kling",
  polling: { firstDelay: 10, interval: 10 },
};
const request = { images: ["https://images.example/a.png"], prompt: "ä €" };
const client = kling.createClient({ ...options, fetch: mock });
const outcome = async (call) => {
  try {
    return { value: await call() };
  } catch (error) {
    if (error?.name === "AbortError") return { value: error.name };
    return {
      code: kling.isKlingError(error) ? error.code : undefined,
      message: String(error?.message ?? error),
    };
  }
};
const found = {
  inspect: await outcome(async () => {
    const { format, width } = await kling.inspectImage(image);
    return `${format} ${width}`;
  }),
  generate: await outcome(async () => (await client.generate(request)).videos[0].url),
  abort: await outcome(() => client.getTask("1", { signal })),
  withoutFetch: await outcome(async () => {
    if (globalThis.fetch) globalThis.fetch = mock;
    return (await kling.createClient(options).submit(request)).status;
  }),
};
parentPort.postMessage(found);
