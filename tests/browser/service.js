import { bytesOf, codes, equal, fails, ok } from "./expect.js";
import { PATIENT, makeImage, runner } from "./kit.js";

const POST = ({ method }) => method === "POST";

export const run = runner({
  async from_images_to_a_video(kit) {
    const client = kit.client();
    const { submit, getTask, wait, download } = client;
    const images = [await makeImage(), await makeImage(300, 400, "image/png", "#c33")];
    const submitted = await submit(
      await kit.request({ images, externalTaskId: crypto.randomUUID() }),
    );
    equal(submitted.status, "submitted");
    equal((await getTask(submitted.taskId)).taskId, submitted.taskId);
    equal(
      (await getTask(submitted.externalTaskId)).taskId,
      submitted.taskId,
      "the task, by its external id",
    );
    const done = await wait(submitted.taskId);
    equal(
      [done.status, done.videos.length, done.externalTaskId],
      ["succeed", 1, submitted.externalTaskId],
    );
    ok(
      done.createdAt > 1.7e12 && done.raw.data.task_id === done.taskId,
      "times in ms, and the response as it came",
    );
    const seen = [];
    const video = await download(done, { onProgress: (progress) => seen.push(progress) });
    equal(video.type, "video/mp4");
    const served = new Uint8Array(await (await fetch(done.videos[0].url)).arrayBuffer());
    const bytes = await bytesOf(video);
    ok(
      bytes.length === served.length && bytes.every((byte, at) => byte === served[at]),
      "the served bytes",
    );
    ok(
      seen.every(({ phase }) => phase === "downloading") && seen.at(-1).loaded === bytes.length,
      "progress to the end",
    );
    const { charges, violations } = await kit.account();
    equal([charges.length, charges[0].imageCount, violations], [1, 2, []]);
  },

  async generate_reports_its_progress_in_order(kit) {
    const [seen, released] = [[], []];
    const onProgress = (progress) => {
      const isNew = seen.at(-1)?.phase !== progress.phase;
      seen.push(progress);
      if (isNew && progress.task) released.push(kit.release());
    };
    const task = await kit
      .client("ok,submitted=0,processing=0,hold=submitted,hold=processing")
      .generate(await kit.request(), { onProgress });
    await Promise.all(released);
    equal(task.status, "succeed");
    const phases = seen.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]);
    equal(phases, ["preparing", "encoding", "uploading", "submitted", "processing"]);
    const encoding = seen.find(({ phase }) => phase === "encoding");
    equal(encoding.loaded, encoding.total);
    ok(
      seen
        .filter(({ task }) => task)
        .every(({ elapsed, nextPollIn }) => elapsed >= 0 && nextPollIn >= 0),
      "times",
    );
  },

  async a_watch_yields_each_change_and_ends(kit) {
    const client = kit.client("ok,submitted=0,processing=0,hold=submitted,hold=processing");
    const { taskId } = await client.submit(await kit.request());
    const seen = [];
    for await (const { status } of client.watch(taskId)) {
      seen.push(status);
      if (status !== "succeed") await kit.release();
    }
    equal(seen, ["submitted", "processing", "succeed"]);
    const iterator = client.watch(taskId)[Symbol.asyncIterator]();
    const [first, second, third] = await Promise.all([
      iterator.next(),
      iterator.next(),
      iterator.next(),
    ]);
    equal(
      [first.value.status, first.done, second.done, third.done],
      ["succeed", false, true, true],
    );
  },

  async leaving_a_watch_ends_its_requests(kit) {
    let requests = 0;
    const counting = (...given) => {
      requests += 1;
      return fetch(...given);
    };
    const client = kit.client("ok,hold=submitted", { fetch: counting });
    const { taskId } = await client.submit(await kit.request());
    for await (const _ of client.watch(taskId)) break;
    const iterator = client.watch(taskId)[Symbol.asyncIterator]();
    await iterator.next();
    const pending = iterator.next();
    await iterator.return();
    equal((await pending).done, true);
    const before = requests;
    await kit.tenPolls();
    equal(requests, before, "requests after leaving");
  },

  async requests_have_the_documented_headers(kit) {
    const seen = [];
    const watched = (...given) => {
      const request = new Request(...given);
      const { method, credentials, redirect, headers, url } = request;
      seen.push([
        method,
        [...headers.keys()].sort(),
        credentials,
        redirect,
        url.includes("/delivery/"),
      ]);
      return fetch(request);
    };
    const client = kit.client("ok", { fetch: watched });
    const task = await client.generate(await kit.request());
    await client.download(task.videos[0]);
    equal(
      seen[1],
      ["POST", ["authorization", "content-type"], "omit", "manual", false],
      "the paid request, after the look-up",
    );
    seen.splice(1, 1);
    for (const query of seen.slice(0, -1))
      equal(query, ["GET", ["authorization"], "omit", "manual", false]);
    equal(seen.at(-1), ["GET", [], "omit", "follow", true]);
    equal((await kit.account()).violations, []);
    // A relay on the page's own site may look at the session.
    const sent = [];
    const noted = (_, { credentials }) => {
      sent.push(credentials);
      return Promise.reject(new TypeError("no network"));
    };
    for (const apiKey of [undefined, kit.key])
      await fails(kit.client("ok", { apiKey, fetch: noted }).getTask("1"), "network");
    equal(sent, ["same-origin", "omit"], "without a key, and with one");
  },

  async a_wrong_key_is_unauthorized_and_costs_nothing(kit) {
    const client = kit.client("ok", { apiKey: "sk-wrong-1234567890" });
    for (const call of [
      client.submit(await kit.request()),
      client.getTask("1"),
      client.wait("1"),
      client.generate(await kit.request()),
    ]) {
      const error = await fails(call, "unauthorized");
      equal([error.status, error.retryable], [401, false]);
      ok(
        !JSON.stringify(error).includes("sk-wrong") && !error.stack.includes("sk-wrong"),
        "no key in the error",
      );
    }
  },

  async a_failed_task_rejects_wait_only(kit) {
    const client = kit.client("task-failed");
    const error = await fails(client.generate(await kit.request()), "task_failed");
    ok(error.taskId && error.message.length > 40, "the task's id and the service's reason");
    equal((await client.getTask(error.taskId)).status, "failed");
    const seen = [];
    for await (const { status } of client.watch(error.taskId)) seen.push(status);
    equal(seen.at(-1), "failed");
    equal((await kit.account()).charges.length, 1);
  },

  async a_rejected_submission_costs_nothing(kit) {
    const error = await fails(kit.client("submit-400").submit(await kit.request()), "rejected");
    ok(
      error.status === 400 && error.serviceCode !== undefined && error.externalTaskId,
      "the details of the response",
    );
    const { charges, requests } = await kit.account();
    equal([charges.length, requests.filter(POST).length], [0, 1]);
  },

  async without_a_network_calls_are_retryable(kit) {
    const client = kit.client("ok", { baseUrl: "http://127.0.0.1:1/kling" });
    for (const call of [client.submit(await kit.request()), client.getTask("1")])
      equal((await fails(call, "network")).retryable, true);
    equal(await client.records(), [], "records of what was not sent");
  },

  async trouble_that_passes_is_waited_out(kit) {
    for (const [scenario, reason] of [
      ["query-flaky,times=3", "unreachable"],
      ["not-found-yet,times=3", "not_found_yet"],
      ["unknown-status", undefined],
    ]) {
      const reasons = new Set();
      const onProgress = ({ reason, error }) => {
        if (reason === undefined) return;
        ok(error.name === "KlingError", "an error beside the reason");
        reasons.add(reason);
      };
      const task = await kit
        .client(scenario, { polling: PATIENT })
        .generate(await kit.request(), { onProgress });
      equal([task.status, [...reasons]], ["succeed", reason ? [reason] : []], scenario);
    }
  },

  async odd_responses_to_get_task(kit) {
    const { taskId } = await kit.client().submit(await kit.request());
    for (const [scenario, code] of [
      ["query-500", "server_error"],
      ["query-401", "unauthorized"],
      ["query-html", "server_error"],
      ["query-html,status=200", "protocol"],
    ]) {
      await fails(kit.client(scenario).getTask(taskId), code);
    }
    await fails(kit.client().getTask("no-such-task"), "task_not_found");
    await fails(
      kit.client("query-500", { polling: { interval: 20, outageBudget: 100 } }).wait(taskId),
      "network",
    );
    await fails(kit.client().getTask("../x"), "task_not_found");
    await fails(kit.client().getTask("x\n"), "task_not_found");
    await fails(kit.client().getTask(""), "invalid_option");
  },

  async a_timeout_can_be_waited_on(kit) {
    const client = kit.client("ok,hold=submitted");
    const { taskId } = await client.submit(await kit.request());
    const error = await fails(client.wait(taskId, { timeout: 50 }), "timeout");
    equal([error.taskId, error.retryable], [taskId, true]);
    await kit.release();
    equal((await client.wait(taskId)).status, "succeed");
  },

  async errors_of_generate_have_the_task_id(kit) {
    let calls = 0;
    const apiKey = () => ((calls += 1) === 1 ? kit.key : new Promise(() => {}));
    const timeout = await fails(
      kit.client("ok", { apiKey }).generate(await kit.request(), { timeout: 300 }),
      "timeout",
    );
    calls = 0;
    const throws = () => {
      if ((calls += 1) > 1) throw new Error("no session");
      return kit.key;
    };
    const thrown = await fails(
      kit.client("ok", { apiKey: throws }).generate(await kit.request({ prompt: "another" })),
      "invalid_option",
    );
    const { charges } = await kit.account();
    equal(
      [timeout.taskId, thrown.taskId],
      charges.map(({ taskId }) => taskId),
    );
    equal([timeout.retryable, thrown.retryable], [false, false]);
  },

  async an_object_that_is_only_like_a_response_hangs_no_call(kit) {
    const task = { code: 0, message: "SUCCEED", data: { task_id: "1", task_status: "processing" } };
    const body = JSON.stringify(task);
    const getTask = (response) => kit.client("ok", { fetch: async () => response }).getTask("1");
    for (const headers of [undefined, {}, null])
      await fails(getTask({ ok: true, status: 200, headers, text: async () => body }), "network");
    equal(
      (await getTask({ ok: true, status: 200, headers: new Headers(), text: () => body })).status,
      "processing",
    );
    await fails(
      getTask({
        ok: true,
        status: 200,
        headers: new Headers(),
        text: () => {
          throw new Error("read");
        },
      }),
      "network",
    );
  },

  async videos_that_cannot_be_downloaded(kit) {
    for (const [scenario, code] of [
      ["video-missing", "url_expired"],
      ["video-forbidden", "url_expired"],
      ["video-html", "not_a_video"],
      ["video-empty", "not_a_video"],
      ["video-no-cors", "download_blocked"],
    ]) {
      // The gateway has no content either.
      const client = kit.client(`${scenario},content=0`);
      const task = await client.generate(await kit.request());
      const error = await fails(client.download(task), code);
      equal(error.url, task.videos[0].url);
    }
    await fails(kit.client().download({ videos: [] }), "invalid_option");
    await fails(kit.client().download({ url: "javascript:alert(1)" }), "invalid_option");
  },

  async an_invalid_request_is_never_sent(kit) {
    const client = kit.client();
    for (const wrong of [
      { images: [await makeImage(299, 299)] },
      { duration: 7 },
      { images: [] },
      { dynamic_masks: [] },
    ]) {
      const error = await fails(client.submit(await kit.request(wrong)), "invalid_request");
      ok(codes(error.issues).length >= 1, "issues");
    }
    const { charges, requests } = await kit.account();
    equal([charges, requests.filter(POST)], [[], []]);
  },

  async bad_options_reject_the_first_call({ kling, key, base }) {
    for (const options of [
      { apiKey: "" },
      { apiKey: `${key}\nX: 1` },
      { apiKey: `Bearer ${key}` },
      { apiKey: 7 },
      { baseUrl: "ftp://a.example" },
      { baseUrl: "https://a.example/?b" },
      { apiKey: key, baseUrl: "http://a.example" },
      { polling: { interval: 9 } },
      { polling: { interval: Infinity } },
      { fetch: "fetch" },
      { polling: { interval: 100, maxInterval: 50 } },
      7,
      null,
    ]) {
      const error = await fails(kling.createClient(options).getTask("1"), "invalid_option");
      ok(!error.message.includes(key), "no key in the message");
    }
  },

  async a_key_may_be_a_function(kit) {
    const apiKey = () => new Promise((resolve) => setTimeout(resolve, 10, `${kit.key}\n`));
    equal((await kit.client("ok", { apiKey }).submit(await kit.request())).status, "submitted");
    const reason = new Error("vault closed");
    const failing = kit.client("ok", {
      apiKey: async () => {
        throw reason;
      },
    });
    const error = await fails(failing.submit(await kit.request()), "invalid_option");
    ok(error.cause === reason, "the cause");
    await fails(kit.client("ok", { apiKey: () => 7 }).getTask("1"), "invalid_option");
  },

  async a_listener_that_throws_ends_no_call(kit) {
    const uncaught = [];
    const listen = (event) => {
      uncaught.push(event.error?.message);
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    addEventListener("error", listen, { capture: true });
    // Made by the page itself: WebKit hides errors in scripts from another origin, as the cases are.
    const onProgress = new Function("throw new Error('mine')");
    const task = await kit.client().generate(await kit.request(), { onProgress });
    removeEventListener("error", listen, { capture: true });
    equal(task.status, "succeed");
    ok(
      uncaught.length >= 3 && uncaught.every((message) => message === "mine"),
      `each reported as uncaught, found ${JSON.stringify(uncaught)}`,
    );
  },
});
