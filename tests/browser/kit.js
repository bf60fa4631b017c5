// What the cases share: the package under test, the simulator as judge, pictures, expectations.

/** Far more than any case takes: one that hangs shall say so itself, and keep no other from running. */
const LONGEST = 60_000;

/**
 * The entry point of one file of cases.
 * @param {Record<string, (kit: Kit) => Promise<void>>} cases
 */
export const runner = (cases) => async (simulator, name) => {
  let timer;
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${LONGEST} ms`)), LONGEST);
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

/** Every word on the console of this page. @type {string[]} */
const said = [];
for (const name of ["debug", "log", "info", "warn", "error"]) {
  const own = console[name];
  console[name] = (...words) => {
    said.push(words.map(String).join(" "));
    own.apply(console, words);
  };
}

/** Every error that was expected. @type {string[]} */
const failures = [];

export class Kit {
  static async at(simulator) {
    const kit = new Kit();
    kit.simulator = simulator;
    kit.kling = await import(`${simulator}/pkg/index.js`);
    // An account of its own, so that cases may run side by side.
    kit.key = `sk-sim-${crypto.randomUUID()}`;
    return kit;
  }

  base(scenario = "ok") {
    return `${this.simulator}/s/${scenario}/kling`;
  }

  client(scenario = "ok", options = {}) {
    const polling = { firstDelay: 20, interval: 20, maxInterval: 50, outageBudget: 2000, notFoundGrace: 2000 };
    return this.kling.createClient({ apiKey: this.key, baseUrl: this.base(scenario), polling, storeName: this.key, ...options });
  }

  /** What the simulator knows of this case's key. */
  async account() {
    const answer = await fetch(`${this.simulator}/account`, { headers: { Authorization: `Bearer ${this.key}` } });
    return answer.json();
  }

  /**
   * The key is in the one header and nowhere else that a page can see: no log line, address, record or error.
   * What `fails` has seen counts as error.
   */
  async assertKeyStayed() {
    const { violations } = await this.account();
    const addresses = performance.getEntriesByType("resource").map(({ name }) => name);
    const stored = [...Object.values({ ...localStorage }), ...Object.values({ ...sessionStorage }), document.cookie];
    const places = { console: said, addresses, errors: failures, stored, records: await this.#records() };
    for (const [place, texts] of Object.entries(places)) {
      ok(!texts.some((text) => text.includes(this.key)), `no key in what is found in: ${place}`);
    }
    equal(violations.filter((what) => what.includes("the key in")), [], "no key in a request but in its header");
  }

  /** What is really in the database of this case, if it has one. */
  async #records() {
    const databases = await indexedDB.databases();
    if (!databases.some(({ name }) => name === this.key)) return [];
    const promised = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const database = await promised(indexedDB.open(this.key));
    try {
      if (!database.objectStoreNames.contains("tasks")) return [];
      return (await promised(database.transaction("tasks").objectStore("tasks").getAll())).map((record) => JSON.stringify(record));
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
export async function until(condition, what, seconds = 5) {
  for (let tries = 0; tries < seconds * 20; tries += 1, await pause(50)) if (await condition()) return;
  throw new Error(`expected ${what} within ${seconds} seconds`);
}

/**
 * Runs in a worker, which is a tab to IndexedDB, to locks and to channels; returns what ends it without a farewell. In it,
 * `client` makes one for a scenario, with more options, and `heard` is what is called with each further message.
 */
export function tab(kit, body, given) {
  const worker = new Worker(URL.createObjectURL(new Blob([`
    import init, * as kling from ${JSON.stringify(`${kit.simulator}/pkg/index.js`)};
    const client = (scenario, more) => kling.createClient({
      apiKey: ${JSON.stringify(kit.key)}, storeName: ${JSON.stringify(kit.key)}, baseUrl: ${JSON.stringify(kit.simulator)} + "/s/" + scenario + "/kling",
      polling: { firstDelay: 20, interval: 20, maxInterval: 50, outageBudget: 2000 }, ...more });
    let heard;
    onmessage = async ({ data: given }) => {
      onmessage = ({ data }) => heard?.(data);
      try { postMessage(await (async () => {${body}})()); } catch (error) { postMessage({ error: String(error?.code ?? error) }); }
    };`], { type: "text/javascript" })), { type: "module" });
  const messages = [];
  const message = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (messages.push(data), resolve(data));
    worker.onerror = (event) => reject(new Error(event.message ?? "the worker failed to start"));
  });
  worker.postMessage(given);
  return { message, messages, post: (data) => worker.postMessage(data), close: () => worker.terminate() };
}

/** Runs the body of an async function in a module worker, where the package is loaded afresh. */
export async function inWorker({ simulator, key }, body, given) {
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
  const value = await promise.then((value) => ({ value }), (error) => ({ error }));
  if ("value" in value) throw new Error(`expected a rejection, found ${JSON.stringify(value.value)}`);
  return value.error;
}

/** Expects a KlingError of that code. */
export async function fails(promise, code) {
  const error = await rejection(promise);
  if (error?.name !== "KlingError" || error.code !== code) throw new Error(`expected ${code}, found ${error?.code}: ${error}`);
  failures.push([error.message, error.stack, String(error.cause), JSON.stringify(error), JSON.stringify({ ...error })].join());
  return error;
}

export const codes = (issues) => issues.map(({ path, code, severity }) => `${severity === "error" ? "" : "~"}${path} ${code}`);
