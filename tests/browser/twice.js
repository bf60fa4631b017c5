// Who may send a submission again: a second caller under the same external task id, in every
// situation of `twice-matrix.js`.
//
// The simulator holds the response to A's request back until it is released, and counts requests
// and charges, so that no result depends on the speed of the machine.

import { equal, ok, pause } from "./expect.js";
import { Kit, PATIENT, makeImage, runner } from "./kit.js";
import { COUNTS, combinations, expected } from "./twice-matrix.js";
import { OUTAGE_BUDGET_MS, Tab, eventually } from "./twice-tab.js";

/** How the simulator treats A's request, and only A's. */
const TROUBLES = {
  lost: "submit-cut",
  failed: "submit-500,created=1",
  "failed for free": "submit-500",
};

/**
 * How many combinations run at once: a browser has six connections per host, and A's request
 * occupies one.
 */
const LANES = 4;

/** How long the third party pauses between two calls of `records()`, in ms. */
const RECORDS_PAUSE_MS = 100;

/** Runs combinations one after the other, in up to three tabs that are reused. */
class Lane {
  #simulator;
  #storeName;
  #tabs = {};

  constructor({ simulator, key }) {
    [this.#simulator, this.#storeName] = [simulator, key];
  }

  /** Returns what is wrong with the combination; an empty list if nothing is. */
  async run(combination, image) {
    try {
      const wrong = await this.#play(combination, image);
      await Promise.all(Object.values(this.#tabs).map((tab) => tab.run("reset")));
      return wrong;
    } catch (error) {
      // The tabs may be in any state: the next combination gets new ones.
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

  async #play(combination, image) {
    const { place, locks, store, ending, records, clock, lookup, dedupe } = combination;
    const kit = await Kit.at(this.#simulator);
    const id = crypto.randomUUID();
    const trouble = TROUBLES[ending] ?? "submit-slow,ms=0";
    const gateway = `lookup=${Number(lookup)},dedupe=${Number(dedupe)}`;
    const scenario = `${trouble},times=1,held=1,${gateway},submitted=60000,tag=${id}`;
    const polling = { ...PATIENT, outageBudget: OUTAGE_BUDGET_MS };
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
    await Promise.all(all.map((tab) => tab.run("useLocks", locks)));
    const [a, b] = tabs;
    const clientOfB = place === "the same client" ? "a" : "b";
    await Promise.all([
      a.run("open", "a", options),
      place !== "the same client" && b.run("open", "b", options),
      third.run("open", "c", options),
    ]);

    // A's request is under way once the service has received it, and charged it if it ever does.
    const wanted = expected(combination);
    await a.run("submit", "a", "a", request);
    equal(await a.run("uploading", "a"), undefined, "the outcome of A before the request leaves");
    const first = await eventually(async () => {
      const seen = await counts();
      return seen.posts === 1 && seen.charges === wanted.before.charges && seen;
    }, "A's request at the service");
    await b.run("setClock", clock);

    await b.run(
      "submit",
      clientOfB,
      "b",
      place === "the same client" ? { ...request, prompt: "a rough sea" } : request,
    );
    ok(await a.run("isUploading", "a"), "A's request under way while B calls");

    if (ending === "killed" || ending === "reloaded") {
      a.kill();
      delete this.#tabs.a;
    }
    if (ending === "reloaded") {
      const again = this.#tab("a");
      await again.run("useLocks", locks);
      await again.run("open", "a", options);
    }
    if (ending === "closed") await a.run("close", "a");
    if (ending === "aborted") await a.run("abort", "a");
    if (ending === "stalled") await a.run("stall");
    const answer = () =>
      fetch(`${kit.simulator}/release/${id}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${kit.key}` },
      });
    const isAnswered = ending in TROUBLES || ending === "answered";
    if (isAnswered) await answer();

    let isOver = false;
    const callRecords = async () => {
      for (; records && !isOver; await pause(RECORDS_PAUSE_MS)) await third.run("state", "c", id);
    };
    const settled = Promise.all([wanted.a && a.run("outcome", "a"), b.run("outcome", "b")]).finally(
      () => (isOver = true),
    );
    const [[ofA, ofB]] = await Promise.all([settled, callRecords()]);
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

    // C is the third party if it has seen the unknown record, otherwise the caller that was B.
    const sees = async (state) => (await third.run("state", "c", id)) === state;
    if (records && locks && name(ofB) === "submission_unknown")
      await eventually(() => sees("unknown"), "an unknown record");
    const [c, clientOfC] = records && (await sees("unknown")) ? [third, "c"] : [b, clientOfB];
    // A call that is made before the notification of the outcome arrives could not know the outcome.
    if (name(ofB) === "submission_unknown")
      await eventually(() => c.run("hasHeard", clientOfC, id), "the notification of the outcome");
    await c.run("submit", clientOfC, "c", request);
    const ofC = await c.run("outcome", "c");
    const after = await counts();
    check(name(ofC), wanted.c, "C");
    check(after.posts, wanted.after.posts, "requests of A, B and C");
    check(after.charges, wanted.after.charges, "charges of A, B and C");
    // Some browsers keep the connection of a request that was given up.
    if (!isAnswered) await answer();
    return wrong;
  }
}

/**
 * Runs the combinations of one place, one kind of store, with or without locks, and with or without
 * a third party.
 */
const slice = (place, store, locks, records) => async (kit) => {
  const image = await makeImage();
  const chosen = Object.entries({ place, store, locks, records });
  const list = [...combinations()].filter((combination) =>
    chosen.every(([name, value]) => combination[name] === value),
  );
  const count = COUNTS[place][Number(records)];
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
  const given = (isGiven) => (isGiven ? "with" : "without");
  const name = `${place}, ${store}, ${given(locks)} locks, ${given(records)} a third party`;
  console.log(
    `${name}: ${ran} of ${list.length} combinations in ${seconds} s, ${failed.length} wrong`,
  );
  ok(
    failed.length === 0,
    `no wrong combinations, found ${failed.length} of ${ran}:\n${failed.join("\n")}`,
  );
  equal([ran, list.length], [count, count], "combinations");
};

export const run = runner({
  another_tab: slice("another tab", "indexeddb", true, false),
  another_tab_and_a_third_party: slice("another tab", "indexeddb", true, true),
  another_tab_without_locks: slice("another tab", "indexeddb", false, false),
  another_tab_without_locks_and_a_third_party: slice("another tab", "indexeddb", false, true),
  another_client: slice("another client", "indexeddb", true, false),
  another_client_and_a_third_party: slice("another client", "indexeddb", true, true),
  another_client_without_locks: slice("another client", "indexeddb", false, false),
  another_client_without_locks_and_a_third_party: slice("another client", "indexeddb", false, true),
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
});
