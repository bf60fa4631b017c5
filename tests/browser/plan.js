// The plan of what is done to an image: a pure function.

import { codes, equal, ok } from "./expect.js";
import { runner } from "./kit.js";

const SOURCE = {
  format: "jpeg",
  width: 1600,
  height: 1200,
  bytes: 1_000_000,
  orientation: 1,
  hasMetadata: false,
  mayBeTransparent: false,
  isCmyk: false,
  isReadable: true,
  isConverted: false,
};

const OPTIONS = { maxEdge: 2048, format: "auto", quality: 0.92, aspect: "refuse" };

const PNG = { format: "png", mayBeTransparent: true };
const WEBP = { format: "webp", isReadable: false, mayBeTransparent: true };

/**
 * What differs from `SOURCE` and from `OPTIONS`; the plan in short: work, format, size, position of
 * the image if it is not 0,0, codes of issues; the changes.
 */
const TABLE = [
  // Files that stay.
  [{}, {}, "keep jpeg 1600x1200", ""],
  [{ width: 2048, height: 2048 }, {}, "keep jpeg 2048x2048", ""],
  [{ width: 750, height: 300 }, {}, "keep jpeg 750x300", ""],
  [{ width: 300, height: 750 }, {}, "keep jpeg 300x750", ""],
  [{ bytes: 10_485_760 }, {}, "keep jpeg 1600x1200", ""],
  [{ ...PNG, bytes: 10_485_760 }, {}, "keep ? 1600x1200", ""],
  [PNG, { format: "png" }, "keep png 1600x1200", ""],
  [{}, { format: "jpeg", quality: 0.1 }, "keep jpeg 1600x1200", ""],
  // Metadata only.
  [{ hasMetadata: true }, {}, "strip jpeg 1600x1200", "metadata-removed"],
  [{ ...PNG, hasMetadata: true }, {}, "strip png 1600x1200", "metadata-removed"],
  [{ isConverted: true }, {}, "strip jpeg 1600x1200", "converted"],
  // Orientation.
  [{ orientation: 2 }, {}, "draw jpeg 1600x1200", "oriented recompressed"],
  [
    { orientation: 6, hasMetadata: true },
    {},
    "draw jpeg 1600x1200",
    "oriented metadata-removed recompressed",
  ],
  [{ ...PNG, orientation: 8 }, {}, "draw png 1600x1200", "oriented"],
  // Formats.
  [WEBP, {}, "draw jpeg 1600x1200", "converted"],
  [{ ...WEBP, format: "heic" }, {}, "draw jpeg 1600x1200", "converted"],
  [WEBP, { format: "png" }, "draw png 1600x1200", "converted"],
  [{}, { format: "png" }, "draw png 1600x1200", "converted"],
  [PNG, { format: "jpeg" }, "draw jpeg 1600x1200", "converted"],
  [{ isCmyk: true }, {}, "draw jpeg 1600x1200", "converted recompressed"],
  [{ isReadable: false }, {}, "draw jpeg 1600x1200", "recompressed"],
  [
    { ...PNG, bytes: 2 ** 20, width: 4000 },
    { aspect: "crop" },
    "draw png 2048x820 -341,0",
    "shrunk cropped",
  ],
  [{ ...PNG, bytes: 2 ** 20 + 1, orientation: 3 }, {}, "draw ? 1600x1200", "oriented"],
  [
    { ...PNG, bytes: 2 ** 20 + 1, orientation: 3, mayBeTransparent: false },
    {},
    "draw jpeg 1600x1200",
    "oriented converted",
  ],
  // Bytes.
  [{ bytes: 10_485_761 }, {}, "draw jpeg 1600x1200", "recompressed"],
  [{ ...PNG, bytes: 10_485_761 }, {}, "draw ? 1600x1200", ""],
  // Size.
  [{ width: 4032, height: 3024 }, {}, "draw jpeg 2048x1536", "shrunk recompressed"],
  [{ width: 3024, height: 4032 }, {}, "draw jpeg 1536x2048", "shrunk recompressed"],
  [{ width: 2049, height: 2048 }, {}, "draw jpeg 2048x2047", "shrunk recompressed"],
  [{ width: 4032, height: 3024 }, { maxEdge: 4032 }, "keep jpeg 4032x3024", ""],
  [{ width: 8160, height: 6120 }, { maxEdge: 8160 }, "draw jpeg 4719x3539", "shrunk recompressed"],
  [{ width: 4000, height: 1600 }, { maxEdge: 300 }, "draw jpeg 750x300", "shrunk recompressed"],
  [{ width: 2500, height: 1000 }, {}, "draw jpeg 2048x820", "shrunk recompressed"],
  [{ width: 299, height: 400 }, {}, "draw jpeg 300x401 ~image_too_small", "enlarged recompressed"],
  [{ width: 150, height: 150 }, {}, "draw jpeg 300x300 ~image_too_small", "enlarged recompressed"],
  [{ width: 375, height: 150 }, {}, "draw jpeg 750x300 ~image_too_small", "enlarged recompressed"],
  // Ratio.
  [
    { width: 751, height: 300 },
    { aspect: "crop" },
    "draw jpeg 750x300 -0,0",
    "cropped recompressed",
  ],
  [
    { width: 1800, height: 400 },
    { aspect: "crop" },
    "draw jpeg 1000x400 -400,0",
    "cropped recompressed",
  ],
  [
    { width: 400, height: 1800 },
    { aspect: "crop" },
    "draw jpeg 400x1000 0,-400",
    "cropped recompressed",
  ],
  [
    { width: 1800, height: 400 },
    { aspect: "pad" },
    "draw jpeg 1800x720 0,160",
    "padded recompressed",
  ],
  [
    { width: 400, height: 1800 },
    { aspect: "pad" },
    "draw jpeg 720x1800 160,0",
    "padded recompressed",
  ],
  [
    { width: 8000, height: 1000 },
    { aspect: "pad" },
    "draw jpeg 2048x820 0,282",
    "shrunk padded recompressed",
  ],
  [
    { width: 900, height: 100 },
    { aspect: "pad" },
    "draw jpeg 900x360 0,130",
    "padded recompressed",
  ],
  [
    { width: 900, height: 200 },
    { aspect: "crop" },
    "draw jpeg 750x300 -300,0 ~image_too_small",
    "enlarged cropped recompressed",
  ],
  // Refusals.
  [{ width: 751, height: 300 }, {}, "bad_aspect_ratio"],
  [{ width: 300, height: 751 }, {}, "bad_aspect_ratio"],
  [{ width: 149, height: 200 }, {}, "image_too_small"],
  [{ width: 500, height: 149 }, {}, "bad_aspect_ratio image_too_small"],
  [{ width: 900, height: 100 }, { aspect: "crop" }, "image_too_small"],
  [{ width: 20_000, height: 20_000 }, {}, "image_too_large"],
];

/** A plan in the words of the table. */
function inShort({ refusals, warnings, work, format = "?", canvas, picture }) {
  if (refusals.length) return refusals.map(({ code }) => code).join(" ");
  const words = [work, format, `${canvas.width}x${canvas.height}`];
  if (picture.x || picture.y || Object.is(picture.x, -0)) {
    const sign = (value) => (Object.is(value, -0) ? "-0" : value);
    words.push(`${sign(picture.x)},${sign(picture.y)}`);
  }
  words.push(...warnings.map(({ code }) => `~${code}`));
  return words.join(" ");
}

export const run = runner({
  async each_image_gets_the_plan_of_the_table({ simulator }) {
    const { changesOf, planFor } = await import(`${simulator}/pkg/prepare.js`);
    for (const [source, options, expected, changes] of TABLE) {
      const full = { ...SOURCE, ...source };
      const plan = planFor(full, { ...OPTIONS, ...options }, "images[1]");
      const what = JSON.stringify([source, options]);
      equal(inShort(plan), expected, what);
      ok(
        [...plan.refusals, ...plan.warnings].every(({ path }) => path === "images[1]"),
        `the path, of ${what}`,
      );
      if (changes === undefined) continue;
      const drawn = plan.work === "draw" ? (plan.format ?? "png") : undefined;
      equal(changesOf(full, plan, drawn).join(" "), changes, `changes of ${what}`);
    }
  },

  async every_plan_is_acceptable({ simulator, kling }) {
    const { planFor } = await import(`${simulator}/pkg/prepare.js`);
    const { maxAspectRatio, minImageEdge } = kling.limits;
    const edges = [150, 151, 299, 300, 333, 749, 1000, 1001, 2047, 2049, 4032, 9999, 16_320];
    for (const width of edges)
      for (const height of edges)
        for (const aspect of ["refuse", "crop", "pad"])
          for (const maxEdge of [300, 301, 749, 1920, 2048, 20_000]) {
            const plan = planFor({ ...SOURCE, width, height }, { ...OPTIONS, aspect, maxEdge }, "");
            if (plan.refusals.length) {
              ok(aspect === "refuse" || Math.min(width, height) < 300, codes(plan.refusals));
              continue;
            }
            const { canvas, picture } = plan;
            const what = JSON.stringify([width, height, aspect, maxEdge, plan]);
            const [long, short] = [canvas.width, canvas.height].sort((a, b) => b - a);
            ok(short >= minImageEdge && long * 2 <= short * 2 * maxAspectRatio, what);
            ok(long * short <= 2 ** 24, `megapixels: ${what}`);
            ok(long <= Math.max(maxEdge, maxAspectRatio * minImageEdge), `maxEdge: ${what}`);
            ok([canvas.width, canvas.height, picture.x, picture.y].every(Number.isInteger), what);
            // The image is centred, and its ratio stays within 1 % or 1 px.
            ok(Math.abs(2 * picture.x + picture.width - canvas.width) <= 1, what);
            ok(Math.abs(2 * picture.y + picture.height - canvas.height) <= 1, what);
            const off = Math.abs((picture.width / picture.height) * (height / width) - 1);
            ok(
              off < 0.01 || Math.min(picture.width, picture.height) * off < 1,
              `ratio off by ${off}: ${what}`,
            );
          }
  },

  async a_file_that_is_too_large_gets_smaller({ simulator }) {
    const { smaller } = await import(`${simulator}/pkg/prepare.js`);
    const canvas = { width: 4000, height: 3000 };
    let options = { ...OPTIONS, maxEdge: 4000 };
    const steps = [];
    for (let step = 0; step < 6; step += 1) {
      options = smaller(options, "jpeg", { width: options.maxEdge, height: 1 }, 11_000_000);
      steps.push([Math.round(options.quality * 100) / 100, options.maxEdge]);
    }
    equal(steps, [
      [0.82, 4000],
      [0.72, 4000],
      [0.62, 4000],
      [0.6, 4000],
      [0.6, 3600],
      [0.6, 3240],
    ]);
    equal(smaller(OPTIONS, "png", canvas, 41_943_040).maxEdge, 2000);
    equal(smaller(OPTIONS, "png", canvas, 2 ** 40).maxEdge, 300);
    equal(smaller({ ...OPTIONS, quality: 0.3 }, "jpeg", canvas, 11_000_000).maxEdge, 3600);
    equal(smaller({ ...OPTIONS, quality: 0.3 }, "jpeg", canvas, 11_000_000).quality, 0.3);
  },
});
