// Other scripts on the same page: a second copy of the package, a wrapped `fetch`, broken globals.

import { bytesOf, equal, fails, ok, until } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { inWorker } from "./workers.js";

export const run = runner({
  async two_copies_on_one_page(kit) {
    const other = await import(`${kit.simulator}/pkg/inline.js`);
    const options = { apiKey: kit.key, baseUrl: kit.base(), storeName: kit.key };
    const [ours, theirs] = [kit.kling.createClient(options), other.createClient(options)];
    const changed = [];
    theirs.onRecordChange(({ externalTaskId }) => changed.push(externalTaskId));
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    const sent = await Promise.allSettled([ours.submit(request), theirs.submit(request)]);
    const tasks = sent.flatMap(({ value }) => value?.taskId ?? []);
    ok(new Set(tasks).size === 1, `one task, found ${JSON.stringify(sent)}`);
    equal((await kit.account()).charges.length, 1, "charges");
    equal(
      (await theirs.records()).map(({ taskId }) => taskId),
      [tasks[0]],
    );
    await until(
      () => changed.includes(request.externalTaskId),
      "a change that the other copy made",
    );
    // `isKlingError` of one copy accepts an error of the other, although their classes differ.
    ok(other.KlingError !== kit.kling.KlingError, "two copies");
    const error = await ours.submit({ images: [] }).catch((reason) => reason);
    ok(other.isKlingError(error) && !(error instanceof other.KlingError), error);
    // Closing one leaves the other alone.
    ours.close();
    equal((await theirs.getTask(tasks[0])).taskId, tasks[0]);
    theirs.close();
  },

  async a_fetch_that_the_site_has_wrapped(kit) {
    const wrappers = {
      // Reads a copy of each response, like a monitor of all traffic.
      reading: `async (...given) => {
        const response = await own(...given);
        await response.clone().arrayBuffer();
        return response;
      }`,
      // Makes a new request, to change or to add something.
      rebuilding: `async (...given) => {
        const request = new Request(...given);
        return own(new Request(request, { priority: "low" }));
      }`,
      // Makes a new response, to measure or to change something.
      renewing: `async (...given) => {
        const { body, status, statusText, headers } = await own(...given);
        return new Response(body, { status, statusText, headers });
      }`,
      // Returns something that is only like a promise.
      thenable: `(...given) => ({
        then: (done, failed) => void own(...given).then(done, failed),
      })`,
    };
    for (const [name, wrapper] of Object.entries(wrappers)) {
      const seen = await inWorker(
        kit,
        `
        const own = globalThis.fetch.bind(globalThis);
        let calls = 0;
        const wrapped = ${wrapper};
        globalThis.fetch = (...given) => {
          calls += 1;
          return wrapped(...given);
        };
        const client = makeClient("ok,submitted=20,processing=20", {
          polling: PATIENT,
          storeName: key + ${JSON.stringify(name)},
        });
        const task = await client.generate({ images: [given], prompt: "a calm sea" });
        const video = await client.download(task);
        client.close();
        return [task.status, video, calls > 3];`,
        await makeImage(),
      );
      equal([seen[0], seen[2]], ["succeed", true], name);
      equal(new TextDecoder().decode((await bytesOf(seen[1])).subarray(4, 8)), "ftyp", name);
    }
    equal((await kit.account()).charges.length, Object.keys(wrappers).length, "charges");
  },

  async a_request_that_was_never_sent_is_reported_as_such(kit) {
    const request = await kit.request();
    /** Runs `body` with a client while the global of this name is replaced. */
    const replacing = async (name, value, body) => {
      const client = kit.client("ok", { store: "memory" }, await kit.copy());
      // Loads the module. What sends requests has not run yet.
      await client.records();
      const own = globalThis[name];
      globalThis[name] = value;
      try {
        await body(client);
      } finally {
        globalThis[name] = own;
      }
      return client;
    };
    const throwing = (Own) =>
      new Proxy(Own, {
        construct() {
          throw new TypeError("mixed realms");
        },
      });
    // Neither is needed.
    for (const name of ["Request", "Headers"]) {
      await replacing(name, throwing(globalThis[name]), async (client) =>
        equal((await client.submit(request)).status, "submitted", name),
      );
    }
    const charged = (await kit.account()).charges.length;
    equal(charged, 2, "charges");
    const isUnsent = (error) =>
      ok(error.message.includes("nothing was sent") && !error.retryable, error.message);
    const client = await replacing("Response", throwing(Response), async (client) => {
      isUnsent(await fails(client.submit(request), "internal"));
      equal(await client.records(), [], "records of what was not sent");
    });
    await replacing("AbortController", throwing(AbortController), async (client) => {
      isUnsent(await fails(client.wait("1"), "internal"));
      isUnsent(await fails(client.download({ url: `${kit.simulator}/v.mp4` }), "internal"));
    });
    await replacing("fetch", undefined, async (client) =>
      isUnsent(await fails(client.wait("1"), "internal")),
    );
    const posts = (await kit.account()).requests.filter(({ method }) => method === "POST");
    equal(posts.length, charged, "paid requests");
    equal((await client.submit(request)).status, "submitted", "sent afterwards");
    equal((await kit.account()).charges.length, charged + 1);
  },
});
