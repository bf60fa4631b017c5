// Memory while tasks are watched for long: neither the memory of the module, nor the number of
// JavaScript objects that it holds, nor the JavaScript heap grows with the polls.

import { equal, ok } from "./expect.js";
import { runner } from "./kit.js";
import { NOTE_EXPORTS, inWorker } from "./workers.js";

/** A worker's code with which a case measures. */
const MEASURE = `${NOTE_EXPORTS}
  const exported = (Type) =>
    instances.flatMap((all) => Object.values(all)).filter((one) => one instanceof Type);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  /** The bytes of the module, and the JavaScript objects that it holds. */
  const measured = () => [
    ...exported(WebAssembly.Memory).map(({ buffer }) => buffer.byteLength),
    ...exported(WebAssembly.Table).map(({ length }) => length),
  ];
  let listening = 0;
  for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const own = EventTarget.prototype[name];
    EventTarget.prototype[name] = function (...given) {
      if (this instanceof AbortSignal) listening += step;
      return own.apply(this, given);
    };
  }
  const processing = (id) => JSON.stringify({
    code: 0, message: "SUCCEED", data: { task_id: id, task_status: "processing" },
  });
  const idOf = (url) => url.split("/").at(-1);
  const answer = async (url) => new Response(processing(idOf(url)));
  const clientWith = (fetch, apiKey = key) => kling.createClient({
    apiKey,
    baseUrl: "https://service.example",
    store: "memory",
    polling: { firstDelay: 10, interval: 10, maxInterval: 10, outageBudget: 30, notFoundGrace: 30 },
    fetch,
  });
  const ignored = () => {};`;

/** What is done again and again; \`control\` is of each time. None may leave anything behind. */
const REPEATED = {
  "a wait whose timeout passes": `
    await clientOf(answer).wait("1", { timeout: 15 }).catch(ignored);`,
  "a wait that is aborted": `
    const call = clientOf(answer).wait("1", { signal });
    await pause(5);
    control.abort();
    await call.catch(ignored);`,
  "a watch that is left": `
    for await (const task of clientOf(answer).watch("1", { signal })) break;`,
  "a watch that is left while it waits": `
    const watch = clientOf(answer).watch("1", { signal })[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    await watch.return();
    await next;`,
  "a fetch that never settles": `
    const call = clientOf(() => new Promise(ignored)).getTask("1", { signal });
    await pause(2);
    control.abort();
    await call.catch(ignored);`,
  "a fetch that rejects": `
    await clientOf(() => Promise.reject(new TypeError("no"))).getTask("1", { signal }).catch(ignored);`,
  "a body that never ends": `
    const body = async () => new Response(new ReadableStream({}));
    const call = clientOf(body).getTask("1", { signal });
    await pause(2);
    control.abort();
    await call.catch(ignored);`,
  "a body that breaks": `
    const broken = () => new ReadableStream({ pull: (stream) => stream.error(new TypeError("no")) });
    await clientOf(async () => new Response(broken())).getTask("1", { signal }).catch(ignored);`,
  "a body of an object that never ends": `
    const like = async () => ({ status: 200, headers: new Map(), text: () => new Promise(ignored) });
    const call = clientOf(like).getTask("1", { signal });
    await pause(2);
    control.abort();
    await call.catch(ignored);`,
  "a key function that never settles": `
    const call = clientOf(answer, () => new Promise(ignored)).getTask("1", { signal });
    await pause(2);
    control.abort();
    await call.catch(ignored);`,
};

/** A worker's code that counts the tracked objects that are not collected. */
const LIVE = `
  let live = 0;
  const registry = new FinalizationRegistry(() => (live -= 1));
  const track = (object) => (registry.register(object), (live += 1), object);
  /** Collects garbage until at most this many objects are left; returns how many are. */
  const collected = async (most) => {
    for (let rounds = 0; rounds < 400; rounds += 1) {
      // Only Chromium has a function for it; elsewhere much garbage makes the browser collect.
      if (globalThis.gc) gc();
      else for (let made = 0; made < 40; made += 1) new Array(50_000).fill().map(() => ({}));
      await pause(25);
      if (live <= most) break;
    }
    return live;
  };
  const heapBytes = () => (globalThis.gc && performance.memory?.usedJSHeapSize) || 0;`;

/** The tasks that are polled for a day, and the polls of each: one every 30 s. */
const [DAY_TASKS, DAY_POLLS] = [2, 2880];

/** The objects of each poll that are tracked. */
const OBJECTS_OF_POLL = 3;

/** The most objects that may be left: those of the latest polls. */
const MAX_LEFT = 12 * DAY_TASKS;

/** The tasks that are polled at once. */
const MANY_TASKS = 200;

/** How often each is repeated at first, and how often after the first measurement. */
const [WARM_UP, REPEATS] = [200, 400];

/** How often the repetition is measured at most, until it needs no more room. */
const MAX_ROUNDS = 4;

/** How many are under way at once. */
const AT_ONCE = 40;

export const run = runner({
  async memory_is_flat_while_200_tasks_are_polled_many_thousand_times(kit) {
    const seen = await inWorker(
      kit,
      `${MEASURE}
      let blobs = 0;
      globalThis.Blob = class extends Blob {
        constructor(...given) {
          super(...given);
          blobs += 1;
        }
      };
      let polls = 0;
      const client = clientWith((url) => (polls += 1, answer(url)));
      const control = new AbortController();
      const { signal } = control;
      const watched = async (id) => {
        for await (const task of client.watch(id, { signal }));
      };
      const calls = Array.from({ length: ${MANY_TASKS} }, (_, at) => {
        const call = at % 2 ? client.wait("w" + at, { signal }) : watched("w" + at);
        return call.catch((error) => error.name);
      });
      const reach = async (count) => {
        while (polls < count) await pause(20);
        return measured();
      };
      const warm = await reach(2000);
      const listeners = listening;
      const late = await reach(8000);
      const growth = listening - listeners;
      control.abort();
      const endings = new Set(await Promise.all(calls)).size;
      return [warm, late, growth, endings, listening, blobs / polls];`,
    );
    const [warm, late, growth, endings, left, blobsOfPoll] = seen;
    equal(late, warm, "bytes and objects");
    // Another process of the browser makes a blob: one for each poll took four fifths of the time. A
    // poll that is aborted may make one.
    ok(blobsOfPoll < 0.5, `no blob for each poll, found ${blobsOfPoll}`);
    // A task may listen while it waits or while it polls; 6000 polls passed.
    ok(growth <= MANY_TASKS, `no listener for each poll, found ${growth} more`);
    equal([endings, left], [1, 0], "endings, and listeners left");
  },

  async the_javascript_heap_is_flat_over_a_day_of_polls(kit) {
    const [polled, tracked, warm, late, growth, ended] = await inWorker(
      kit,
      `${MEASURE}${LIVE}
      let polls = 0;
      let tracked = 0;
      const note = (object) => (tracked += 1, track(object));
      const client = clientWith(async (url, init) => {
        polls += 1;
        note(init);
        return note(new Response(processing(idOf(url))));
      });
      const control = new AbortController();
      const { signal } = control;
      const onProgress = (progress) => note(progress);
      const watched = async (id) => {
        for await (const task of client.watch(id, { signal, onProgress })) note(task);
      };
      const calls = Array.from({ length: ${DAY_TASKS} }, (_, at) => {
        const call = at % 2
          ? client.wait("w" + at, { signal, onProgress })
          : watched("w" + at);
        return call.catch((error) => error.name);
      });
      const reach = async (count) => {
        while (polls < count) await pause(20);
        return [await collected(${MAX_LEFT}), heapBytes()];
      };
      const [warm, before] = await reach(${(DAY_TASKS * DAY_POLLS) / 8});
      const [late, after] = await reach(${DAY_TASKS * DAY_POLLS});
      control.abort();
      const seen = [polls, tracked, warm, late, after - before];
      return [...seen, new Set(await Promise.all(calls)).size];`,
    );
    // Of each poll: the options of the request, the response and the progress. The latest poll of
    // each task may not have reported its progress yet.
    const least = OBJECTS_OF_POLL * (polled - DAY_TASKS);
    ok(tracked >= least, `at least ${least} objects of ${polled} polls, found ${tracked}`);
    ok(warm <= MAX_LEFT && late <= MAX_LEFT, `objects left: ${warm}, then ${late}`);
    // Chromium alone reports the bytes of the heap.
    ok(growth < 100_000, `the heap grew by ${growth} bytes`);
    equal(ended, 1, "endings");
  },

  async nothing_is_left_of_calls_that_ended_early(kit) {
    for (const [name, body] of Object.entries(REPEATED)) {
      const [warm, late, left] = await inWorker(
        kit,
        `${MEASURE}
        await init();
        // One client, because the browser collects clients when it likes.
        let client;
        const clientOf = (...given) => (client ??= clientWith(...given));
        const once = async () => {
          const control = new AbortController();
          const { signal } = control;
          ${body}
        };
        const repeat = async (count) => {
          for (let done = 0; done < count; done += ${AT_ONCE})
            await Promise.all(Array.from({ length: ${AT_ONCE} }, once));
          return measured();
        };
        let warm = await repeat(${WARM_UP});
        let late = await repeat(${REPEATS});
        // On a slow machine, more of them overlap later: room for them is made once.
        for (let rounds = 1; String(late) !== String(warm) && rounds < ${MAX_ROUNDS}; rounds += 1)
          [warm, late] = [late, await repeat(${REPEATS})];
        return [warm, late, listening];`,
      );
      equal(late, warm, `${name}: bytes and objects`);
      equal(left, 0, `${name}: listeners`);
    }
  },
});
