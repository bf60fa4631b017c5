// Responses that repeat the key: it is redacted in every spelling.

import { equal, fails, ok } from "./expect.js";
import { runner } from "./kit.js";
import { flat, json, respondWith } from "./respond.js";

export const run = runner({
  async the_key_is_reported_in_no_spelling(kit) {
    const key = 'sk-sim-a/b"cdefgh12345';
    const secret = (respond) => respondWith({ ...kit, key }, respond);
    const spellings = [
      JSON.stringify(key),
      JSON.stringify(key).replace("/", "\\/"),
      JSON.stringify(key).replace("s", "\\u0073"),
    ];
    for (const spelling of spellings) {
      const error = await fails(
        secret(() =>
          json(`{"code":1000,"message":${spelling},"request_id":${spelling}}`, { status: 401 }),
        ).getTask("1"),
        "unauthorized",
      );
      ok(
        !JSON.stringify(error).includes("cdefgh12345") && !error.message.includes("cdefgh12345"),
        spelling,
      );
      const task = await secret(() =>
        json(
          `{"data":{"task_id":"1","task_status":"failed",
            "task_status_msg":${spelling},"echo":${spelling}}}`,
        ),
      ).getTask("1");
      ok(!JSON.stringify(task).includes("cdefgh12345"), spelling);
    }
    const thrown = await fails(
      secret((request) => {
        throw new TypeError(`bad header ${request.headers.get("authorization")}`);
      }).getTask("1"),
      "network",
    );
    ok(!thrown.message.includes("cdefgh12345"), "no key in what the site's own function throws");
    // A short word for a relay is no secret: the response stays as it is.
    for (const word of ["task", "data", "t", "0", "1"]) {
      const client = respondWith({ ...kit, key: word }, () =>
        flat({
          task_id: "t1",
          task_status: "succeed",
          task_result: { videos: [{ url: "https://data.example/video" }] },
        }),
      );
      const task = await client.getTask("t1");
      equal(
        [task.taskId, task.videos[0].url, task.raw.data.task_id],
        ["t1", "https://data.example/video", "t1"],
      );
    }
  },

  async the_key_is_redacted_before_a_response_is_parsed(kit) {
    const { key } = kit;
    const spellings = [
      key,
      key.replace("s", "%73"),
      key.replaceAll("-", "%252D"),
      key.replace("s", "\\u0073"),
      key.replace("k", "\\\\u006B"),
      key.replace("s", "%5Cu0073"),
      btoa(key),
      btoa(`Bearer ${key}`),
      btoa(`a${key}b`).replace(/=+$/, ""),
    ];
    for (const spelling of spellings) {
      const urls = [];
      const video = `"https://cdn.example/v.mp4?k=${spelling}"`;
      const response = json(`{"code":0,"data":{"task_id":"${spelling}","task_status":"succeed",
          "task_info":{"external_task_id":"${spelling}"},"task_result":{"videos":[
            {"id":"${spelling}","url":${video}},{"id":"2","url":"https://cdn.example/w.mp4"}]}}}`);
      const client = respondWith(kit, (request) => (urls.push(request.url), response.clone()));
      const request = await kit.request({ externalTaskId: crypto.randomUUID() });
      const task = await client.submit(request);
      equal(
        [task.taskId, task.videos.map(({ url }) => url)],
        [request.externalTaskId, ["https://cdn.example/w.mp4"]],
        spelling,
      );
      equal((await client.wait(task.taskId)).taskId, task.taskId, "the task by its id");
      ok(!JSON.stringify([task, await client.records(), urls]).includes(spelling), spelling);
      const count = urls.length;
      await fails(client.download({ url: JSON.parse(video) }), "invalid_option");
      equal(urls.length, count, "no request for a URL with the key in it");
      const refused = respondWith(kit, () =>
        json(`{"code":"${spelling}","message":"${spelling}","request_id":"${spelling}"}`, {
          status: 400,
          headers: { "Retry-After": key },
        }),
      );
      const error = await refused.getTask("1").catch((error) => error);
      ok(
        !JSON.stringify([error, error.message]).includes(spelling) &&
          error.serviceCode.includes("[key]"),
        spelling,
      );
    }
    // A key that the function supplied earlier is redacted too.
    let current = key;
    const client = kit.kling.createClient({
      apiKey: () => current,
      baseUrl: "https://service.example",
      store: "memory",
      fetch: async () => flat({ task_id: "1", task_status: "processing", echo: key }),
    });
    await client.getTask("1");
    current = `sk-sim-${crypto.randomUUID()}`;
    equal((await client.getTask("1")).raw.data.echo, "[key]");
  },
});
