// Which requests are the same one: only the same files, by object or by bytes.

import { equal, until } from "./expect.js";
import { COMPARING_MS, PATIENT, lengthened, makeImage, runner } from "./kit.js";

const STALLS = "a read that stalls";

const TIME = 1_700_000_000_000;

/** A file as iOS names all photos. */
const file = (parts, options) =>
  new File(parts, "image.jpg", { type: "image/jpeg", lastModified: TIME, ...options });

/** The same file, of which some reads are replaced. */
function reading(source, slice) {
  const own = source.slice.bind(source);
  source.slice = (...range) => slice(range, own);
  return source;
}

/**
 * How many submissions two requests with these images are; `at` is an image of over 600 kB, and
 * `other` one of the same size whose last byte differs.
 */
const PAIRS = {
  "the same file": [1, ({ at }) => Array(2).fill(file([at]))],
  "files with the same bytes": [1, ({ at }) => [file([at]), file([at])]],
  "blobs with the same bytes": [1, ({ at }) => [new Blob([at]), new Blob([at])]],
  "files that differ in their last byte": [2, ({ at, other }) => [file([at]), file([other])]],
  "blobs that differ in their last byte": [
    2,
    ({ at, other }) => [new Blob([at]), new Blob([other])],
  ],
  "files with other names": [
    2,
    ({ at }) => [file([at]), new File([at], "b.jpg", { type: "image/jpeg", lastModified: TIME })],
  ],
  "files of other sizes": [2, ({ at }) => [file([at]), file([at, "x"])]],
  "files of other times": [2, ({ at }) => [file([at]), file([at], { lastModified: TIME + 1 })]],
  "a read that fails": [
    2,
    ({ at }) => {
      let reads = 0;
      const second = reading(file([at]), (range, own) => {
        reads += 1;
        if (reads === 1) throw new DOMException("gone", "NotFoundError");
        return own(...range);
      });
      return [file([at]), second];
    },
  ],
  [STALLS]: [
    2,
    ({ at }) => {
      let reads = 0;
      const second = reading(file([at]), (range, own) => {
        reads += 1;
        return reads === 1 ? { arrayBuffer: () => new Promise(() => {}) } : own(...range);
      });
      return [file([at]), second];
    },
  ],
};

/** An image of over 600 kB, and one of the same size whose last byte differs. */
async function images() {
  const tail = new Uint8Array(600_000);
  const at = new Blob([await makeImage(), tail]);
  tail[tail.length - 1] = 1;
  return { at, other: new Blob([await makeImage(), tail]) };
}

export const run = runner({
  async requests_are_joined_only_if_their_files_have_the_same_bytes(kit) {
    const given = await images();
    let total = 0;
    for (const [name, [count, pair]] of Object.entries(PAIRS)) {
      const compare = async () => {
        const client = kit.client("ok,hold=answer", { store: "memory", polling: PATIENT });
        const submit = (image) => client.submit({ images: [image], prompt: name });
        const calls = pair(given).map(submit);
        total += count;
        await kit.charged(total);
        await kit.release();
        const ids = (await Promise.all(calls)).map(({ taskId }) => taskId);
        equal(new Set(ids).size, count, name);
        equal((await kit.account()).charges.length, total, name);
      };
      await (name === STALLS ? compare() : lengthened(COMPARING_MS, compare));
    }
  },

  async each_of_several_calls_gets_the_video_of_its_own_file(kit) {
    await lengthened(COMPARING_MS, async () => {
      const given = await images();
      const client = kit.client("ok,hold=answer", { store: "memory", polling: PATIENT });
      // The third call is made while the second is compared with the first.
      const calls = [given.at, given.other, given.other, given.at].map((part) =>
        client.submit({ images: [file([part])], prompt: "x" }),
      );
      await kit.charged(2);
      await kit.release();
      const ids = (await Promise.all(calls)).map(({ taskId }) => taskId);
      equal([ids[1] === ids[2], ids[0] === ids[3], ids[0] === ids[1]], [true, true, false]);
      equal((await kit.account()).charges.length, 2);
    });
  },

  async a_call_that_is_aborted_while_files_are_compared_ends_at_once(kit) {
    const { at } = await images();
    const client = kit.client("ok,hold=answer", { store: "memory", polling: PATIENT });
    const first = client.submit({ images: [file([at])], prompt: "x" });
    const control = new AbortController();
    let reads = 0;
    const stalled = reading(file([at]), () => {
      reads += 1;
      return { arrayBuffer: () => new Promise(() => {}) };
    });
    const options = { signal: control.signal };
    const second = client.submit({ images: [stalled], prompt: "x" }, options);
    await until(() => reads > 0, "a read");
    control.abort("enough");
    // Before the first call ends, and although the read never does.
    equal(await second.catch((reason) => reason), "enough");
    await kit.charged(1);
    await kit.release();
    equal((await first).status, "submitted");
    equal((await kit.account()).charges.length, 1);
  },
});
