// Connections that are cut at a random byte of a request or of a response. Browsers repeat some
// requests by themselves; still no id is charged twice, and every charged task is found.

import { bytesOf, equal, ok, pause } from "./expect.js";
import { PATIENT, runner } from "./kit.js";

/** With six more connections the browser would wait for a free one. */
const LANES = 4;

/** A proxy of the simulator that cuts connections. It is reached for its report without cuts. */
async function wire(kit) {
  const report = async () => (await fetch(`${kit.simulator}/wire`)).json();
  const before = await report();
  return {
    ...before,
    /** How many connections were cut since. */
    cut: async () => {
      const after = await report();
      return after.cutRequests - before.cutRequests + after.cutResponses - before.cutResponses;
    },
  };
}

/** Repeats a call as long as it rejects with `network` or `protocol`. */
async function persist(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error?.code !== "network" && error?.code !== "protocol") throw error;
      await pause(5);
    }
  }
}

const stateOf = async (client, id) =>
  (await client.records()).find(({ externalTaskId }) => externalTaskId === id)?.state;

/**
 * Submits one request until it is accepted: looks up an unknown submission, and sends it again if
 * the look-up finds no task.
 */
async function submit(client, request, seen) {
  for (;;) {
    try {
      return await client.submit(request);
    } catch (error) {
      seen[error.code] = (seen[error.code] ?? 0) + 1;
      if (error.code === "network" || error.code === "protocol") {
        // Retryable means that nothing was sent.
        ok(
          error.retryable || (await stateOf(client, request.externalTaskId)) === "unknown",
          `a network error that may pass, found ${error}`,
        );
        continue;
      }
      if (error.code !== "submission_unknown") throw error;
      equal(await stateOf(client, request.externalTaskId), "unknown", "an open outcome");
      const task = await persist(() => client.reconcile(request.externalTaskId));
      if (task) return task;
    }
  }
}

async function submissions(kit, count) {
  const line = await wire(kit);
  const client = kit.client("ok,submitted=20,processing=20", {
    polling: PATIENT,
    baseUrl: `${line.address}/s/ok,submitted=20,processing=20/kling`,
  });
  const image = await kit.request();
  const [seen, tasks] = [{}, new Map()];
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (const id of ids.filter((_, at) => at % LANES === lane)) {
        tasks.set(id, await submit(client, { ...image, externalTaskId: id }, seen));
      }
    }),
  );
  const { charges } = await kit.account();
  const paid = charges.map(({ externalTaskId }) => externalTaskId);
  equal([...paid].sort(), [...ids].sort(), "one charge for each id");
  const records = await client.records();
  equal(records.length, count, "one record for each id");
  for (const { externalTaskId, taskId } of records)
    equal(taskId, tasks.get(externalTaskId)?.taskId, "the task of the record");
  return { client, tasks: [...tasks.values()], seen, line };
}

export const run = runner({
  async cut_submissions_are_charged_once(kit) {
    const { seen, line } = await submissions(kit, 200);
    const cut = await line.cut();
    ok(cut > 20, `many cuts, found ${cut} with the seed ${line.seed}`);
    // Which error a cut causes depends on its place.
    ok(Object.keys(seen).length > 0, "errors because of the cuts, found none");
  },

  async cut_waits_and_downloads_succeed(kit) {
    const { client, tasks, line } = await submissions(kit, 20);
    await Promise.all(
      tasks.map(async ({ taskId }) => {
        const task = await client.wait(taskId);
        equal(task.status, "succeed");
        const video = await persist(() => client.download(task));
        equal(new TextDecoder().decode((await bytesOf(video)).subarray(4, 8)), "ftyp");
      }),
    );
    ok((await line.cut()) > 0, `cuts with the seed ${line.seed}`);
  },
});
