// One case's view of the package: the package itself, a key of its own, and the simulator as judge.

import { equal, ok, until } from "./expect.js";
import { collected, forgetCollected, reportedErrors, spellings, textOf } from "./leaks.js";

/**
 * How long one case may take, in ms. It only ends a case that hangs, so that the others still run:
 * one of 12 s took more than 300 s in WebKit with a load average of 62 on two cores.
 */
const MAX_CASE_MS = 1_500_000;

/** Returns the `run` of one file of cases. */
export const runner =
  (/** @type {Record<string, (kit: Kit) => Promise<void>>} */ cases) =>
  async (/** @type {string} */ simulator, /** @type {string} */ name) => {
    let timer;
    const overdue = new Promise((_, reject) => {
      const hangs = () => reject(new Error(`still running after ${MAX_CASE_MS} ms`));
      timer = setTimeout(hangs, MAX_CASE_MS);
    });
    try {
      forgetCollected();
      const kit = await Kit.at(simulator);
      await Promise.race([cases[name](kit), overdue]);
      await kit.assertKeyStayed();
    } catch (error) {
      throw new Error(`${name}: ${error}\n${error?.stack ?? ""}`);
    } finally {
      clearTimeout(timer);
    }
  };

/** How the clients of the cases poll, in ms: with budgets that a slow machine does not exhaust. */
export const PATIENT = {
  firstDelay: 20,
  interval: 20,
  maxInterval: 50,
  outageBudget: 60_000,
  notFoundGrace: 60_000,
};

/**
 * The same with shorter budgets, for trouble that lasts until they are spent: a paid request reaches
 * the service within that time on any machine.
 */
export const IMPATIENT = { ...PATIENT, outageBudget: 6000, notFoundGrace: 2000 };

/** How long the package compares a slice of two files, in ms. */
export const COMPARING_MS = 2000;

/**
 * Runs `use` with timers of this length lengthened in this page, so that a slow machine does not run
 * into them.
 * @param {number} ms
 * @param {() => Promise<void>} use
 */
export async function lengthened(ms, use) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (call, given, ...more) =>
    setTimeout(call, given === ms ? 240_000 : given, ...more);
  try {
    await use();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

/** An image of one colour, as a blob. */
export async function makeImage(width = 320, height = 300, type = "image/jpeg", colour = "#36c") {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type });
}

export class Kit {
  static async at(simulator) {
    const kit = new Kit();
    kit.simulator = simulator;
    kit.kling = await kit.packageAt(`${simulator}/pkg/index.js`);
    // Each key has its own account, so that cases can run side by side.
    kit.key = `sk-sim-${crypto.randomUUID()}`;
    kit.#spellings = spellings(kit.key);
    return kit;
  }

  /** @type {RegExp[]} */
  #spellings = [];

  /** The places where a noted value contained the key. @type {Set<string>} */
  #found = new Set();

  /** Whether the case itself puts the key into the body of a request. */
  sendsKey = false;

  /** Whether a string contains the key of this case, in any spelling. */
  holdsKey(text) {
    return this.#spellings.some((spelling) => spelling.test(text));
  }

  /** Checks a value from a client for the key, and returns the value. */
  note(place, value) {
    if (this.holdsKey(textOf(value))) this.#found.add(place);
    return value;
  }

  /** A proxy of an object, through which all results, errors, progress and changes are noted. */
  observed(source) {
    const noted = (name, value) => {
      if (value === source) return proxy;
      if (name === Symbol.asyncIterator || value?.[Symbol.asyncIterator])
        return this.observed(value);
      const place = (what) => `${what} of ${String(name)}`;
      if (typeof value?.then === "function")
        value.then(
          (result) => this.note(place("a result"), result),
          (error) => this.note(place("an error"), error),
        );
      return value;
    };
    const listening = (name, given) => {
      if (typeof given === "function")
        return (...what) => given(...this.note(`a call by ${name}`, what));
      // A getter is not read, because reading it may have an effect.
      if (typeof Object.getOwnPropertyDescriptor(Object(given), "onProgress")?.value !== "function")
        return given;
      const copy = Object.defineProperties(
        Object.create(Object.getPrototypeOf(given)),
        Object.getOwnPropertyDescriptors(given),
      );
      const { onProgress } = given;
      Object.defineProperty(copy, "onProgress", {
        value: (...what) => onProgress(...this.note(`progress of ${name}`, what)),
        enumerable: true,
      });
      return copy;
    };
    const wrappers = new Map();
    const proxy = new Proxy(
      {},
      {
        get: (_, name) => {
          const value = source[name];
          if (typeof value !== "function") return value;
          if (!wrappers.has(name))
            wrappers.set(name, (...given) =>
              noted(
                name,
                value.apply(
                  source,
                  given.map((one) => listening(String(name), one)),
                ),
              ),
            );
          return wrappers.get(name);
        },
      },
    );
    return proxy;
  }

  /** Lets each held task of this case go on to the next status at which the simulator holds it. */
  async release() {
    const response = await fetch(`${this.simulator}/account/release`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.key}` },
    });
    ok(response.ok, `a held task, found ${await response.text()}`);
  }

  /** Waits until the simulator has charged at least `count` submissions. */
  async charged(count) {
    await until(async () => (await this.account()).charges.length >= count, `${count} charges`);
  }

  /**
   * Lets pass the time of ten polls of another client. A client of this page that still polled as
   * often would poll meanwhile, because both use the timers of one page.
   */
  async tenPolls() {
    let polls = 0;
    const body = { code: 0, data: { task_id: "1", task_status: "processing" } };
    const control = new AbortController();
    const client = this.client("ok,tag=ten-polls", {
      store: "memory",
      fetch: async () => {
        if ((polls += 1) > 10) control.abort("ten polls");
        return new Response(JSON.stringify(body));
      },
    });
    await client
      .wait("1", { signal: control.signal })
      .catch((reason) => equal(reason, "ten polls"));
    client.close();
  }

  async packageAt(url) {
    const kling = await import(url);
    return { ...kling, createClient: (options) => this.observed(kling.createClient(options)) };
  }

  /**
   * A copy of the package that has not run yet: WebKit's compiled code may not notice that a global
   * was replaced.
   */
  copy() {
    return this.packageAt(`${this.simulator}/pkg/index.js?copy=${crypto.randomUUID()}`);
  }

  base(scenario = "ok") {
    return `${this.simulator}/s/${scenario}/kling`;
  }

  client(scenario = "ok", options = {}, kling = this.kling) {
    return kling.createClient({
      apiKey: this.key,
      baseUrl: this.base(scenario),
      polling: PATIENT,
      storeName: this.key,
      ...options,
    });
  }

  /** What the simulator has recorded for this case's key: requests, charges, violations. */
  async account() {
    const response = await fetch(`${this.simulator}/account`, {
      headers: { Authorization: `Bearer ${this.key}` },
    });
    return response.json();
  }

  /**
   * Checks that the key is in one header and in nothing else that a page can read, in no spelling:
   * console, requested URLs, storage, records, messages to other tabs, values from a client, errors
   * that `fails` has received.
   */
  async assertKeyStayed() {
    const { violations } = await this.account();
    const urls = performance.getEntriesByType("resource").map(({ name }) => name);
    const stored = [
      ...Object.values({ ...localStorage }),
      ...Object.values({ ...sessionStorage }),
      document.cookie,
    ];
    const places = {
      ...collected,
      urls,
      errors: reportedErrors,
      stored,
      records: await this.#records(),
    };
    for (const [place, strings] of Object.entries(places)) {
      ok(!strings.some((string) => this.holdsKey(string)), `no key in: ${place}`);
    }
    equal([...this.#found], [], "no key in any value from a client");
    const strays = violations.filter(
      (what) =>
        what.includes("the key in") && !(this.sendsKey && what.endsWith("the key in the body")),
    );
    equal(strays, [], "no key in a request except in its header");
  }

  /** The records in the database of this case, as JSON; empty if there is no database. */
  async #records() {
    const databases = await indexedDB.databases();
    if (!databases.some(({ name }) => name === this.key)) return [];
    const promised = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await promised(indexedDB.open(this.key));
    try {
      if (!database.objectStoreNames.contains("tasks")) return [];
      return (await promised(database.transaction("tasks").objectStore("tasks").getAll())).map(
        (record) => JSON.stringify(record),
      );
    } finally {
      database.close();
    }
  }

  async request(fields = {}) {
    return { images: [await makeImage()], prompt: "a calm sea", ...fields };
  }
}
