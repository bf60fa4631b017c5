import { equal, fails, ok, until } from "./expect.js";
import { COMPARING_MS, IMPATIENT, PATIENT, lengthened, makeImage, runner } from "./kit.js";
import { tab } from "./workers.js";

const POST = ({ method }) => method === "POST";

/**
 * Submits once, and returns the error and its code, the state of the record, and the numbers of
 * charges and of POST requests.
 */
async function outcome(kit, scenario, options) {
  // A response that never comes counts as lost when the budget is spent.
  const polling = scenario.startsWith("submit-stall") ? IMPATIENT : PATIENT;
  const client = kit.client(scenario, { storeName: crypto.randomUUID(), polling, ...options });
  const before = await kit.account();
  const result = await client.submit(await kit.request()).then(
    () => null,
    (error) => error,
  );
  const { charges, requests, violations } = await kit.account();
  equal(violations, [], `violations of ${scenario}`);
  const records = await client.records();
  if (result)
    ok(
      result.name === "KlingError" && !JSON.stringify([result, records]).includes(kit.key),
      "a KlingError without the key",
    );
  return {
    code: result && result.code,
    error: result,
    state: records.map(({ state }) => state).join(),
    charges: charges.length - before.charges.length,
    posts: requests.filter(POST).length - before.requests.filter(POST).length,
  };
}

export const run = runner({
  async each_refusal_is_rejected_and_free(kit) {
    for (const [scenario, code] of [
      ["submit-code,code=1000", "unauthorized"],
      ["submit-code,code=1100", "forbidden"],
      ["submit-code,code=1101", "insufficient_balance"],
      ["submit-code,code=1102", "insufficient_balance"],
      ["submit-code,code=1103", "forbidden"],
      ["submit-code,code=1200", "rejected"],
      ["submit-code,code=1201", "rejected"],
      ["submit-code,code=1203", "model_unavailable"],
      ["submit-code,code=1300", "content_policy"],
      ["submit-code,code=1301", "content_policy"],
      ["submit-code,code=1304", "forbidden"],
      ["submit-error,status=413", "payload_too_large"],
      ["submit-error,status=429", "rate_limited"],
      ["submit-error,status=500,word=invalid_request", "rejected"],
      ["submit-word,word=fail_to_fetch_task,code=1301", "content_policy"],
      ["submit-balance", "insufficient_balance"],
      ["submit-html,status=404", "protocol"],
      ["submit-html,status=413", "payload_too_large"],
      ["submit-redirect", "protocol"],
    ]) {
      const { error, ...seen } = await outcome(kit, scenario);
      equal(seen, { code, state: "rejected", charges: 0, posts: 1 }, scenario);
      ok(error.externalTaskId && !error.retryable, scenario);
    }
  },

  async a_throttled_submission_is_sent_again_and_charged_once(kit) {
    for (const scenario of ["submit-code,code=1303,times=2", "submit-code,code=1302,times=2"]) {
      equal(
        await outcome(kit, scenario, { polling: PATIENT }),
        { code: null, error: null, state: "submitted", charges: 1, posts: 3 },
        scenario,
      );
    }
    const { error, ...seen } = await outcome(kit, "submit-code,code=1303", { polling: IMPATIENT });
    equal(
      [seen.code, seen.state, seen.charges, error.retryable],
      ["concurrency_limited", "rejected", 0, true],
    );
    const late = await outcome(kit, "submit-code,code=1302,retry-after=60");
    equal(
      [late.code, late.error.retryAfter, late.posts],
      ["rate_limited", 60_000, 1],
      "reported, not waited for",
    );
  },

  async a_task_is_looked_up_after_a_lost_response(kit) {
    for (const scenario of [
      "submit-500,created=1",
      "submit-html,created=1",
      "submit-html,status=524,created=1",
      "submit-no-id",
      "submit-empty",
      "submit-broken",
      "submit-cut",
      "submit-lost",
      "submit-no-cors",
      "submit-stall,created=1",
      "submit-stall-body",
      "submit-upstream-repeat",
      "submit-code,code=5002,created=1",
    ]) {
      const { posts, state, ...seen } = await outcome(kit, scenario);
      equal(seen, { code: null, error: null, charges: 1 }, scenario);
      ok(
        ["submitted", "processing", "succeed"].includes(state),
        `an accepted task, found ${state}`,
      );
      // A browser repeats a request by itself when a connection closes without a response.
      ok(posts === 1 || scenario === "submit-lost", `one request of ${scenario}, found ${posts}`);
    }
  },

  async a_submission_that_is_never_found_stays_unknown(kit) {
    for (const [scenario, charges] of [
      ["submit-500", 0],
      ["submit-html", 0],
      ["submit-preflight", 0],
      ["submit-stall", 0],
      ["submit-code,code=5001", 0],
      ["submit-500,created=1,lookup=0", 1],
      ["submit-html,created=1,lookup=0", 1],
      ["submit-lost,lookup=0", 1],
      ["submit-no-id,lookup=0", 1],
      ["submit-upstream-repeat,lookup=0", 1],
      ["submit-cut,lookup=0", 1],
    ]) {
      const { error, posts, ...seen } = await outcome(kit, scenario);
      equal(seen, { code: "submission_unknown", state: "unknown", charges }, scenario);
      ok(
        error.externalTaskId && !error.retryable,
        "an id to look up, and an error that is not retryable",
      );
      ok(
        posts <= 1 || scenario.startsWith("submit-lost"),
        `at most one request of ${scenario}, found ${posts}`,
      );
    }
  },

  async the_paid_request_waits_for_a_proper_response_to_the_look_up(kit) {
    for (const [scenario, code, retryable] of [
      ["probe-lost", "network", true],
      ["probe-no-cors", "network", true],
      ["probe-preflight", "network", true],
      // Firefox treats the part before the cut as the whole response.
      ["probe-cut", /Firefox/.test(navigator.userAgent) ? "protocol" : "network", true],
      ["probe-redirect", "protocol", false],
      ["probe-html,status=200", "protocol", true],
      ["probe-html", "server_error", true],
      ["probe-empty", "protocol", true],
      ["probe-broken", "protocol", true],
      ["probe-401", "unauthorized", false],
      ["probe-code,code=1002", "unauthorized", false],
    ]) {
      const { error, ...seen } = await outcome(kit, scenario);
      equal(seen, { code, state: "", charges: 0, posts: 0 }, scenario);
      equal(error.retryable, retryable, scenario);
    }
    for (const scenario of [
      "probe-500",
      "probe-code,code=1203",
      "probe-code,code=1302",
      "probe-error,status=403",
      "probe-no-id",
    ]) {
      equal((await outcome(kit, scenario)).code, null, scenario);
    }
  },

  async a_task_is_read_in_every_form_of_response(kit) {
    for (const family of [
      "flat",
      "gateway",
      "gateway-whole",
      "gateway-url",
      "openai",
      "reseller",
      "sloppy",
      "qiniu",
      "turbo",
      "new-kling",
      "numbers",
    ]) {
      const client = kit.client(`ok,family=${family}`);
      const task = await client.generate(await kit.request());
      equal([task.status, task.videos.length], ["succeed", 1], family);
      ok((await client.download(task)).size > 1000, family);
      if (["turbo", "gateway-url"].includes(family)) continue;
      const error = await fails(
        kit.client(`task-failed,family=${family}`).generate(await kit.request()),
        "task_failed",
      );
      ok(/risk control/i.test(error.message), `${family}: ${error.message}`);
    }
    const error = await fails(
      kit.client("ok,family=gateway-timeout").generate(await kit.request(), { timeout: 600 }),
      "timeout",
    );
    const seen = await kit.client("ok,family=gateway-timeout").getTask(error.taskId);
    equal(
      [seen.status, /given up/.test(seen.statusMessage)],
      ["processing", true],
      "the service may still finish it",
    );
  },

  async identical_requests_are_joined(kit) {
    await lengthened(COMPARING_MS, async () => {
      const image = new File([await makeImage()], "a.jpg", { lastModified: 1 });
      const same = new File([image], "a.jpg", { lastModified: 1 });
      const client = kit.client("ok,hold=answer", { polling: PATIENT });
      const control = new AbortController();
      const progress = [0, 0];
      const calls = [
        client.submit({ images: [image], prompt: "x" }, { onProgress: () => progress[0]++ }),
        client.submit(
          { prompt: "x", images: [same], mode: undefined },
          { signal: control.signal, onProgress: () => progress[1]++ },
        ),
        client.generate({ images: [image], prompt: "x" }),
      ];
      await kit.charged(1);
      control.abort("left");
      equal(await calls[1].catch((reason) => reason), "left", "the aborted call alone");
      await kit.release();
      const [{ taskId }, , done] = await Promise.all([calls[0], undefined, calls[2]]);
      equal([done.taskId, done.status], [taskId, "succeed"]);
      ok(progress[0] > 0 && progress[1] > 0, "progress for both");
      equal((await kit.account()).charges.length, 1);
      const more = [
        client.submit({ images: [image], prompt: "x" }),
        client.submit({ images: [image], prompt: "y" }),
      ];
      await kit.charged(3);
      await kit.release();
      await Promise.all(more);
      equal(
        (await kit.account()).charges.length,
        3,
        "one charge each: a finished request, and a different one",
      );
    });
  },

  async one_id_is_charged_once(kit) {
    const client = kit.client();
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    const first = await client.submit(request);
    const { length } = (await kit.account()).requests;
    const again = await kit.client().submit({ ...request, prompt: "another" });
    equal([again.taskId, again.externalTaskId], [first.taskId, request.externalTaskId]);
    equal((await kit.account()).requests.length, length, "without a request");
    // Without its record, the look-up before the paid request finds the task.
    await client.forget(first.taskId);
    equal((await client.submit(request)).taskId, first.taskId);
    equal((await kit.account()).charges.length, 1);
  },

  async a_call_knows_only_outcomes_from_before_it_was_made(kit) {
    const scenario = "submit-500,created=1,times=1,held=1,lookup=0,dedupe=0";
    for (const method of ["submit", "generate"]) {
      const request = await kit.request({ prompt: method, externalTaskId: crypto.randomUUID() });
      const first = kit
        .client(scenario)
        .submit(request)
        .catch((error) => error.code);
      await until(
        async () =>
          (await kit.account()).charges.some(
            ({ externalTaskId }) => externalTaskId === request.externalTaskId,
          ),
        "a charge",
      );
      // The module of the second tab arrives only after the outcome of the first call is known.
      const second = tab(
        kit,
        `
        const own = fetch;
        const posted = new Promise((resolve) => (onPost = resolve));
        globalThis.fetch = async (input, init) => {
          if (/[.]wasm$/.test(input?.url ?? input)) {
            postMessage("loading");
            await posted;
          }
          return own(input, init);
        };
        const call = makeClient(${JSON.stringify(scenario)}).${method}(given);
        return await call.then(() => "sent", (error) => error.code);`,
        request,
      );
      await until(() => second.messages.includes("loading"), "the module to be requested");
      await fetch(`${kit.simulator}/release/${request.externalTaskId}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${kit.key}` },
      });
      equal(await first, "submission_unknown");
      second.post("go on");
      await until(() => second.messages.length > 1, "the end of the second call");
      equal(second.messages.at(-1), "submission_unknown", method);
      const { charges } = await kit.account();
      equal(
        charges.filter(({ externalTaskId }) => externalTaskId === request.externalTaskId).length,
        1,
        method,
      );
      second.close();
    }
  },

  async an_abort_before_the_request_frees_its_id(kit) {
    const client = kit.client();
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    // A framework may run each effect twice.
    const control = new AbortController();
    const first = client.submit(request, {
      signal: control.signal,
      onProgress: ({ phase }) => phase === "encoding" && control.abort("again"),
    });
    equal(await first.catch((reason) => reason), "again");
    equal((await client.submit(request)).status, "submitted");
    equal([(await kit.account()).charges.length, (await client.records()).length], [1, 1]);
  },

  async only_the_caller_sends_an_unknown_submission_again(kit) {
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    const client = kit.client("submit-500,times=1");
    equal(
      (await fails(client.submit(request), "submission_unknown")).externalTaskId,
      request.externalTaskId,
    );
    equal(await client.reconcile(request.externalTaskId), undefined);
    equal((await client.records())[0].state, "unknown");
    equal((await client.submit(request)).status, "submitted");
    const { charges, requests } = await kit.account();
    equal([charges.length, requests.filter(POST).length], [1, 2]);
    const found = kit.client("submit-500,created=1,hold=lookup");
    const { externalTaskId } = await fails(found.submit(await kit.request()), "submission_unknown");
    equal(await found.reconcile(externalTaskId), undefined);
    await kit.release();
    const task = await found.reconcile(externalTaskId);
    equal((await found.records())[0].taskId, task.taskId);
  },
});
