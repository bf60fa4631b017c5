import { bytesOf, equal, fails, ok, pause, until } from "./expect.js";
import { PATIENT, runner } from "./kit.js";
import { inWorker, tab } from "./workers.js";

/** The bytes that the delivery host serves for a task. */
const served = async (task) => bytesOf(await (await fetch(task.videos[0].url)).blob());

const isSame = (one, other) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** A finished task of a scenario, and its client. */
async function finished(kit, scenario, options) {
  const client = kit.client(scenario, options);
  const task = await client.generate(await kit.request({ prompt: scenario }));
  return { client, task };
}

const broken = () => Promise.reject(new TypeError("Failed to fetch"));

export const run = runner({
  async a_download_survives_trouble_at_the_delivery_host(kit) {
    for (const scenario of [
      "video-expired",
      "video-cut",
      "video-cut,times=3",
      "video-no-range",
      "video-503",
    ]) {
      const { client, task } = await finished(kit, scenario, { polling: PATIENT });
      const seen = [];
      const video = await client.download(task, { onProgress: (progress) => seen.push(progress) });
      const {
        videos: [{ url }],
      } = await client.getTask(task.taskId);
      ok(
        isSame(await bytesOf(video), await bytesOf(await (await fetch(url)).blob())),
        `${scenario}: the served bytes`,
      );
      const last = seen.at(-1);
      equal(
        [last.phase, last.loaded, last.total],
        ["downloading", video.size, video.size],
        scenario,
      );
    }
    const { violations } = await kit.account();
    equal(violations, []);
  },

  async a_stalled_download_is_resumed(kit) {
    const { task } = await finished(kit, "video-stall");
    // The limit of half a minute passes as soon as the download has stalled, after a third.
    const size = await inWorker(
      kit,
      `
      const later = setTimeout;
      let limit;
      globalThis.setTimeout = (call, ms, ...more) => {
        if (ms === 30_000) limit = call;
        return later(call, ms, ...more);
      };
      let hasStalled = false;
      const onProgress = ({ loaded, total }) => {
        if (hasStalled || loaded < Math.floor(total / 3)) return;
        hasStalled = true;
        later(() => limit(), 0);
      };
      const client = makeClient("video-stall", { polling: PATIENT });
      return (await client.download(given, { onProgress })).size;`,
      task,
    );
    equal(size, (await served(task)).length);
  },

  async a_video_without_cors_comes_through_the_gateway(kit) {
    for (const scenario of ["video-no-cors", "video-missing", "video-html"]) {
      const { client, task } = await finished(kit, scenario);
      const fine = await finished(kit, "ok");
      equal((await client.download(task)).size, (await served(fine.task)).length, scenario);
    }
    const { requests, violations } = await kit.account();
    const content = requests.filter(({ path }) => path.endsWith("/content"));
    ok(
      content.length >= 3 &&
        content.every(({ authorization, preflightHeaders }) => authorization || preflightHeaders),
      "with the key",
    );
    equal(violations, [], "no key at a delivery host");
  },

  async a_blocked_download_reports_the_url(kit) {
    for (const content of ["content=0", "content=502"]) {
      const { client, task } = await finished(kit, `video-no-cors,${content}`);
      const error = await fails(client.download(task), "download_blocked");
      equal([error.url, error.retryable], [task.videos[0].url, true]);
      // With the URL alone, the task is unknown: neither a new URL nor the gateway can be tried.
      await fails(client.download({ url: task.videos[0].url }), "download_blocked");
    }
  },

  async a_kept_video_needs_no_url_and_no_network(kit) {
    const { client, task } = await finished(kit, "ok");
    const reported = [];
    client.onRecordChange(({ kept }) => reported.push(kept));
    equal(
      [await client.keptVideo(task.taskId), (await client.records())[0].kept],
      [undefined, false],
    );
    const video = await bytesOf(await client.keepVideo(task.taskId));
    ok(isSame(video, await served(task)), "the served bytes");
    await until(() => reported.includes(true), "a change to kept");
    const offline = kit.client("ok", { fetch: broken, apiKey: () => broken() });
    for (const id of [task.taskId, task.externalTaskId]) {
      const kept = await offline.keptVideo(id);
      equal(kept.type, "video/mp4");
      ok(isSame(await bytesOf(kept), video), "the same bytes without the network, by either id");
      ok(
        isSame(await bytesOf(await kit.client("ok", { fetch: broken }).keepVideo(id)), video),
        "the same bytes, not downloaded again",
      );
    }
    const elsewhere = await inWorker(
      kit,
      `
      const client = makeClient("ok", { apiKey: undefined });
      return [(await client.records())[0].kept, (await client.keptVideo(given)).size];`,
      task.taskId,
    );
    equal(elsewhere, [true, video.length], "in another tab");
    equal(
      await kit.client("ok,tag=other").keptVideo(task.taskId),
      undefined,
      "under another base URL",
    );
    await client.wait(task.taskId);
    equal((await client.records())[0].kept, true, "still kept after an update of its record");
    await client.forget(task.taskId);
    equal(
      [await client.keptVideo(task.taskId), await client.records()],
      [undefined, []],
      "the video and its record after forget",
    );
  },

  async memory_keeps_videos_too(kit) {
    const { client, task } = await finished(kit, "ok", { store: "memory" });
    const { size } = await client.keepVideo(task.externalTaskId);
    equal(
      [(await client.keptVideo(task.taskId)).size, (await client.records())[0].kept],
      [size, true],
    );
    await client.getTask(task.taskId);
    equal((await client.records())[0].kept, true);
    await client.forget(task.taskId);
    equal(await client.keptVideo(task.taskId), undefined);
  },

  async a_video_that_was_created_elsewhere_is_kept_with_a_record(kit) {
    const { task } = await finished(kit, "ok", { store: "memory" });
    const client = kit.client();
    await client.keepVideo(task.taskId);
    const [record, ...others] = await client.records();
    equal([record.taskId, record.state, record.kept, others], [task.taskId, "succeed", true, []]);
  },

  async only_a_finished_video_is_kept(kit) {
    const running = kit.client("ok,hold=submitted");
    const { taskId } = await running.submit(await kit.request());
    const error = await fails(running.keepVideo(taskId), "invalid_option");
    ok(error.message.includes("still running"), "the reason");
    const failed = kit.client("task-failed");
    const { taskId: of } = await fails(failed.generate(await kit.request()), "task_failed");
    await fails(failed.keepVideo(of), "task_failed");
    await fails(running.keepVideo("12345678901234567890"), "task_not_found");
    equal(
      [await running.keptVideo(taskId), await running.keptVideo("never-seen")],
      [undefined, undefined],
    );
    const { client, task } = await finished(kit, "video-html,content=0");
    await fails(client.keepVideo(task.taskId), "not_a_video");
    equal(
      [await client.keptVideo(task.taskId), (await client.records())[0].kept],
      [undefined, false],
    );
  },

  async with_a_full_disk_no_video_is_kept_and_no_record_is_lost(kit) {
    const { task } = await finished(kit, "ok");
    const [code, kept, listed, size] = await inWorker(
      kit,
      `
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, ...more) {
        if (value instanceof Blob || value instanceof ArrayBuffer)
          throw new DOMException("full", "QuotaExceededError");
        return put.call(this, value, ...more);
      };
      const client = makeClient("ok");
      const code = await client.keepVideo(given).then(() => "kept", (error) => error.code);
      const [record] = await client.records();
      const { size } = await client.download({ url: record.videos[0].url });
      return [code, await client.keptVideo(given), record.kept, size];`,
      task.taskId,
    );
    equal([code, kept, listed, size > 1000], ["storage", undefined, false, true]);
  },

  async a_browser_that_stores_no_blobs_stores_their_bytes(kit) {
    const { task } = await finished(kit, "ok");
    // WebKit does this in a private window.
    const [kept, listed] = await inWorker(
      kit,
      `
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, ...more) {
        const request = put.call(this, value, ...more);
        if (value instanceof Blob) this.transaction.abort();
        return request;
      };
      const client = makeClient("ok");
      await client.keepVideo(given);
      return [await client.keptVideo(given), (await client.records())[0].kept];`,
      task.taskId,
    );
    const whole = await served(task);
    const bytes = await bytesOf(kept);
    equal([kept.type, listed, bytes.length], ["video/mp4", true, whole.length]);
    ok(
      bytes.every((byte, at) => byte === whole[at]),
      "the served bytes",
    );
  },

  async a_tab_closed_while_keeping_leaves_a_whole_video_or_none(kit) {
    const { client, task } = await finished(kit, "ok");
    const whole = (await served(task)).length;
    for (let wait = 0; wait < 12; wait += 1) {
      const other = tab(
        kit,
        `
        postMessage("begun");
        await makeClient("ok").keepVideo(given);
        return "kept";`,
        task.taskId,
      );
      await other.message;
      await pause(wait * 4);
      other.close();
      const [record] = await client.records();
      const video = await client.keptVideo(task.taskId);
      equal(record.kept, video !== undefined, "kept as the record says");
      if (video) equal((await bytesOf(video)).length, whole, "the whole length");
      await client.adopt(task.taskId);
    }
  },

  async a_video_whose_bytes_the_browser_lost_is_not_kept(kit) {
    const { client, task } = await finished(kit, "ok");
    await client.keepVideo(task.taskId);
    const { arrayBuffer } = Blob.prototype;
    Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
    try {
      equal(await client.keptVideo(task.taskId), undefined);
    } finally {
      Blob.prototype.arrayBuffer = arrayBuffer;
    }
    ok(
      (await client.keptVideo(task.taskId)).size > 1000,
      "the video once its bytes are there again",
    );
  },

  async an_older_database_is_upgraded(kit) {
    const base = kit.base();
    const record = {
      externalTaskId: "mine",
      taskId: "1",
      state: "processing",
      prompt: "a calm sea",
      imageCount: 1,
      createdAt: 1,
      updatedAt: 1,
      videos: [],
      kept: false,
    };
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open(kit.key, 1);
      opening.onupgradeneeded = () =>
        opening.result.createObjectStore("tasks").put(record, [base, "mine"]);
      opening.onerror = reject;
      opening.onsuccess = () => (opening.result.close(), resolve());
    });
    const { client, task } = await finished(kit, "ok");
    await client.keepVideo(task.taskId);
    const records = await client.records();
    equal([records.length, records.at(-1)], [2, record], "the old record and the new one");
  },

  async a_tab_with_a_stale_record_overwrites_no_final_state(kit) {
    const { client, task } = await finished(kit, "ok");
    const code = await inWorker(
      kit,
      `
      const opening = indexedDB.open(key);
      await new Promise((resolve) => (opening.onsuccess = resolve));
      opening.result.close();
      const client = makeClient("ok");
      const { get } = IDBObjectStore.prototype;
      let isStale = true;
      IDBObjectStore.prototype.get = function (id) {
        const request = get.call(this, id);
        if (isStale && this.transaction.mode === "readonly" && this.name === "tasks") {
          const value = Object.getOwnPropertyDescriptor(IDBRequest.prototype, "result").get;
          Object.defineProperty(request, "result", {
            get() {
              const record = value.call(this);
              return record && { ...record, state: "processing", videos: [] };
            },
          });
        }
        return request;
      };
      const data = { task_id: given, task_status: "processing", task_status_msg: "late" };
      const body = JSON.stringify({ code: 0, message: "SUCCEED", data });
      const slow = makeClient("ok", { fetch: async () => new Response(body) });
      await slow.getTask(given);
      isStale = false;
      return (await client.records())[0].state;`,
      task.taskId,
    );
    equal([code, (await client.records())[0].videos.length], ["succeed", 1]);
  },

  async a_kept_video_plays(kit) {
    const { client, task } = await finished(kit, "ok");
    const video = document.createElement("video");
    video.muted = true;
    video.src = URL.createObjectURL(await client.keepVideo(task.taskId));
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve;
      video.onerror = () => reject(new Error(video.error.message));
    });
    equal(Math.round(video.duration), 5);
    // WebKit reads the parts that it needs by range, also from a blob.
    await new Promise((resolve) => {
      video.onseeked = resolve;
      video.currentTime = 3;
    });
    equal(Math.round(video.currentTime), 3);
    URL.revokeObjectURL(video.src);
  },
});
