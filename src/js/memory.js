// Task records in memory, as long as the page lives. It makes no decisions: see `store.js`.

import { listenInPage, newestFirst, notifyPage } from "./changes.js";

/** @typedef {import("./changes.js").StoredRecord} StoredRecord */
/** @typedef {import("./store.js").Decide} Decide */

/** As `structuredClone`, which Safari before 15.4 and jsdom lack. @param {StoredRecord} record */
const copyOf = (record) => /** @type {StoredRecord} */ (JSON.parse(JSON.stringify(record)));

export class MemoryStore {
  /** @type {Map<string, Map<string, StoredRecord>>} */
  #bases = new Map();
  /** @type {WeakMap<StoredRecord, Blob>} */
  #videos = new WeakMap();

  /** @param {string} name */
  constructor(name) {
    this.kind = "memory";
    this.name = `memory ${name}`;
  }

  /** @param {string} base */
  #of(base) {
    const records = this.#bases.get(base) ?? new Map();
    this.#bases.set(base, records);
    return records;
  }

  /** @param {string} base @param {string} id an external task id or a task id */
  async get(base, id) {
    return (
      this.#of(base).get(id) ?? [...this.#of(base).values()].find(({ taskId }) => taskId === id)
    );
  }

  /** Newest first. @param {string} base */
  async all(base) {
    return newestFirst([...this.#of(base).values()].map((record) => copyOf(record)));
  }

  /** @param {string} id */
  async known(id) {
    return [...this.#bases].flatMap(([base, records]) => {
      const record = records.get(id);
      return record ? [[base, record.state, record.attempt]] : [];
    });
  }

  /** @param {string} base @param {string} id @param {Decide} decide */
  async change(base, id, decide) {
    const records = this.#of(base);
    const current = records.get(id);
    const wanted = decide(current);
    if (wanted === undefined) return current;
    if (wanted === null) {
      if (current) notifyPage(this.name, { base, record: copyOf(current), removed: true });
      return void records.delete(id);
    }
    this.#put(base, wanted, this.#videos.get(records.get(wanted.externalTaskId) ?? wanted));
    return wanted;
  }

  /** @param {string} base @param {StoredRecord} record @param {Blob | undefined} video */
  #put(base, record, video) {
    record.kept = Boolean(video);
    if (video) this.#videos.set(record, video);
    this.#of(base).set(record.externalTaskId, record);
    notifyPage(this.name, { base, record: copyOf(record) });
  }

  /** @param {string} base @param {string} id */
  async kept(base, id) {
    const record = await this.get(base, id);
    return record && this.#videos.get(record);
  }

  /** @param {string} base @param {string} id @param {Blob} video */
  async keep(base, id, video) {
    const record = await this.get(base, id);
    if (!record) throw new Error("there is no record of this task any more");
    this.#put(base, { ...record }, video);
  }

  /** @param {import("./changes.js").Listener} listener */
  listen(listener) {
    return listenInPage(this.name, listener);
  }
}
