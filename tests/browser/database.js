// A database that does not answer, or whose connection the browser has closed.

import { equal, ok, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

/** A worker's code that multiplies these time limits of the package, in ms. */
const multiplied = (factor, ...limits) => `
  const startTimer = globalThis.setTimeout;
  globalThis.setTimeout = (call, ms, ...more) =>
    startTimer(call, ${JSON.stringify(limits)}.includes(ms) ? ms * ${factor} : ms, ...more);`;

/**
 * A worker's code that shortens these time limits of the package, in ms. Only what never comes may
 * run into a shortened limit: on a slow machine, everything else would.
 * @param {...number} limits
 */
export const shortened = (...limits) => multiplied(1 / 20, ...limits);

/**
 * A worker's code with which a slow machine does not run into the limits of the database, of a
 * free request and of loading the module: cases with many workers at once need it.
 */
export const LONG_LIMIT = multiplied(20, 10_000, 30_000, 40_000);

/** The limit of the database, and that of the file of the module. */
export const SHORT_LIMIT = shortened(10_000);

/** The same, where the database is opened again within the limit. */
const HALF_LIMIT = multiplied(1 / 2, 10_000);

/** The same, where the limit passes as soon as an older version is known to block the database. */
const LIMIT_WHEN_BLOCKED = `
  const startTimer = globalThis.setTimeout;
  let pass;
  globalThis.setTimeout = (call, ms, ...more) => {
    if (ms === 10_000) pass = call;
    return startTimer(call, ms === 10_000 ? 240_000 : ms, ...more);
  };
  const openUnseen = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...given) {
    const request = openUnseen.apply(this, given);
    request.addEventListener("blocked", () => startTimer(() => pass(), 0));
    return request;
  };`;

/** A worker's code that collects the connections that are opened. */
const COLLECT_CONNECTIONS = `
  const connections = [];
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...given) {
    const request = open.apply(this, given);
    request.addEventListener("success", () => connections.push(request.result));
    return request;
  };
  const { transaction } = IDBDatabase.prototype;`;

/** How the connection dies, after the client has used it. */
const DEATHS = {
  "closed from outside": `connections.forEach((database) => database.close());`,
  "closed, with an event": `connections.forEach((database) => {
    database.close();
    database.dispatchEvent(new Event("close"));
  });`,
  "throws once": `let isDead = true;
    IDBDatabase.prototype.transaction = function (...given) {
      if (!isDead) return transaction.apply(this, given);
      isDead = false;
      throw new DOMException("the connection is closing", "InvalidStateError");
    };`,
  "throws on that connection": `const [dead] = connections;
    IDBDatabase.prototype.transaction = function (...given) {
      if (this !== dead) return transaction.apply(this, given);
      throw new DOMException("the connection was lost", "UnknownError");
    };`,
  "asked to close by another version": `connections.forEach((database) =>
    database.dispatchEvent(new Event("versionchange")));`,
};

/**
 * How one transaction is lost, after the client has used its connection. WebKit does this when the
 * process of its database ends, for example in the background.
 */
const LOSSES = {
  "aborted, and the connection closes": `once(IDBDatabase, "transaction", (call, database) => {
    const lost = call();
    lost.abort();
    lost.addEventListener("abort", () => {
      database.close();
      database.dispatchEvent(new Event("close"));
    });
    return lost;
  });`,
  "aborted, without a further event": `once(IDBDatabase, "transaction", (call) => {
    const lost = call();
    lost.abort();
    return lost;
  });`,
  "aborted, and the connection stays dead": `once(IDBDatabase, "transaction", (call, dead) => {
    const lost = call();
    lost.abort();
    IDBDatabase.prototype.transaction = function (...given) {
      if (this !== dead) return transaction.apply(this, given);
      throw new DOMException("Connection to Indexed Database server lost.", "UnknownError");
    };
    return lost;
  });`,
  "a read throws": `once(IDBObjectStore, "get", unknown);`,
  "a write throws": `once(IDBObjectStore, "put", unknown);`,
  "a write fails": `once(IDBObjectStore, "put", (call, store) => {
    const request = call();
    store.transaction.abort();
    return request;
  });`,
};

/** A worker's code that replaces the next call of a method. */
const ONCE = `
  const once = ({ prototype }, name, instead) => {
    const own = prototype[name];
    prototype[name] = function (...given) {
      prototype[name] = own;
      return instead(() => own.apply(this, given), this);
    };
  };
  const unknown = () => {
    throw new DOMException(
      "Attempt to get a record from database without an in-progress transaction",
      "UnknownError",
    );
  };`;

/** Why the database does not answer, and what the error names; whether it opens first. */
const SILENCES = {
  "opening never answers": {
    code: `IDBFactory.prototype.open = () => new EventTarget();`,
    cause: /did not open within 10000 ms/,
  },
  "opening is blocked": {
    code: `IDBFactory.prototype.open = () => {
      const request = new EventTarget();
      setTimeout(() => request.onblocked(new Event("blocked")), 10);
      return request;
    };`,
    cause: /another tab holds an older version/,
  },
  "a transaction never completes": {
    opens: true,
    code: `Object.defineProperty(IDBTransaction.prototype, "oncomplete", { set() {} });`,
    cause: /did not answer within 10000 ms/,
  },
  "a read never answers": {
    opens: true,
    code: `Object.defineProperty(IDBRequest.prototype, "onsuccess", {
      set(listener) {
        if (this instanceof IDBOpenDBRequest) this.addEventListener("success", listener);
      },
    });`,
    cause: /did not answer within 10000 ms/,
  },
  "every transaction throws": {
    opens: true,
    code: `IDBDatabase.prototype.transaction = () => {
      throw new DOMException("the connection is closing", "InvalidStateError");
    };`,
    cause: /the connection is closing/,
  },
};

export const run = runner({
  async a_connection_that_died_is_opened_again(kit) {
    const image = await makeImage();
    for (const [name, death] of Object.entries(DEATHS)) {
      const seen = await inWorker(
        kit,
        `${COLLECT_CONNECTIONS}
        const client = makeClient("ok", { storeName: key + ${JSON.stringify(name)} });
        const { taskId } = await client.submit({ images: [given], prompt: "x" });
        ${death}
        const second = await client.submit({ images: [given], prompt: "y" });
        const records = await client.records();
        return [records.map(({ taskId }) => taskId), [second.taskId, taskId]];`,
        image,
      );
      equal(seen[0], seen[1], name);
    }
    equal((await kit.account()).charges.length, 2 * Object.keys(DEATHS).length);
  },

  async a_transaction_that_is_lost_is_an_error_and_the_next_call_works(kit) {
    const image = await makeImage();
    for (const [name, loss] of Object.entries(LOSSES)) {
      const seen = await inWorker(
        kit,
        `${COLLECT_CONNECTIONS}${ONCE}
        const client = makeClient("ok", { storeName: key + ${JSON.stringify(name)} });
        const { taskId } = await client.submit({ images: [given], prompt: "x" });
        ${loss}
        const request = { images: [given], prompt: "y" };
        const lost = await client.submit(request).catch(({ code }) => code);
        const second = await client.submit(request);
        const records = await client.records();
        return [lost, records.map(({ taskId }) => taskId), [second.taskId, taskId]];`,
        image,
      );
      equal(seen[0], "storage", name);
      equal(seen[1], seen[2], name);
    }
    equal((await kit.account()).charges.length, 2 * Object.keys(LOSSES).length);
  },

  async a_database_that_does_not_answer_is_an_error_and_nothing_is_sent(kit) {
    const image = await makeImage();
    const silence = async ([name, { code, cause, opens = false }]) => {
      const calls = await inWorker(
        kit,
        `await init();
        const client = makeClient("ok", { storeName: key + ${JSON.stringify(name)} });
        if (${opens}) await client.records();
        ${HALF_LIMIT}${code}
        const request = { images: [given], prompt: "x" };
        const calls = [
          client.submit(request),
          client.submit({ ...request, prompt: "y", externalTaskId: "0" + key.slice(-36) }),
          client.records(),
          client.forget("1"),
        ];
        return Promise.all(calls.map((call) =>
          call.then(() => ["sent"], ({ code, message }) => [code, message])));`,
        image,
      );
      for (const [code, message] of calls) {
        equal(code, "storage", name);
        ok(cause.test(message), `${name}: ${message}`);
      }
    };
    // At once: each of them waits until the limit has passed.
    await Promise.all(Object.entries(SILENCES).map(silence));
    equal((await kit.account()).requests, [], "requests");
  },

  async a_task_is_followed_without_a_record(kit) {
    const task = await kit.client("ok", { store: "memory" }).generate(await kit.request());
    for (const [name, { code, opens = false }] of Object.entries(SILENCES)) {
      const seen = await inWorker(
        kit,
        `const client = makeClient("ok", { storeName: key + ${JSON.stringify(name)} });
        if (${opens}) await client.records();
        ${SHORT_LIMIT}${code}
        const { taskId } = given;
        const seen = [];
        seen.push((await client.getTask(taskId)).status);
        seen.push((await client.wait(taskId)).status);
        for await (const { status } of client.watch(taskId)) seen.push(status);
        seen.push((await client.download(given)).size > 1000);
        return seen;`,
        task,
      );
      equal(seen, ["succeed", "succeed", "succeed", true], name);
    }
  },

  async a_database_that_opens_late_is_closed_and_the_next_call_works(kit) {
    const storeName = `${kit.key} late`;
    // Keeps an older version open for longer than the limit, as an old tab does.
    const older = await new Promise((resolve) => {
      const request = indexedDB.open(storeName, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("tasks");
      request.onsuccess = () => resolve(request.result);
    });
    older.onversionchange = () => {};
    const other = tab(
      kit,
      `${LIMIT_WHEN_BLOCKED}${COLLECT_CONNECTIONS}
      const closed = [];
      const { close } = IDBDatabase.prototype;
      IDBDatabase.prototype.close = function () {
        closed.push(this);
        close.call(this);
      };
      const client = makeClient("ok", { storeName: given });
      const error = await client.records().catch(({ code, message }) => [code, message]);
      postMessage(error);
      onPost = async () => {
        while (!connections.length) await new Promise((resolve) => startTimer(resolve, 10));
        postMessage([await client.records(), closed[0] === connections[0], connections.length]);
      };`,
      storeName,
    );
    const [code, message] = await other.message;
    equal(code, "storage");
    ok(message.includes("another tab holds an older version"), message);
    older.close();
    other.post("closed");
    await until(() => other.messages.length > 2, "the next call");
    equal(other.messages[2], [[], true, 2]);
    other.close();
    indexedDB.deleteDatabase(storeName);
  },
});
