// What an error says of its task, and what never reaches the caller: a hang, a foreign error, a
// change of the caller's own objects.

import { shortened } from "./database.js";
import { equal, ok, rejection, until } from "./expect.js";
import { runner } from "./kit.js";
import { json, largeRequest, onPost, respondWith } from "./respond.js";
import { inWorker } from "./workers.js";

const URL_OF_VIDEO = "https://service.example/v.mp4";
const done = {
  task_id: "T1",
  task_status: "succeed",
  task_result: { videos: [{ url: URL_OF_VIDEO }] },
};

/** A service with one task; `deliver` responds to requests for its video. */
const service = (kit, deliver, task = done) =>
  respondWith(kit, (request) =>
    request.method === "GET" && /v\.mp4|content$/.test(request.url)
      ? deliver(request)
      : request.method === "POST" || request.url.endsWith("/T1")
        ? json({ code: 0, data: task })
        : json({ code: "task_not_exist", message: "" }, { status: 400 }),
  );

/** Responses in place of a video. */
const NO_VIDEOS = {
  "a status 403": () => new Response("no", { status: 403 }),
  "a status 503": () => new Response("no", { status: 503 }),
  "a web page": () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
  "an empty body": () => new Response(""),
  "no response": () => {
    throw new TypeError("Failed to fetch");
  },
};

export const run = runner({
  async each_error_of_a_call_about_a_task_names_it(kit) {
    for (const [name, deliver] of Object.entries(NO_VIDEOS)) {
      const client = service(kit, deliver);
      const task = await client.generate(await largeRequest());
      for (const call of [
        () => client.download(task),
        () => client.download(task.videos[0]),
        () => client.keepVideo("T1"),
      ]) {
        const error = await rejection(call());
        ok(kit.kling.isKlingError(error), `${name}: ${error}`);
        equal(error.taskId, "T1", `${name}: ${call}`);
      }
    }
    const hanging = service(kit, () => new Promise(() => {}));
    const task = await hanging.generate(await largeRequest());
    const calls = [hanging.download(task), hanging.keepVideo("T1")].map(rejection);
    hanging.close();
    for (const error of await Promise.all(calls))
      equal([error.code, error.taskId], ["invalid_option", "T1"]);
    const closed = await rejection(hanging.wait("T1"));
    equal([closed.code, closed.taskId], ["invalid_option", "T1"]);
    const keyless = kit.kling.createClient({
      baseUrl: "https://service.example",
      store: "memory",
      apiKey: () => {
        throw new Error("no key today");
      },
    });
    for (const call of [keyless.wait("T1"), keyless.getTask("T1"), keyless.reconcile("T1")])
      equal((await rejection(call)).taskId, "T1");
  },

  async the_reason_of_an_abort_is_never_written_to(kit) {
    const reason = await rejection(kit.client().wait(""));
    ok(kit.kling.isKlingError(reason) && !reason.taskId, "an error of the package");
    const running = { task_id: "T1", task_status: "processing" };
    const client = service(kit, () => new Promise(() => {}), running);
    const request = await kit.request();
    for (const given of [
      reason,
      Object.freeze(reason),
      Object.freeze({ taskId: "T0" }),
      "enough",
    ]) {
      const before = JSON.stringify(given);
      for (const call of [
        (options) => client.generate(request, options),
        (options) => client.wait("T1", options),
        (options) => client.download({ url: URL_OF_VIDEO, taskId: "T1" }, options),
      ]) {
        const control = new AbortController();
        const rejected = rejection(call({ signal: control.signal }));
        setTimeout(() => control.abort(given), 50);
        ok((await rejected) === given, `the reason itself: ${call}`);
        equal(JSON.stringify(given), before);
      }
    }
  },

  async a_watch_rejects_if_it_is_ended_while_the_body_of_its_loop_runs(kit) {
    const running = { task_id: "T1", task_status: "processing" };
    for (const name of ["abort", "close"]) {
      const client = service(kit, undefined, running);
      const control = new AbortController();
      const end = { abort: () => control.abort("enough"), close: () => client.close() }[name];
      const changes = client.watch("T1", { signal: control.signal })[Symbol.asyncIterator]();
      equal((await changes.next()).value.status, "processing");
      end();
      // The watch ends while the body does something else.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const error = await rejection(changes.next());
      ok(
        name === "abort" ? error === "enough" : error.code === "invalid_option",
        `${name}: ${error}`,
      );
      equal(await changes.next(), { done: true, value: undefined }, name);
    }
  },

  async a_file_that_never_answers_is_unreadable(kit) {
    const seen = await inWorker(
      kit,
      `${shortened(60_000)}
      class Stuck extends Blob {
        slice() { return Object.assign(new Blob(), { arrayBuffer: () => new Promise(() => {}) }); }
      }
      const stuck = new Stuck(["x".repeat(2000)]);
      const { issues } = await kling.inspectImage(stuck);
      const request = { images: [stuck], prompt: "x" };
      const all = await kling.validateRequest(request);
      const error = await makeClient("ok").submit(request).catch((error) => error);
      return [issues, all.issues ?? all, error.issues].map((list) => list.find(({ code }) => code === "image_empty")?.params.reason);`,
    );
    equal(seen, Array(3).fill("unreadable"));
    equal((await kit.account()).requests, []);
  },

  async a_response_without_a_stream_is_read(kit) {
    const source = kit.client();
    const bytes = await (
      await source.download(await source.generate(await kit.request()))
    ).arrayBuffer();
    /** As substitutes for `fetch` return it: no `body`. */
    const plain = (response) => ({
      status: response.status,
      headers: response.headers,
      text: () => response.text(),
      blob: () => response.blob(),
      arrayBuffer: () => response.arrayBuffer(),
    });
    const client = service(kit, () => plain(new Response(bytes)));
    const task = await client.generate(await largeRequest());
    equal((await client.download(task)).size, bytes.byteLength);
    equal((await client.keepVideo("T1")).size, bytes.byteLength);
  },

  async a_null_among_the_records_stops_nothing(kit) {
    const storeName = `null-${crypto.randomUUID()}`;
    const client = kit.client("ok", { storeName });
    const request = await kit.request({ externalTaskId: "own-1" });
    await client.submit(request);
    const database = await new Promise((resolve) => {
      const opening = indexedDB.open(storeName);
      opening.onsuccess = () => resolve(opening.result);
    });
    const tasks = database.transaction(["tasks"], "readwrite").objectStore("tasks");
    const [[base]] = await new Promise((resolve) => {
      const reading = tasks.getAllKeys();
      reading.onsuccess = () => resolve(reading.result);
    });
    for (const junk of [null, 7, "text", []]) tasks.put(junk, [base, `junk-${junk}`]);
    await new Promise((resolve) => (tasks.transaction.oncomplete = resolve));
    database.close();
    equal((await client.records()).length, 1);
    await client.submit(await kit.request({ externalTaskId: "own-2" }));
    await client.submit(await kit.request({ externalTaskId: "junk-null" }));
    equal((await client.records()).length, 3);
  },

  async a_request_that_throws_when_it_is_read_is_an_invalid_option(kit) {
    const fail = () => {
      throw new Error("not today");
    };
    const throwing = new Proxy({}, { get: fail });
    const getter = Object.defineProperty({}, "externalTaskId", { get: fail, enumerable: true });
    const tag = {
      prompt: "x",
      get [Symbol.toStringTag]() {
        return fail();
      },
    };
    const list = {
      prompt: "x",
      images: {
        get length() {
          return fail();
        },
      },
    };
    for (const request of [throwing, getter, tag, list]) {
      for (const name of ["submit", "generate"]) {
        const error = await rejection(kit.client()[name](request));
        ok(kit.kling.isKlingError(error), `${name}: ${error}`);
      }
    }
    equal((await kit.account()).requests, []);
  },

  async a_refusal_that_suggests_a_task_is_looked_up(kit) {
    for (const [status, body] of [
      [409, { code: 1201, message: "no", data: { task_id: "77" } }],
      [400, { code: 1201, message: "External-Task-Id must be unique" }],
      [422, { errors: ["duplicate id"] }],
      [400, { code: 1201, msg: "任务已存在" }],
      [499, { message: "client closed request" }],
    ]) {
      let lookUps = 0;
      const client = respondWith(kit, (request) => {
        if (request.method === "POST") return json(body, { status });
        lookUps += 1;
        return lookUps < 3
          ? json({ code: "task_not_exist", message: "" }, { status: 400 })
          : json({ code: 0, data: { task_id: "T1", task_status: "submitted" } });
      });
      equal((await client.submit(await largeRequest())).taskId, "T1", JSON.stringify(body));
    }
    const refusing = respondWith(
      kit,
      onPost(() => json({ code: 1201, message: "bad prompt" }, { status: 400 })),
    );
    equal((await rejection(refusing.submit(await largeRequest()))).code, "rejected");
    await until(async () => (await refusing.records())[0].state === "rejected", "the record");
  },
});
