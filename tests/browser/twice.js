// Who may send a submission again: a second caller under the same external task id, in every
// situation.
//
// A is the first caller, B the second, who calls while A's paid request is under way, and C the
// third, who calls after the unknown outcome could be known. The simulator holds the response to
// A's request back until it is released, and counts requests and charges, so that no result depends
// on the speed of the machine.
import { Kit, equal, ok, pause, picture, runner } from "./kit.js";

/** Every dimension of the matrix, with its values. */
const MATRIX = {
  /** Where B is, seen from A. */
  place: ["another tab", "another client", "the same client"],
  locks: [true, false],
  store: ["indexeddb", "memory"],
  /** What happens to A once B has called. */
  ending: [
    "killed",
    "closed",
    "reloaded",
    "aborted",
    "stalled",
    "lost",
    "failed",
    "failed for free",
    "answered",
  ],
  /** Whether a third party calls `records()` meanwhile. */
  records: [false, true],
  /** The wall clock of B, from the moment that A's request is under way. */
  clock: ["normal", "back", "ahead", "frozen", "NaN"],
  /** Whether the gateway finds a task by its external id. */
  lookup: [true, false],
  /** Whether the gateway refuses an external id that is taken. */
  dedupe: [true, false],
};

/** Why a combination is skipped: each rule returns true for those that make no sense. */
const SKIPPED = [
  // Memory is not shared between tabs.
  ({ place, store }) => place === "another tab" && store === "memory",
  // B would end with A.
  ({ place, ending }) => place !== "another tab" && ["killed", "reloaded"].includes(ending),
  ({ place, ending }) => place === "the same client" && ending === "closed",
  // The reloaded tab calls `records()` itself.
  ({ ending, records }) => ending === "reloaded" && !records,
  // The clock can only matter where it decides whether a second task is charged.
  ({ clock, lookup, dedupe }) => clock !== "normal" && (lookup || dedupe),
  // For B these are as a response that is lost, which runs with every clock.
  ({ clock, ending }) => clock !== "normal" && ["failed", "failed for free"].includes(ending),
];

/** How many combinations each case runs, without and with a third party. */
const EXPECTED = {
  "another tab": [56, 64],
  "another client": [48, 48],
  "the same client": [40, 40],
};

/** How the simulator treats A's request, and only A's. */
const TROUBLES = {
  lost: "submit-cut",
  failed: "submit-500,created=1",
  "failed for free": "submit-500",
};

/**
 * So many combinations run at once: a browser has six connections per host, and A's request
 * occupies one.
 */
const LANES = 4;
/** ms that one step may take before it counts as hanging. */
const LONGEST_STEP = 60_000;
/** ms that a case may take, far more than it does on a slow machine. */
const LONGEST_CASE = 600_000;
/** The outage budget in ms of a client whose request stalls. It doubles while B calls too late. */
const SHORT_BUDGET = 1000;

/** @returns {Generator<Record<keyof typeof MATRIX, any>>} */
function* combinations(dimensions = Object.entries(MATRIX), chosen = {}) {
  const [first, ...rest] = dimensions;
  if (!first) {
    if (!SKIPPED.some((isSkipped) => isSkipped(chosen))) yield chosen;
    return;
  }
  for (const value of first[1]) yield* combinations(rest, { ...chosen, [first[0]]: value });
}

/**
 * What each call may end with, and how often the request is sent and charged before and after C.
 */
function expected({ place, locks, ending, lookup, dedupe }) {
  const charged = ending === "failed for free" ? 0 : 1;
  const isKnown = ending === "answered" || (lookup && charged === 1);
  const outcome = isKnown ? "task of A" : "submission_unknown";
  const ownEnd = {
    killed: undefined,
    reloaded: undefined,
    closed: "invalid_option",
    aborted: "aborted",
  };
  // Without locks, another tab cannot know whether A still lives.
  const b = place === "another tab" && !locks ? ["task of A", "submission_unknown"] : [outcome];
  // C sends again where the task cannot be found. A gateway that refuses repeats refuses C, and the
  // task stays unknown.
  const sends = !isKnown;
  const isRefused = sends && dedupe && charged === 1;
  return {
    a: ending in ownEnd ? ownEnd[ending] : outcome,
    b,
    c: isRefused ? "submission_unknown" : sends ? "another task" : "task of A",
    before: { posts: 1, charges: charged },
    after: { posts: sends ? 2 : 1, charges: sends && !isRefused ? charged + 1 : charged },
  };
}

/** A tab: a worker in which clients are made and called by name. */
class Tab {
  #worker;
  #asked = [];

  constructor(simulator) {
    const source = `
      import * as kling from ${JSON.stringify(`${simulator}/pkg/index.js`)};
      const { now } = Date;
      let clients = {};
      let calls = {};
      const operations = {
        /** Makes a client whose module and database are ready. */
        async open(name, options) {
          clients[name] = kling.createClient(options);
          await clients[name].records();
        },
        useLocks(isOn) {
          if (!isOn) Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
        },
        setClock(clock) {
          const frozen = now.call(Date);
          if (clock === "back") Date.now = () => now.call(Date) - 3_600_000;
          if (clock === "ahead") Date.now = () => now.call(Date) + 3_600_000;
          if (clock === "frozen") Date.now = () => frozen;
          if (clock === "NaN") Date.now = () => NaN;
        },
        /** Returns as soon as the call was made. */
        submit(client, name, request) {
          const call = { control: new AbortController(), phase: "none", isOver: false };
          calls[name] = call;
          call.uploading = new Promise((resolve) => {
            call.onProgress = ({ phase }) => {
              call.phase = phase;
              if (phase === "uploading") resolve();
            };
          });
          const task = clients[client].submit(request, { signal: call.control.signal, onProgress: call.onProgress });
          call.outcome = task.then(({ taskId }) => ({ taskId }), (error) => ({ code: String(error?.code ?? error) }));
          call.outcome.then(() => (call.isOver = true));
        },
        uploading: (name) => Promise.race([calls[name].uploading, calls[name].outcome]),
        isUploading: (name) => calls[name].phase === "uploading" && !calls[name].isOver,
        outcome: (name) => calls[name].outcome,
        abort: (name) => calls[name].control.abort("aborted"),
        close: (client) => clients[client].close(),
        state: async (client, id) => (await clients[client].records()).find(({ externalTaskId }) => externalTaskId === id)?.state,
        /** As the tab was at its beginning. */
        reset() {
          Object.values(clients).forEach((client) => client.close());
          [clients, calls] = [{}, {}];
          delete navigator.locks;
          Date.now = now;
        },
      };
      onmessage = async ({ data: [id, operation, given] }) => {
        try { postMessage([id, await operations[operation](...given)]); } catch (error) { postMessage([id, , String(error)]); }
      };`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data: [id, value, error] }) => {
      const { resolve, reject } = this.#asked[id];
      delete this.#asked[id];
      if (error) reject(new Error(error));
      else resolve(value);
    };
    this.#worker.onerror = ({ message }) =>
      this.#asked.forEach(({ reject }) => reject(new Error(message ?? "the worker failed")));
  }

  /** What the operation returns. It never settles once the tab is killed. */
  ask(operation, ...given) {
    const answer = new Promise((resolve, reject) => this.#asked.push({ resolve, reject }));
    this.#worker.postMessage([this.#asked.length - 1, operation, given]);
    return within(answer, operation);
  }

  kill() {
    this.#worker.terminate();
  }
}

/** The same promise, unless it hangs. */
async function within(promise, what) {
  let timer;
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), LONGEST_STEP);
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the condition returns once that is true. */
async function eventually(condition, what) {
  for (const began = performance.now(); performance.now() - began < LONGEST_STEP; await pause(5)) {
    const found = await condition();
    if (found) return found;
  }
  throw new Error(`${what} did not come`);
}

/** Runs combinations one after the other, with up to three tabs that are used again. */
class Lane {
  #simulator;
  #storeName;
  #tabs = {};

  constructor({ simulator, key }) {
    [this.#simulator, this.#storeName] = [simulator, key];
  }

  /** Returns what is wrong with the combination, or nothing. */
  async run(combination, image) {
    try {
      for (let budget = combination.ending === "stalled" ? SHORT_BUDGET : 30_000; ; budget *= 2) {
        const found = await this.#play(combination, budget, image);
        await Promise.all(Object.values(this.#tabs).map((tab) => tab.ask("reset")));
        if (found) return found;
      }
    } catch (error) {
      // What is left of it must not disturb the next one.
      this.end();
      return [`${error}`];
    }
  }

  end() {
    Object.values(this.#tabs).forEach((tab) => tab.kill());
    this.#tabs = {};
  }

  #tab(name) {
    return (this.#tabs[name] ??= new Tab(this.#simulator));
  }

  /** Returns the list of what is wrong, or `undefined` when B called too late. */
  async #play(combination, outageBudget, image) {
    const { place, locks, store, ending, records, clock, lookup, dedupe } = combination;
    const kit = await Kit.at(this.#simulator);
    const id = crypto.randomUUID();
    const trouble = TROUBLES[ending] ?? "submit-slow,ms=0";
    const scenario = `${trouble},times=1,held=1,lookup=${Number(lookup)},dedupe=${Number(dedupe)},submitted=60000,tag=${id}`;
    const polling = {
      firstDelay: 20,
      interval: 20,
      maxInterval: 50,
      outageBudget,
      notFoundGrace: 2000,
    };
    const options = {
      apiKey: kit.key,
      baseUrl: kit.base(scenario),
      storeName: this.#storeName,
      store,
      polling,
    };
    const request = { images: [image], prompt: "a calm sea", externalTaskId: id };
    const counts = async () => {
      const { requests, charges, violations } = await kit.account();
      equal(violations, [], "violations");
      return {
        posts: requests.filter(({ method }) => method === "POST").length,
        charges: charges.length,
        tasks: charges.map(({ taskId }) => taskId),
      };
    };

    const tabs = [this.#tab("a"), place === "another tab" ? this.#tab("b") : this.#tab("a")];
    const third = store === "memory" ? tabs[0] : this.#tab("c");
    const all = [...new Set([...tabs, third])];
    await Promise.all(all.map((tab) => tab.ask("useLocks", locks)));
    const [a, b] = tabs;
    const clientOfB = place === "the same client" ? "a" : "b";
    await Promise.all([
      a.ask("open", "a", options),
      place !== "the same client" && b.ask("open", "b", options),
      third.ask("open", "c", options),
    ]);

    // A's request is under way once the service has it, and has charged it if it does.
    const wanted = expected(combination);
    await a.ask("submit", "a", "a", request);
    equal(await a.ask("uploading", "a"), undefined, "the outcome of A before the request leaves");
    const first = await eventually(async () => {
      const seen = await counts();
      return seen.posts === 1 && seen.charges === wanted.before.charges && seen;
    }, "A's request at the service");
    await b.ask("setClock", clock);

    await b.ask(
      "submit",
      clientOfB,
      "b",
      place === "the same client" ? { ...request, prompt: "a rough sea" } : request,
    );
    if (!(await a.ask("isUploading", "a"))) {
      ok(ending === "stalled", "A's request under way while B calls");
      return undefined;
    }

    if (ending === "killed" || ending === "reloaded") {
      a.kill();
      delete this.#tabs.a;
    }
    if (ending === "reloaded") {
      const again = this.#tab("a");
      await again.ask("useLocks", locks);
      await again.ask("open", "a", options);
    }
    if (ending === "closed") await a.ask("close", "a");
    if (ending === "aborted") await a.ask("abort", "a");
    if (ending in TROUBLES || ending === "answered") {
      await fetch(`${kit.simulator}/release/${id}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${kit.key}` },
      });
    }

    let isOver = false;
    const askForRecords = async () => {
      while (records && !isOver) await third.ask("state", "c", id);
    };
    const settled = Promise.all([wanted.a && a.ask("outcome", "a"), b.ask("outcome", "b")]).finally(
      () => (isOver = true),
    );
    const [[ofA, ofB]] = await Promise.all([settled, askForRecords()]);
    const before = await counts();

    const wrong = [];
    const name = ({ taskId, code }) =>
      taskId === undefined ? code : taskId === first.tasks[0] ? "task of A" : "another task";
    const check = (found, right, what) => {
      if (![right].flat().includes(found))
        wrong.push(`${what}: expected ${[right].flat().join(" or ")}, found ${found}`);
    };
    if (wanted.a) check(name(ofA), wanted.a, "A");
    check(name(ofB), wanted.b, "B");
    check(before.posts, wanted.before.posts, "requests of A and B");
    check(before.charges, wanted.before.charges, "charges of A and B");
    if (wrong.length > 0) return wrong;

    // C is whoever could know: the third party where it has seen the unknown record, else the
    // caller that was B.
    const sees = async (state) => (await third.ask("state", "c", id)) === state;
    if (records && locks && name(ofB) === "submission_unknown")
      await eventually(() => sees("unknown"), "an unknown record");
    const [c, clientOfC] = records && (await sees("unknown")) ? [third, "c"] : [b, clientOfB];
    await c.ask("submit", clientOfC, "c", request);
    const ofC = await c.ask("outcome", "c");
    const after = await counts();
    check(name(ofC), wanted.c, "C");
    check(after.posts, wanted.after.posts, "requests of A, B and C");
    check(after.charges, wanted.after.charges, "charges of A, B and C");
    return wrong;
  }
}

/**
 * Runs the combinations of one place, one kind of store, with or without locks, and with or without
 * a third party.
 */
const slice = (place, store, locks, records) => async (kit) => {
  const image = await picture();
  const chosen = Object.entries({ place, store, locks, records });
  const list = [...combinations()].filter((combination) =>
    chosen.every(([name, value]) => combination[name] === value),
  );
  const count = EXPECTED[place][Number(records)];
  const began = performance.now();
  const failed = [];
  let ran = 0;
  const work = async () => {
    const lane = new Lane(kit);
    try {
      while (ran < list.length) {
        const combination = list[ran];
        ran += 1;
        const wrong = await lane.run(combination, image);
        if (wrong.length > 0) failed.push(`${JSON.stringify(combination)}: ${wrong.join("; ")}`);
      }
    } finally {
      lane.end();
    }
  };
  await Promise.all(Array.from({ length: LANES }, work));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const name = `${place}, ${store}, ${locks ? "with" : "without"} locks, ${records ? "with" : "without"} a third party`;
  console.log(
    `${name}: ${ran} of ${list.length} combinations in ${seconds} s, ${failed.length} wrong`,
  );
  ok(
    failed.length === 0,
    `${list.length} right combinations, found ${failed.length} wrong ones of ${ran}:\n${failed.join("\n")}`,
  );
  equal([ran, list.length], [count, count], "combinations");
};

export const run = runner(
  {
    another_tab: slice("another tab", "indexeddb", true, false),
    another_tab_and_a_third_party: slice("another tab", "indexeddb", true, true),
    another_tab_without_locks: slice("another tab", "indexeddb", false, false),
    another_tab_without_locks_and_a_third_party: slice("another tab", "indexeddb", false, true),
    another_client: slice("another client", "indexeddb", true, false),
    another_client_and_a_third_party: slice("another client", "indexeddb", true, true),
    another_client_without_locks: slice("another client", "indexeddb", false, false),
    another_client_without_locks_and_a_third_party: slice(
      "another client",
      "indexeddb",
      false,
      true,
    ),
    another_client_in_memory: slice("another client", "memory", true, false),
    another_client_in_memory_and_a_third_party: slice("another client", "memory", true, true),
    another_client_in_memory_without_locks: slice("another client", "memory", false, false),
    another_client_in_memory_without_locks_and_a_third_party: slice(
      "another client",
      "memory",
      false,
      true,
    ),
    the_same_client: slice("the same client", "indexeddb", true, false),
    the_same_client_and_a_third_party: slice("the same client", "indexeddb", true, true),
    the_same_client_without_locks: slice("the same client", "indexeddb", false, false),
    the_same_client_without_locks_and_a_third_party: slice(
      "the same client",
      "indexeddb",
      false,
      true,
    ),
    the_same_client_in_memory: slice("the same client", "memory", true, false),
    the_same_client_in_memory_and_a_third_party: slice("the same client", "memory", true, true),
    the_same_client_in_memory_without_locks: slice("the same client", "memory", false, false),
    the_same_client_in_memory_without_locks_and_a_third_party: slice(
      "the same client",
      "memory",
      false,
      true,
    ),
  },
  LONGEST_CASE,
);
