// What only Safari's engine does, emulated in every browser: its words for a lost network, requests
// that it aborts by itself, and its limit of a canvas.
//
// Elsewhere: no `AbortSignal.any` and others in `features.js`, connections to the database that die
// in `database.js`, no blobs in a database and ranges of a blob URL in `videos.js`.

import { equal, fails, ok } from "./expect.js";
import { PATIENT, runner } from "./kit.js";
import { CORNERS, coloursAt, difference, QUARTERS, quarters } from "./photos.js";

/** How `fetch` rejects in each engine when no response can be read. */
const REJECTIONS = {
  Chromium: new TypeError("Failed to fetch"),
  Firefox: new TypeError("NetworkError when attempting to fetch resource."),
  WebKit: new TypeError("Load failed"),
  "WebKit, a lost connection": new TypeError("The network connection was lost."),
  "WebKit, offline": new TypeError("The Internet connection appears to be offline."),
  "WebKit, no response": new TypeError("The request timed out."),
  "WebKit, another host": new TypeError(
    "Origin https://site.example is not allowed by Access-Control-Allow-Origin. Status code: 200",
  ),
  "WebKit, leaving the page": new TypeError("cancelled"),
  "WebKit, aborted by itself": new DOMException("Fetch is aborted", "AbortError"),
  "a DOMException": new DOMException("A network error occurred.", "NetworkError"),
  "no words": new TypeError(""),
};

/** A `fetch` that rejects with this error what `rejects` chooses. */
function rejecting(error, rejects) {
  const seen = [];
  const wrapper = async (input, init = {}) => {
    seen.push(init.method ?? "GET");
    if (rejects(init.method ?? "GET", seen.length)) throw error;
    return fetch(input, init);
  };
  return { fetch: wrapper, seen };
}

/** The largest canvas in Safari on a phone, in px. */
const MAX_CANVAS_PIXELS = 16_777_216;

/** Sizes above it of which the service takes the ratio, in px. */
const LARGE = [
  [5000, 4000],
  [4097, 4096],
  [4100, 4100],
  [6500, 2600],
  [2600, 6500],
];

/** How far a colour may be off after JPEG. */
const JPEG_NOISE = 6;

export const run = runner({
  async a_lost_network_is_recognised_in_the_words_of_each_engine(kit) {
    const { taskId } = await kit.client("ok").generate(await kit.request());
    const before = (await kit.account()).charges.length;
    for (const [name, error] of Object.entries(REJECTIONS)) {
      const client = (rejects) => {
        const { fetch, seen } = rejecting(error, rejects);
        return [kit.client("ok", { fetch, storeName: `${kit.key} ${name}` }), seen];
      };
      const [offline, sent] = client(() => true);
      equal((await fails(offline.getTask(taskId), "network")).retryable, true, name);
      const request = await kit.request({ prompt: name, externalTaskId: crypto.randomUUID() });
      equal((await fails(offline.submit(request), "network")).retryable, true, name);
      ok(!sent.includes("POST"), `${name}: nothing was sent`);
      equal(await offline.records(), [], name);
      const [flaky] = client((_, count) => count <= 2);
      const reasons = new Set();
      const onProgress = ({ reason }) => reason && reasons.add(reason);
      equal((await flaky.wait(taskId, { onProgress })).status, "succeed", name);
      equal([...reasons], ["unreachable"], name);
      const [lost] = client((method) => method === "POST");
      await fails(lost.submit(request), "submission_unknown");
      equal((await lost.records())[0].state, "unknown", name);
    }
    equal((await kit.account()).charges.length, before);
  },

  async no_canvas_is_larger_than_a_phone_allows({ kling }) {
    const photos = [];
    for (const [width, height] of LARGE) photos.push(await quarters(width, height));
    const kinds = [OffscreenCanvas, HTMLCanvasElement];
    const originals = kinds.map(({ prototype }) => prototype.getContext);
    const refused = [];
    const limited = (original) =>
      function (...given) {
        if (this.width * this.height <= MAX_CANVAS_PIXELS) return original.apply(this, given);
        refused.push([this.width, this.height]);
        return null;
      };
    try {
      kinds.forEach(({ prototype }, at) => (prototype.getContext = limited(originals[at])));
      for (const [at, photo] of photos.entries()) {
        const { image, info } = await kling.prepareImage(photo, { maxEdge: 9000 });
        ok(info.width * info.height <= MAX_CANVAS_PIXELS, `${LARGE[at]}: at most 16 megapixels`);
        const { colours } = await coloursAt(image, CORNERS);
        ok(difference(QUARTERS, colours) <= JPEG_NOISE, `${LARGE[at]}: colours ${colours}`);
      }
    } finally {
      kinds.forEach(({ prototype }, at) => (prototype.getContext = originals[at]));
    }
    equal(refused, [], "canvases above the limit");
  },

  async a_request_that_the_browser_aborts_by_itself_is_no_abort_of_the_caller(kit) {
    const control = new AbortController();
    const { signal } = control;
    const error = REJECTIONS["WebKit, aborted by itself"];
    const { fetch: aborting } = rejecting(error, (_, count) => count <= 3);
    const { taskId } = await kit.client("ok").submit(await kit.request());
    const client = kit.client("ok", { fetch: aborting, polling: PATIENT });
    equal((await client.wait(taskId, { signal })).status, "succeed");
    const always = kit.client("ok", { fetch: rejecting(error, () => true).fetch });
    for (const call of [
      always.getTask(taskId, { signal }),
      always.adopt(taskId, { signal }),
      always.reconcile(taskId, { signal }),
      always.submit(await kit.request({ prompt: "another" }), { signal }),
      always.generate(await kit.request({ prompt: "a third" }), { signal }),
    ])
      equal((await fails(call, "network")).retryable, true);
  },
});
