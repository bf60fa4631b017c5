// Browsers of the table in docs/browsers.md that lack a feature: everything works without it.

import { equal } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

/** Each is missing in a supported browser, or on a plain-HTTP origin. */
const FEATURES = [
  "AbortSignal.prototype.reason",
  "AbortSignal.prototype.throwIfAborted",
  "AbortSignal.any",
  "AbortSignal.timeout",
  "structuredClone",
  "WorkerNavigator.prototype.locks",
  "WorkerNavigator.prototype.storage",
  "WorkerNavigator.prototype.onLine",
  "Crypto.prototype.randomUUID",
  "Crypto.prototype.subtle",
  "BroadcastChannel",
  "reportError",
  "queueMicrotask",
  "indexedDB",
  "FinalizationRegistry",
  "Uint8Array.prototype.toBase64",
  "Uint8Array.fromBase64",
  "Array.prototype.at",
  "Array.prototype.findLast",
  "Array.prototype.toSorted",
  "Array.fromAsync",
  "Object.hasOwn",
  "Object.groupBy",
  "Promise.withResolvers",
  "Promise.try",
  "String.prototype.isWellFormed",
  "String.prototype.at",
  "Set.prototype.union",
  "ReadableStream.from",
  "ReadableStream.prototype.values",
  "Blob.prototype.bytes",
  "Response.prototype.bytes",
  "Response.json",
  "URL.canParse",
  "URL.parse",
  "WeakRef",
  "Iterator",
  "scheduler",
  "Headers",
  "Request",
];

/** A worker's code that removes features by their names; what the browser lacks is ignored. */
const REMOVE = `
  const remove = (name) => {
    const path = name.split(".");
    const last = path.pop();
    let owner = path.reduce((object, name) => object?.[name], globalThis);
    while (owner && !Object.hasOwn(owner, last)) owner = Object.getPrototypeOf(owner);
    if (owner) delete owner[last];
  };`;

/** The main job, an abort by the caller, one by \`close\`, and a timeout. */
const USE = `
  const store = key + name;
  const client = makeClient("ok,submitted=20,processing=20", { polling: PATIENT, storeName: store });
  const request = { images: [given], prompt: "a calm sea" };
  const task = await client.generate(request);
  const video = await client.download(task);
  const kept = await client.keepVideo(task.taskId);
  const [record] = await client.records();
  await client.forget(task.taskId);
  const listed = [record.state, record.kept, (await client.records()).length];
  const control = new AbortController();
  const failure = (call) => call.then(() => "resolved", ({ name, code }) => [name, name === "KlingError" && code]);
  const held = makeClient("ok,hold=submitted", { storeName: store + "2" });
  const { taskId } = await held.submit(request);
  const aborted = [
    failure(held.wait(taskId, { signal: control.signal })),
    failure(held.submit({ ...request, prompt: "y" }, { signal: control.signal })),
  ];
  control.abort();
  const before = failure(held.getTask(taskId, { signal: control.signal }));
  const late = failure(held.wait(taskId, { timeout: 50 }));
  const ended = [...(await Promise.all(aborted)), await before, await late];
  const closed = failure(held.wait(taskId));
  held.close();
  return [task.status, video.size === kept.size, listed, ...ended, await closed];`;

const EXPECTED = [
  "succeed",
  true,
  ["succeed", true, 0],
  ...Array(3).fill(["AbortError", false]),
  ["KlingError", "timeout"],
  ["KlingError", "invalid_option"],
];

export const run = runner({
  async everything_works_without_each_feature(kit) {
    const image = await makeImage();
    for (const name of FEATURES) {
      const seen = await inWorker(
        kit,
        `const name = ${JSON.stringify(name)};
        ${REMOVE}
        remove(name);
        ${USE}`,
        image,
      ).catch((error) => String(error));
      equal(seen, EXPECTED, `without ${name}`);
    }
    equal((await kit.account()).charges.length, 2 * FEATURES.length);
  },

  async everything_works_without_all_of_them(kit) {
    const seen = await inWorker(
      kit,
      `const name = "all";
      ${REMOVE}
      ${JSON.stringify(FEATURES.filter((name) => name !== "Object.hasOwn"))}.forEach(remove);
      ${USE}`,
      await makeImage(),
    );
    equal(seen, EXPECTED);
  },

  async an_abort_without_a_reason_is_an_abort_error_also_while_the_module_loads(kit) {
    const seen = await inWorker(
      kit,
      `${REMOVE}
      remove("AbortSignal.prototype.reason");
      const own = globalThis.fetch;
      globalThis.fetch = () => new Promise(() => {});
      const control = new AbortController();
      const { signal } = control;
      const client = makeClient("ok");
      const calls = [
        client.getTask("1", { signal }),
        client.submit({ images: [given], prompt: "x" }, { signal }),
        client.generate({ images: [given], prompt: "x" }, { signal }),
        client.watch("1", { signal })[Symbol.asyncIterator]().next(),
        kling.encodeImage(given, { signal }),
      ];
      control.abort();
      calls.push(client.getTask("1", { signal }));
      return Promise.all(calls.map((call) =>
        call.catch((error) => [error instanceof DOMException, error.name])));`,
      await makeImage(),
    );
    equal(seen, Array(6).fill([true, "AbortError"]));
  },
});
