// The answers of other gateways: their ids, their status words, and where they put the video.

import { equal, ok } from "./expect.js";
import { runner } from "./kit.js";
import { json, largeRequest, onPost, respondWith } from "./respond.js";

const URL_OF_VIDEO = "https://cdn.example/v.mp4";

/** A client whose queries get this task, and the URLs of its requests. */
const gateway = (kit, body, options) => {
  const urls = [];
  const client = respondWith(kit, (request) => {
    urls.push(String(request.url ?? request));
    return json(typeof body === "function" ? body(urls.length) : body, options);
  });
  return { client, urls };
};

export const run = runner({
  async any_id_of_a_service_works_in_every_call(kit) {
    const client = kit.client("ok,family=words");
    const task = await client.generate(await kit.request());
    ok(/^video:.*\/x==$/.test(task.taskId), task.taskId);
    equal((await client.getTask(task.taskId)).taskId, task.taskId);
    equal((await client.wait(task.taskId)).status, "succeed");
    equal((await client.adopt(task.taskId)).taskId, task.taskId);
    ok((await client.download(task)).size > 1000, "a video");
    ok((await client.keepVideo(task.taskId)).size > 1000, "a kept video");
    ok((await client.keptVideo(task.taskId)).size > 1000, "a kept video by its id");
    await client.forget(task.taskId);
    equal(await client.records(), []);
  },

  async any_id_stays_one_segment_of_a_path(kit) {
    for (const id of ["a=b:c/d", "100% a", "..", "é任务🌊", "a?b#c", "x".repeat(2000)]) {
      const { client, urls } = gateway(kit, { task_id: id, status: "done", url: URL_OF_VIDEO });
      equal((await client.wait(id)).taskId, id);
      const { pathname } = new URL(urls[0]);
      const segment = pathname.slice("/v1/videos/multi-image2video/".length);
      equal(decodeURIComponent(segment), id === ".." ? "%2E%2E" : id);
      ok(!segment.includes("/"), pathname);
    }
  },

  async status_words_of_gateways_end_a_task(kit) {
    for (const status of ["Done", "finished", "COMPLETED", "delivered"]) {
      const { client } = gateway(kit, { task_id: "1", status, outputs: [URL_OF_VIDEO] });
      equal((await client.wait("1")).videos[0].url, URL_OF_VIDEO, status);
    }
    for (const status of ["expired", "TIMED_OUT", "rejected", "cancelled"]) {
      const { client } = gateway(kit, { task_id: "1", status });
      const error = await client.wait("1").catch((error) => error);
      equal([error.code, error.message.includes(status)], ["task_failed", true], status);
    }
    const words = [];
    const { client } = gateway(kit, (count) =>
      count < 4
        ? { task_id: "1", status: `stage ${count}` }
        : { task_id: "1", status: "ok", url: URL_OF_VIDEO },
    );
    await client.wait("1", { onProgress: ({ task }) => words.push(task?.statusMessage) });
    ok(words.includes("stage 1") && words.includes("stage 2"), `the words, found ${words}`);
  },

  async a_video_is_found_wherever_a_gateway_puts_it(kit) {
    for (const members of [
      { outputs: [URL_OF_VIDEO] },
      { output: { video: URL_OF_VIDEO } },
      { video: { url: URL_OF_VIDEO, cover_url: "https://cdn.example/c" } },
      { result: { url: URL_OF_VIDEO } },
      { url: "//cdn.example/v.mp4" },
      { watermark_url: URL_OF_VIDEO },
    ]) {
      const { client } = gateway(kit, { id: "1", status: "completed", ...members });
      const { videos } = await client.getTask("1");
      equal(videos, [{ taskId: "1", url: URL_OF_VIDEO }], JSON.stringify(members));
    }
    const { client } = gateway(kit, { id: "1", status: "completed", url: "/v1/videos/1/content" });
    equal((await client.getTask("1")).videos[0].url, "https://service.example/v1/videos/1/content");
    for (const family of ["strings", "relative"]) {
      const client = kit.client(`ok,family=${family}`);
      const task = await client.generate(await kit.request({ prompt: family }));
      ok((await client.download(task)).size > 1000, family);
    }
  },

  async a_success_without_a_url_is_a_success(kit) {
    const polling = { firstDelay: 10, interval: 10, notFoundGrace: 100 };
    const client = kit.client("ok,family=bare", { polling });
    const task = await client.generate(await kit.request());
    equal([task.status, task.videos], ["succeed", []]);
    const [record] = await client.records();
    equal([record.state, record.videos], ["succeed", []]);
    equal((await client.getTask(task.taskId)).status, "succeed");
  },

  async retry_after_is_read_as_seconds_and_as_a_date(kit) {
    const retryAfter = async (header, more = {}) => {
      const refused = onPost(() =>
        json(
          { code: 1302, message: "x" },
          { status: 429, headers: { "Retry-After": header, ...more } },
        ),
      );
      const error = await respondWith(kit, refused)
        .submit(await largeRequest())
        .catch((error) => error);
      return error.retryAfter;
    };
    equal(await retryAfter("90"), 90_000);
    equal(await retryAfter("99999999999999999"), 2_147_483_647);
    // Each server on the way may add one: the longest counts.
    equal(await retryAfter("3, 60"), 60_000);
    equal(await retryAfter("90,90"), 90_000);
    equal(await retryAfter("1.5"), 1500);
    const date = new Date(Date.now() + 600_000).toUTCString();
    // The three forms of RFC 9110.
    const [, day, month, year, time] = date.split(" ");
    for (const form of [
      date,
      `Sunday, ${day}-${month}-${year.slice(2)} ${time} GMT`,
      `Sun ${month} ${day.replace(/^0/, " ")} ${time} ${year}`,
    ]) {
      const found = await retryAfter(form);
      ok(found > 300_000 && found <= 600_000, `${form}: ${found}`);
    }
    // The date counts from the time of the response, so that a wrong clock here does no harm.
    const response = { Date: "Sun, 06 Nov 1994 08:49:37 GMT" };
    equal(await retryAfter("Sun, 06 Nov 1994 08:51:07 GMT", response), 90_000);
    equal(await retryAfter("Sun, 06 Nov 1994 08:49:07 GMT"), 0);
    for (const other of ["soon", "", "-1", "1s", "12:", "0x5", "Infinity", "3, soon"])
      equal(await retryAfter(other), undefined, other);
  },

  async a_cache_of_the_site_is_noticed(kit) {
    let polls = 0;
    const cached = new Map();
    const client = respondWith(kit, (request) => {
      polls += 1;
      const url = String(request.url ?? request);
      const status = polls > 12 ? "succeed" : "processing";
      const body = { task_id: "1", task_status: status, video_url: URL_OF_VIDEO };
      if (!cached.has(url)) cached.set(url, JSON.stringify(body));
      return json(cached.get(url));
    });
    equal((await client.wait("1", { timeout: 280_000 })).status, "succeed");
    ok(cached.size > 1, "URLs that differ");
  },
});
