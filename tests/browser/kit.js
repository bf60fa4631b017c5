// What the cases share: the package under test, the simulator as judge, pictures, expectations.

/**
 * ms, far more than a case takes on a slow machine: one that hangs shall say so itself, and keep no
 * other from running.
 */
const LONGEST = 120_000;

/**
 * The entry point of one file of cases.
 * @param {Record<string, (kit: Kit) => Promise<void>>} cases
 * @param {number} longest ms that one case may take
 */
export const runner =
  (cases, longest = LONGEST) =>
  async (simulator, name) => {
    let timer;
    const overdue = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still running after ${longest} ms`)), longest);
    });
    try {
      const kit = await Kit.at(simulator);
      await Promise.race([cases[name](kit), overdue]);
      await kit.assertKeyStayed();
    } catch (error) {
      throw new Error(`${name}: ${error}\n${error?.stack ?? ""}`);
    } finally {
      clearTimeout(timer);
    }
  };

/**
 * A polling that no slow machine exhausts, for what passes in the end or is held by the simulator.
 */
export const PATIENT = {
  firstDelay: 20,
  interval: 20,
  maxInterval: 50,
  outageBudget: 60_000,
  notFoundGrace: 60_000,
};

/**
 * Every word on the console of this page, and every message to other tabs from it.
 * @type {Record<string, string[]>}
 */
const said = { console: [], broadcasts: [] };
for (const name of ["debug", "log", "info", "warn", "error"]) {
  const own = console[name];
  console[name] = (...words) => {
    said.console.push(words.map(String).join(" "));
    own.apply(console, words);
  };
}
const { postMessage } = BroadcastChannel.prototype;
BroadcastChannel.prototype.postMessage = function (message) {
  said.broadcasts.push(textOf(message));
  return postMessage.call(this, message);
};

// The browser's list of addresses ends after 250 else, which the cases of one page exceed.
performance.setResourceTimingBufferSize(1_000_000);

/**
 * In a worker's code: sends each word on its console and each message to other tabs to the page
 * first, as `{ said, place }`.
 */
const SAY = `
  for (const name of ["debug", "log", "info", "warn", "error"]) {
    const own = console[name];
    console[name] = (...words) => { postMessage({ said: words.map(String).join(" "), place: "console" }); own.apply(console, words); };
  }
  const { postMessage: broadcast } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    postMessage({ said: JSON.stringify(message) ?? "", place: "broadcasts" });
    return broadcast.call(this, message);
  };`;

/** Every error that was expected. @type {string[]} */
const failures = [];

/** All that can be read of a value: of an error also what JSON leaves out. */
function textOf(value) {
  const json = (what) => {
    try {
      return JSON.stringify(what) ?? String(what);
    } catch (error) {
      return `unreadable: ${error}`;
    }
  };
  if (typeof value === "string") return value;
  if (!(value instanceof Error) && value?.name !== "KlingError") return json(value);
  return [value.message, value.stack, String(value.cause), json(value), json({ ...value })].join();
}

/**
 * All ways to write a key in a text: as it is in either case, each character percent-encoded or as
 * a JSON escape or not, and as a part of base64 in either alphabet. `Spellings` in the simulator is
 * the same for requests.
 * @param {string} key
 * @returns {RegExp[]}
 */
export function spellings(key) {
  const spelled = (text, flags) => {
    const characters = [...text].map((character) => {
      const hex = character
        .charCodeAt(0)
        .toString(16)
        .padStart(2, "0")
        .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
      const plain = character.replace(/\W/, "\\$&");
      return `(?:${plain}|%(?:25)*${hex}|\\\\+(?:u00${hex}|${plain}))`;
    });
    return new RegExp(characters.join(""), flags);
  };
  const encoded = [0, 1, 2].flatMap((before) => {
    const bytes = "\0".repeat(before) + key;
    // What stands before and behind the key changes the characters that it shares bits with.
    const base64 = btoa(bytes).slice(
      Math.ceil((before * 8) / 6),
      Math.floor((bytes.length * 8) / 6),
    );
    return [base64, base64.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [spelled(key, "i"), ...[...new Set(encoded)].map((base64) => spelled(base64, ""))];
}

export class Kit {
  static async at(simulator) {
    const kit = new Kit();
    kit.simulator = simulator;
    const kling = await import(`${simulator}/pkg/index.js`);
    kit.kling = { ...kling, createClient: (...how) => kit.observed(kling.createClient(...how)) };
    // An account of its own, so that cases may run side by side.
    kit.key = `sk-sim-${crypto.randomUUID()}`;
    kit.#spellings = spellings(kit.key);
    return kit;
  }

  /** @type {RegExp[]} */
  #spellings = [];

  /** Where the key was seen of all that was noted. @type {Set<string>} */
  #seen = new Set();

  /** Whether the case itself puts the key into the body of a request. */
  sendsKey = false;

  /** Whether a text has the key of this case, in any spelling. */
  holdsKey(text) {
    return this.#spellings.some((spelling) => spelling.test(text));
  }

  /** Looks for the key in what a client said. */
  note(place, value) {
    if (this.holdsKey(textOf(value))) this.#seen.add(place);
    return value;
  }

  /** The same object, of which all results, errors, progress and changes are noted. */
  observed(source) {
    const noted = (name, value) => {
      if (value === source) return proxy;
      if (name === Symbol.asyncIterator || value?.[Symbol.asyncIterator])
        return this.observed(value);
      const text = (what) => `${what} of ${String(name)}`;
      if (typeof value?.then === "function")
        value.then(
          (result) => this.note(text("a result"), result),
          (error) => this.note(text("an error"), error),
        );
      return value;
    };
    const listening = (name, given) => {
      if (typeof given === "function")
        return (...what) => given(...this.note(`a call by ${name}`, what));
      // Only what may be read without consequences is.
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

  /** Lets each task of this case that the simulator holds go on to the next hold. */
  async release() {
    const answer = await fetch(`${this.simulator}/account/release`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.key}` },
    });
    ok(answer.ok, `a task that is held, found ${await answer.text()}`);
  }

  /** Waits until the service has charged so many submissions. */
  async charged(count) {
    await until(async () => (await this.account()).charges.length >= count, `${count} charges`);
  }

  base(scenario = "ok") {
    return `${this.simulator}/s/${scenario}/kling`;
  }

  client(scenario = "ok", options = {}) {
    const polling = {
      firstDelay: 20,
      interval: 20,
      maxInterval: 50,
      outageBudget: 2000,
      notFoundGrace: 2000,
    };
    return this.kling.createClient({
      apiKey: this.key,
      baseUrl: this.base(scenario),
      polling,
      storeName: this.key,
      ...options,
    });
  }

  /** What the simulator knows of this case's key. */
  async account() {
    const answer = await fetch(`${this.simulator}/account`, {
      headers: { Authorization: `Bearer ${this.key}` },
    });
    return answer.json();
  }

  /**
   * The key is in the one header and nowhere else that a page can see, in no spelling: no log line,
   * address, record, message to another tab, nor anything that a client said. What `fails` has seen
   * counts as error.
   */
  async assertKeyStayed() {
    const { violations } = await this.account();
    const addresses = performance.getEntriesByType("resource").map(({ name }) => name);
    const stored = [
      ...Object.values({ ...localStorage }),
      ...Object.values({ ...sessionStorage }),
      document.cookie,
    ];
    const places = { ...said, addresses, errors: failures, stored, records: await this.#records() };
    for (const [place, texts] of Object.entries(places)) {
      ok(!texts.some((text) => this.holdsKey(text)), `no key in what is found in: ${place}`);
    }
    equal([...this.#seen], [], "no key in what a client says");
    const strays = violations.filter(
      (what) =>
        what.includes("the key in") && !(this.sendsKey && what.endsWith("the key in the body")),
    );
    equal(strays, [], "no key in a request but in its header");
  }

  /** What is really in the database of this case, if it has one. */
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

  async request(rest = {}) {
    return { images: [await picture()], prompt: "a calm sea", ...rest };
  }
}

export async function picture(width = 320, height = 300, type = "image/jpeg", colour = "#36c") {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type });
}

/** In a worker's code: notes what each instance of the module exports, among that its memory. */
export const NOTE_EXPORTS = `
  const instances = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const instance = new Instance(...given);
    instances.push(instance.exports);
    return instance;
  };
  WebAssembly.Instance.prototype = Instance.prototype;`;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps asking until it is so. */
export async function until(condition, what, seconds = 30) {
  for (let tries = 0; tries < seconds * 20; tries += 1, await pause(50))
    if (await condition()) return;
  throw new Error(`expected ${what} within ${seconds} seconds`);
}

/**
 * Runs in a worker, which is a tab to IndexedDB, to locks and to channels; returns what ends it
 * without a farewell. In it,
 * `client` makes one for a scenario, with more options, and `heard` is what is called with each
 * further message.
 */
export function tab(kit, body, given) {
  const worker = new Worker(
    URL.createObjectURL(
      new Blob(
        [
          `${SAY}
    import init, * as kling from ${JSON.stringify(`${kit.simulator}/pkg/index.js`)};
    const client = (scenario, more) => kling.createClient({
      apiKey: ${JSON.stringify(kit.key)}, storeName: ${JSON.stringify(kit.key)}, baseUrl: ${JSON.stringify(kit.simulator)} + "/s/" + scenario + "/kling",
      polling: { firstDelay: 20, interval: 20, maxInterval: 50, outageBudget: 2000 }, ...more });
    let heard;
    onmessage = async ({ data: given }) => {
      onmessage = ({ data }) => heard?.(data);
      try { postMessage(await (async () => {${body}})()); } catch (error) { postMessage({ error: String(error?.code ?? error) }); }
    };`,
        ],
        { type: "text/javascript" },
      ),
    ),
    { type: "module" },
  );
  const messages = [];
  const message = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data?.place in said) return void said[data.place].push(data.said);
      messages.push(kit.note("a message of another tab", data));
      resolve(data);
    };
    worker.onerror = (event) => reject(new Error(event.message ?? "the worker failed to start"));
  });
  worker.postMessage(given);
  return {
    message,
    messages,
    post: (data) => worker.postMessage(data),
    close: () => worker.terminate(),
  };
}

/** Runs the body of an async function in a module worker, where the package is loaded afresh. */
export async function inWorker(kit, body, given) {
  const { simulator, key } = kit;
  const source = `${SAY}
    import init, * as kling from ${JSON.stringify(`${simulator}/pkg/index.js`)};
    const body = async (init, kling, simulator, key, given) => {${body}};
    onmessage = ({ data }) => body(init, kling, ...data).then(
      (value) => postMessage({ value }),
      (error) => postMessage({ error: { ...error, message: String(error?.message), name: error?.name } }));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  try {
    const { value, error } = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        data?.place in said
          ? void said[data.place].push(data.said)
          : resolve(kit.note("what a worker returns", data));
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

export const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

export function equal(actual, expected, what = "value") {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, found ${a}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(`expected ${what}`);
}

/** The error that a promise rejects with. */
export async function rejection(promise) {
  const value = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ("value" in value)
    throw new Error(`expected a rejection, found ${JSON.stringify(value.value)}`);
  return value.error;
}

/** Expects a KlingError of that code. */
export async function fails(promise, code) {
  const error = await rejection(promise);
  if (error?.name !== "KlingError" || error.code !== code)
    throw new Error(`expected ${code}, found ${error?.code}: ${error}`);
  failures.push(textOf(error));
  return error;
}

export const codes = (issues) =>
  issues.map(({ path, code, severity }) => `${severity === "error" ? "" : "~"}${path} ${code}`);
