// What else is on a page: a second copy of the package, a `fetch` that the site has wrapped.

import { bytesOf, equal, inWorker, ok, picture, runner, until } from "./kit.js";

export const run = runner({
  async two_copies_on_one_page(kit) {
    const other = await import(`${kit.simulator}/pkg/inline.js`);
    const options = { apiKey: kit.key, baseUrl: kit.base(), storeName: kit.key };
    const [ours, theirs] = [kit.kling.createClient(options), other.createClient(options)];
    const heard = [];
    theirs.onRecordChange(({ externalTaskId }) => heard.push(externalTaskId));
    const request = await kit.request({ externalTaskId: crypto.randomUUID() });
    const sent = await Promise.allSettled([ours.submit(request), theirs.submit(request)]);
    const tasks = sent.flatMap(({ value }) => value?.taskId ?? []);
    ok(new Set(tasks).size === 1, `one task, found ${JSON.stringify(sent)}`);
    equal((await kit.account()).charges.length, 1, "charges");
    equal(
      (await theirs.records()).map(({ taskId }) => taskId),
      [tasks[0]],
    );
    await until(() => heard.includes(request.externalTaskId), "a change that the other copy made");
    // An error of one is an error to the other, although their classes differ.
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
      // As those do that watch all traffic: they read a copy of each answer.
      reading:
        "async (...how) => { const answer = await own(...how); await answer.clone().arrayBuffer(); return answer; }",
      // As those do that look at each request, or add to it.
      rebuilding:
        "async (...how) => { const request = new Request(...how); return own(new Request(request, { priority: 'low' })); }",
      // As those do that tell each answer's time.
      renewing:
        "async (...how) => { const { body, status, statusText, headers } = await own(...how); return new Response(body, { status, statusText, headers }); }",
      // As those do that are no function of the browser's, and give no promise of its.
      thenable: "(...how) => ({ then: (done, failed) => void own(...how).then(done, failed) })",
    };
    for (const [name, wrapper] of Object.entries(wrappers)) {
      const seen = await inWorker(
        kit,
        `
        const own = globalThis.fetch.bind(globalThis);
        let calls = 0;
        const wrapped = ${wrapper};
        globalThis.fetch = (...how) => { calls += 1; return wrapped(...how); };
        const client = kling.createClient({
          apiKey: key, storeName: key + ${JSON.stringify(name)}, baseUrl: simulator + "/s/ok,submitted=20,processing=20/kling",
          polling: { firstDelay: 20, interval: 20, maxInterval: 50 } });
        const task = await client.generate({ images: [given], prompt: "a calm sea" });
        const video = await client.download(task);
        client.close();
        return [task.status, video, calls > 3];`,
        await picture(),
      );
      equal([seen[0], seen[2]], ["succeed", true], name);
      equal(new TextDecoder().decode((await bytesOf(seen[1])).subarray(4, 8)), "ftyp", name);
    }
    equal((await kit.account()).charges.length, Object.keys(wrappers).length, "charges");
  },
});
