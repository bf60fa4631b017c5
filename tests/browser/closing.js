// A client that is closed, or a call that is aborted, while the paid request is under way: the
// outcome is unknown, and the caller learns under which id to look it up.

import { equal, fails, ok, until } from "./expect.js";
import { PATIENT, runner } from "./kit.js";

/** How the paid request is under way, and when it is; each scenario charges once. */
const MOMENTS = {
  "before the response": { scenario: "ok,hold=answer" },
  "before the response, without a database": { scenario: "ok,hold=answer", store: "memory" },
  "while the task is looked up": { scenario: "submit-500,created=1", holdsLookUp: true },
};

/** Each ends the calls of a client, and expects this error. */
const ENDINGS = {
  "close during submit": { method: "submit" },
  "close during generate": { method: "generate" },
  "close during two joined calls": { method: "submit", isTwice: true },
};

/**
 * A `fetch` that never answers the look-up of this external task id after the paid request, until the
 * look-up is aborted. `begun` resolves when that look-up begins.
 */
function holdingLookUp(id) {
  let begin;
  const begun = new Promise((resolve) => (begin = resolve));
  let isSent = false;
  const fetchOrHold = (url, init) => {
    if (init.method === "POST") isSent = true;
    else if (isSent && url.endsWith(id)) {
      begin();
      return new Promise((_, reject) =>
        init.signal.addEventListener("abort", () => reject(init.signal.reason)),
      );
    }
    return fetch(url, init);
  };
  return { begun, fetch: fetchOrHold };
}

/** A client, a request, and a function that waits until that many submissions are under way. */
async function prepare(kit, { scenario, store = "indexeddb", holdsLookUp = false }, what) {
  const request = await kit.request({ externalTaskId: crypto.randomUUID() });
  const options = { polling: PATIENT, store, storeName: `${kit.key} ${what}`.slice(0, 100) };
  const held = holdingLookUp(request.externalTaskId);
  const client = kit.client(scenario, holdsLookUp ? { ...options, fetch: held.fetch } : options);
  const underWay = async (count) => {
    if (holdsLookUp) await held.begun;
    await kit.charged(count);
  };
  return { client, options, request, underWay };
}

export const run = runner({
  async a_closed_client_names_the_submission_of_unknown_outcome(kit) {
    let count = 0;
    for (const [moment, how] of Object.entries(MOMENTS)) {
      for (const [name, { method, isTwice }] of Object.entries(ENDINGS)) {
        const what = `${name}, ${moment}`;
        const { client, options, request, underWay } = await prepare(kit, how, what);
        const calls = [client[method](request)];
        if (isTwice) calls.push(client[method](request));
        const waiting = client.wait("1").catch((error) => error);
        count += 1;
        const failed = calls.map((call) => fails(call, "invalid_option"));
        await underWay(count);
        client.close();
        for (const error of await Promise.all(failed)) {
          equal([error.externalTaskId, error.retryable], [request.externalTaskId, false], what);
          ok(
            /unknown whether the task was created: this client was closed; look it up/.test(
              error.message,
            ),
            error.message,
          );
        }
        // Another call of the client has no submission.
        const other = await waiting;
        equal([other.code, other.externalTaskId], ["invalid_option", undefined], what);
        const next = kit.client(how.scenario, options);
        await until(async () => (await next.records())[0]?.state === "unknown", "a record");
        equal((await next.records())[0].externalTaskId, request.externalTaskId, what);
        next.close();
      }
    }
    equal((await kit.account()).charges.length, count);
  },

  async an_aborted_call_leaves_an_unknown_record_with_its_id(kit) {
    let count = 0;
    for (const [moment, how] of Object.entries(MOMENTS)) {
      for (const method of ["submit", "generate"]) {
        const what = `${method}, ${moment}`;
        const { client, request, underWay } = await prepare(kit, how, what);
        const control = new AbortController();
        const reason = new Error("the caller's own reason");
        const call = client[method](request, { signal: control.signal }).catch((error) => error);
        count += 1;
        await underWay(count);
        control.abort(reason);
        ok((await call) === reason, `the signal's reason: ${what}`);
        await until(async () => (await client.records())[0]?.state === "unknown", "a record");
        equal((await client.records())[0].externalTaskId, request.externalTaskId, what);
        client.close();
      }
    }
    equal((await kit.account()).charges.length, count);
  },

  async before_the_paid_request_nothing_is_unknown(kit) {
    const request = await kit.request({ images: [new Blob([(await kit.request()).images[0]])] });
    for (const phase of ["preparing", "encoding"]) {
      const client = kit.client("ok", { storeName: `${kit.key} ${phase}` });
      const onProgress = (progress) => progress.phase === phase && client.close();
      const error = await fails(client.submit(request, { onProgress }), "invalid_option");
      equal([error.message, error.externalTaskId], ["this client was closed", undefined], phase);
      equal(await kit.client("ok", { storeName: `${kit.key} ${phase}` }).records(), []);
    }
    equal((await kit.account()).charges, []);
  },
});
