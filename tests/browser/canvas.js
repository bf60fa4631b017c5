// How images are prepared where the canvas or the decoder of a browser is a special one.

import { equal, fails, ok } from "./expect.js";
import { runner } from "./kit.js";
import { coloursAt, CORNERS, difference, phonePhoto, QUARTERS, quarters } from "./photos.js";

/** How far a colour may be off after JPEG. */
const JPEG_NOISE = 6;

/** The decoders of a browser: its own, and those that do not decode the image. */
const DECODERS = {
  "its own": undefined,
  "one that knows no such type": function () {
    throw new TypeError("unknown type");
  },
  "one that fails": class {
    async decode() {
      throw new DOMException("no image", "EncodingError");
    }
    close() {}
  },
  "one without a result": class {
    async decode() {
      return {};
    }
    close() {}
  },
};

/** Whether a canvas averages the pixels of an image that it shrinks. */
function canvasAverages() {
  const contextOf = (size) =>
    new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  const [large, small] = [contextOf(32), contextOf(8)];
  for (const x of [0, 3]) for (let at = x; at < 32; at += 4) large.fillRect(at, 0, 1, 32);
  small.imageSmoothingQuality = "high";
  small.drawImage(large.canvas, 0, 0, 8, 8);
  const opacity = small.getImageData(4, 4, 1, 1).data[3];
  return opacity > 64 && opacity < 192;
}

export const run = runner({
  async a_canvas_that_falsifies_pixels_is_noticed({ kling }) {
    const photo = await quarters(2400, 1200);
    const kinds = [OffscreenCanvasRenderingContext2D, CanvasRenderingContext2D];
    const originals = kinds.map((kind) => kind.prototype.getImageData);
    const falsified = (original) =>
      function (...range) {
        const pixels = original.apply(this, range);
        crypto.getRandomValues(pixels.data.subarray(0, 65_536));
        return pixels;
      };
    try {
      kinds[0].prototype.getImageData = falsified(originals[0]);
      equal((await kling.prepareImage(photo)).changes, ["shrunk", "recompressed"]);
      kinds[1].prototype.getImageData = falsified(originals[1]);
      const error = await fails(kling.prepareImage(photo), "invalid_request");
      ok(error.message.includes("fingerprinting"), "the reason");
      equal(error.issues[0].params, { reason: "canvas_protected" });
      // Where no pixel is drawn, it does not matter.
      equal((await kling.prepareImage(await phonePhoto(await quarters()))).changes, [
        "metadata-removed",
      ]);
    } finally {
      kinds.forEach((kind, index) => (kind.prototype.getImageData = originals[index]));
    }
  },

  async a_file_is_decoded_beside_the_page_where_the_browser_would_block_it(kit) {
    // Firefox decodes on the main thread, and its canvas averages no pixels.
    const isAside = !canvasAverages() && typeof ImageDecoder === "function";
    const own = { createImageBitmap, ImageDecoder: globalThis.ImageDecoder };
    const photo = await phonePhoto(await quarters(900, 600), 6);
    const turned = [2, 0, 3, 1].map((quarter) => QUARTERS[quarter]);
    try {
      for (const [name, decoder] of Object.entries(DECODERS)) {
        let files = 0;
        globalThis.createImageBitmap = (image, ...rest) => {
          files += Number(image instanceof Blob);
          return own.createImageBitmap.call(globalThis, image, ...rest);
        };
        if (decoder) globalThis.ImageDecoder = decoder;
        const kling = await kit.copy();
        for (const options of [{ maxEdge: 480 }, { maxEdge: 480, format: "png" }, {}]) {
          files = 0;
          const result = await kling.prepareImage(photo, options);
          const what = `${JSON.stringify(options)}, ${name}`;
          equal(files === 0, isAside && !decoder, `${what}: nothing decoded by the page`);
          const { colours } = await coloursAt(result.image, CORNERS);
          ok(difference(turned, colours) <= JPEG_NOISE, `${what}: ${colours}`);
        }
      }
    } finally {
      globalThis.createImageBitmap = own.createImageBitmap;
      if (own.ImageDecoder) globalThis.ImageDecoder = own.ImageDecoder;
      else delete globalThis.ImageDecoder;
    }
  },
});
