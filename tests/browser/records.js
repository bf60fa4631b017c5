import { equal, fails, ok, pause, until } from "./expect.js";
import { PATIENT, makeImage, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

/** The body of a tab that submits `given` and stays open until it is closed. */
const SUBMIT_AND_STAY = `
  makeClient("ok,hold=answer", { polling: PATIENT }).submit(given, {
    onProgress: ({ phase }) => phase === "uploading" && postMessage("under way"),
  });
  await new Promise(() => {});`;

/** The locks whose name contains an id, once the condition holds for them. */
async function locksOf(id, condition) {
  let found;
  await until(async () => {
    const { held, pending } = await navigator.locks.query();
    found = {
      held: held.filter(({ name }) => name.includes(id)),
      pending: pending.filter(({ name }) => name.includes(id)),
    };
    return condition(found);
  }, `locks of ${id}`);
  return found;
}

export const run = runner({
  async a_record_is_what_the_contract_says(kit) {
    const client = kit.client();
    equal([await client.storage(), await client.records()], ["indexeddb", []]);
    kit.sendsKey = true;
    const request = await kit.request({
      prompt: `with ${kit.key} in it`,
      negativePrompt: "fog",
      mode: "pro",
      duration: 10,
      aspectRatio: "1:1",
      modelName: "kling-v1-6",
    });
    const before = Date.now();
    const task = await client.submit(request);
    const [record, ...others] = await client.records();
    ok(record.createdAt >= before && record.updatedAt >= record.createdAt, "times");
    equal(
      [{ ...record, createdAt: 0, updatedAt: 0 }, others],
      [
        {
          externalTaskId: task.externalTaskId,
          taskId: task.taskId,
          state: "submitted",
          prompt: "with [key] in it",
          imageCount: 1,
          negativePrompt: "fog",
          mode: "pro",
          duration: "10",
          aspectRatio: "1:1",
          modelName: "kling-v1-6",
          createdAt: 0,
          updatedAt: 0,
          videos: [],
          kept: false,
        },
        [],
      ],
    );
    await client.wait(task.externalTaskId);
    const [done] = await kit.client().records();
    equal(
      [done.state, done.videos.length],
      ["succeed", 1],
      "kept up to date, and visible to another client",
    );
    const { externalTaskId } = await client.submit(await kit.request());
    equal(
      (await client.records()).map(({ externalTaskId }) => externalTaskId),
      [externalTaskId, task.externalTaskId],
      "newest first",
    );
  },

  async records_belong_to_a_base_url_and_a_store_name(kit) {
    const client = kit.client();
    await client.submit(await kit.request());
    for (const other of [
      kit.client("ok,tag=other"),
      kit.client("ok", { storeName: crypto.randomUUID() }),
      kit.client("ok", { store: "memory" }),
    ]) {
      equal(await other.records(), []);
    }
    equal((await client.records()).length, 1);
    await fails(kit.client("ok", { store: "disk" }).records(), "invalid_option");
    await fails(kit.client("ok", { storeName: "" }).records(), "invalid_option");
  },

  async record_changes_are_reported_with_each_state(kit) {
    const here = [];
    const client = kit.client();
    const end = client.onRecordChange(({ state }) => here.push(state));
    const stranger = [];
    kit.client("ok,tag=stranger").onRecordChange((record) => stranger.push(record));
    await client.generate(await kit.request());
    await until(() => here.includes("succeed"), "a record that succeeded");
    ok(here[0] === "submitting" && here.includes("submitted"), `each state, found ${here}`);
    equal(stranger, [], "changes under another base URL");
    end();
    const { length } = here;
    const later = [];
    client.onRecordChange(({ state }) => later.push(state));
    await client.submit(await kit.request());
    await until(() => later.includes("submitted"), "the changes at another listener");
    equal(here.length, length, "changes after the listener ended");
  },

  async removals_are_reported_in_every_tab(kit) {
    const other = tab(
      kit,
      `
      return await new Promise((resolve) => {
        makeClient("ok").onRecordChange((record, { removed }) => {
          if (removed) resolve([record.externalTaskId, record.state]);
        });
      });`,
    );
    for (const options of [{ store: "memory" }, {}]) {
      const client = kit.client("ok", options);
      const here = [];
      client.onRecordChange(({ externalTaskId, state }, { removed }) => {
        if (removed) here.push([externalTaskId, state]);
      });
      let last;
      let reported;
      other.message.then((value) => (reported = value));
      await until(async () => {
        const { externalTaskId } = await client.generate(await kit.request());
        await client.forget(externalTaskId);
        last = [externalTaskId, "succeed"];
        return options.store || reported;
      }, "a removal in another tab");
      await until(() => here.some(([id]) => id === last[0]), "a removal in this tab");
      equal(here.at(-1), last);
      if (!options.store) equal(reported[1], "succeed");
    }
    other.close();
  },

  async record_changes_are_reported_to_another_tab(kit) {
    const other = tab(
      kit,
      `
      return await new Promise((resolve) => {
        const end = makeClient("ok").onRecordChange(({ state }) => {
          if (state !== "succeed") return;
          end();
          resolve(state);
        });
      });`,
    );
    const client = kit.client();
    let reported;
    other.message.then((state) => (reported = state));
    await until(
      async () => (await client.generate(await kit.request()), reported),
      "a change that is reported to another tab",
    );
    equal(reported, "succeed");
    other.close();
  },

  async a_closed_tab_leaves_an_unknown_record(kit) {
    const request = { ...(await kit.request()), externalTaskId: crypto.randomUUID() };
    const gone = tab(kit, SUBMIT_AND_STAY, request);
    equal(await gone.message, "under way");
    await kit.charged(1);
    const client = kit.client("ok,hold=answer", { polling: PATIENT });
    equal((await client.records())[0].state, "submitting", "while the tab is open");
    await fails(client.forget(request.externalTaskId), "invalid_option");
    gone.close();
    await until(async () => (await client.records())[0].state === "unknown", "an unknown record");
    equal((await client.reconcile(request.externalTaskId)).status !== undefined, true);
    equal((await client.wait(request.externalTaskId)).status, "succeed");
    equal((await kit.account()).charges.length, 1);
  },

  async a_client_that_is_closed_at_once_keeps_no_lock(kit) {
    const request = { ...(await kit.request()), externalTaskId: crypto.randomUUID() };
    const gone = tab(kit, SUBMIT_AND_STAY, request);
    await gone.message;
    await kit.charged(1);
    gone.close();
    for (let wait = 0; wait < 12; wait += 1) {
      const client = kit.client("ok,hold=answer");
      client.records().catch(() => {});
      await pause(wait / 2);
      client.close();
    }
    const client = kit.client("ok,hold=answer");
    await until(async () => (await client.records())[0].state === "unknown", "an unknown record");
    const ours = async () =>
      (await navigator.locks.query()).held.filter(({ name }) =>
        name.includes(request.externalTaskId),
      );
    await until(async () => (await ours()).length === 0, "no held lock");
  },

  async with_a_full_disk_records_are_listed_and_can_be_forgotten(kit) {
    const request = { ...(await kit.request()), externalTaskId: crypto.randomUUID() };
    const gone = tab(kit, SUBMIT_AND_STAY, request);
    await gone.message;
    await kit.charged(1);
    gone.close();
    await locksOf(request.externalTaskId, ({ held }) => held.length === 0);
    const [states, left] = await inWorker(
      kit,
      `
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      const client = makeClient("ok,hold=answer");
      const states = (await client.records()).map(({ state }) => state);
      const left = client.forget(given).then(() => client.records(), ({ message }) => message);
      return [states, await left];`,
      request.externalTaskId,
    );
    equal([states, left], [["unknown"], []]);
  },

  async two_tabs_send_one_id_once(kit) {
    const request = { ...(await kit.request()), externalTaskId: crypto.randomUUID() };
    const submit = `
      const client = makeClient("ok,hold=answer", { polling: PATIENT });
      return (await client.submit(given)).taskId;`;
    const tabs = [tab(kit, submit, request), tab(kit, submit, request)];
    await kit.charged(1);
    const { held, pending } = await locksOf(
      request.externalTaskId,
      ({ pending }) => pending.length > 0,
    );
    ok(held.length > 0 && pending.length > 0, "one tab that sends, and one that waits for it");
    await kit.release();
    const ids = await Promise.all(tabs.map(({ message }) => message));
    ok(
      typeof ids[0] === "string" && ids[0] === ids[1],
      `one task for both, found ${JSON.stringify(ids)}`,
    );
    for (const { close } of tabs) close();
    const { charges, requests } = await kit.account();
    equal([charges.length, requests.filter(({ method }) => method === "POST").length], [1, 1]);
  },

  async an_abort_of_the_paid_request_leaves_an_unknown_record(kit) {
    const client = kit.client("ok,hold=answer", { polling: PATIENT });
    const control = new AbortController();
    const sent = client
      .submit(await kit.request(), { signal: control.signal })
      .catch((reason) => reason);
    await kit.charged(1);
    control.abort("enough");
    equal(await sent, "enough");
    await until(async () => (await client.records())[0]?.state === "unknown", "an unknown record");
    const early = new AbortController();
    const call = client.submit(await kit.request({ prompt: "another" }), {
      signal: early.signal,
      onProgress: () => early.abort("never mind"),
    });
    equal(await call.catch((reason) => reason), "never mind");
    await until(
      async () => (await client.records()).length === 1,
      "records, without one of what was never sent",
    );
    await kit.tenPolls();
    equal((await client.records()).length, 1, "records later");
  },

  async a_task_that_was_created_elsewhere_is_adopted(kit) {
    const elsewhere = kit.client("ok", { store: "memory" });
    const { taskId, externalTaskId } = await elsewhere.submit(await kit.request());
    const client = kit.client();
    equal((await client.adopt(taskId)).taskId, taskId);
    const [record] = await client.records();
    equal([record.externalTaskId, record.taskId, record.imageCount], [externalTaskId, taskId, 0]);
    await client.adopt(externalTaskId);
    equal((await client.records()).length, 1);
    await client.forget(taskId);
    equal(await client.records(), []);
    await client.forget("never-seen");
    await fails(client.adopt("12345678901234567890"), "task_not_found");
  },

  async without_a_database_records_are_in_memory(kit) {
    const seen = await inWorker(
      kit,
      `
      Object.defineProperty(globalThis, "indexedDB", {
        get() { throw new DOMException("no", "SecurityError"); },
      });
      const client = makeClient("ok", { polling: PATIENT });
      const states = [];
      client.onRecordChange(({ state }) => states.push(state));
      const { taskId } = await client.generate({ images: [given], prompt: "x" });
      const [record] = await client.records();
      record.state = "mine";
      const [again] = await client.records();
      return [await client.storage(), record.taskId === taskId, states.at(-1), again.state];`,
      await makeImage(),
    );
    equal(seen, ["memory", true, "succeed", "succeed"]);
  },

  async without_a_record_nothing_is_sent(kit) {
    for (const obstacle of [
      // Of the prototype: WebKit forgets a property of `indexedDB` itself.
      `IDBFactory.prototype.open = () => {
        throw new DOMException("no", "UnknownError");
      };`,
      `IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };`,
      // The database of a newer version of this package.
      `await new Promise((resolve) => {
        const open = indexedDB.open(storeName, 99);
        open.onsuccess = () => {
          open.result.close();
          resolve();
        };
      });`,
    ]) {
      const seen = await inWorker(
        kit,
        // A name of its own, so that nothing waits for a worker that is being ended.
        `const storeName = "${crypto.randomUUID()}";
        ${obstacle}
        const client = makeClient("ok", { storeName });
        const call = client.submit({ images: [given], prompt: "x" });
        return await call.then(() => "sent", (error) => error.code);`,
        await makeImage(),
      );
      equal(seen, "storage", obstacle);
    }
    equal((await kit.account()).requests, []);
  },

  async a_key_in_the_place_of_an_id_is_refused(kit) {
    const client = kit.client();
    for (const call of [
      client.getTask(kit.key),
      client.wait(kit.key),
      client.adopt(kit.key),
      client.submit(await kit.request({ externalTaskId: kit.key.slice(0, 64) })),
    ]) {
      const error = await fails(call, "invalid_option");
      ok(!error.message.includes(kit.key), "no key in the message");
    }
    equal((await kit.account()).requests, []);
  },

  async a_closed_client_rejects_every_call(kit) {
    let requests = 0;
    const counting = (...given) => {
      requests += 1;
      return fetch(...given);
    };
    const client = kit.client("ok,hold=submitted", { fetch: counting });
    const { taskId } = await client.submit(await kit.request());
    const changes = [];
    client.onRecordChange((record) => changes.push(record));
    const waiting = client.wait(taskId);
    const watching = client.watch(taskId)[Symbol.asyncIterator]();
    await watching.next();
    const next = watching.next();
    client.close();
    for (const call of [
      waiting,
      next,
      client.getTask(taskId),
      client.records(),
      client.submit(await kit.request()),
    ]) {
      ok((await fails(call, "invalid_option")).message.includes("closed"), "the reason");
    }
    const before = requests;
    await kit.tenPolls();
    equal([requests, changes], [before, []]);
    client.close();
  },
});
