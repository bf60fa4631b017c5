// How often files are read, and how many reads are under way at once: for the headers of the
// images, and for their encoding.

import { equal, ok } from "./expect.js";
import { makeImage, runner } from "./kit.js";
import { NOTE_EXPORTS, inWorker } from "./workers.js";

/** The size of a slice that is encoded, and how many are read at once. See `core/src/encoding.rs`. */
const [SLICE_BYTES, MAX_READS] = [8 * 196_608, 6];

/** How many headers are read at once, and the bytes of a header that are read at most. */
const [MAX_HEADERS, MAX_HEADER_BYTES] = [4, 196_608];

/** A worker's code that counts the reads of files. `failing` is the number of a read that fails. */
const COUNT_READS = `${NOTE_EXPORTS}
  const seen = { reads: 0, bytes: 0, most: 0, rejections: 0 };
  let underWay = 0;
  let failing = Infinity;
  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = async function () {
    seen.reads += 1;
    seen.bytes += this.size;
    underWay += 1;
    seen.most = Math.max(seen.most, underWay);
    const number = seen.reads;
    try {
      // Later than the reads that began with it.
      if (number >= failing) await new Promise((resolve) => setTimeout(resolve, number - failing));
      if (number >= failing) throw new TypeError("the file is gone");
      return await arrayBuffer.call(this);
    } finally {
      underWay -= 1;
    }
  };
  addEventListener("unhandledrejection", () => (seen.rejections += 1));
  /** What was counted since the last call. */
  const counted = () => {
    const { ...result } = seen;
    Object.assign(seen, { reads: 0, bytes: 0, most: 0, rejections: 0 });
    return result;
  };`;

/** A JPEG that is padded to this many bytes; it ends with zeros, which a decoder ignores. */
const padded = async (bytes) => {
  const image = await makeImage();
  const end = new Uint8Array(await image.slice(-2).arrayBuffer());
  return new Blob([image, new Uint8Array(Math.max(0, bytes - image.size - 2)), end]);
};

/** The sizes of the images of a request. */
const SIZES = [
  [1],
  [SLICE_BYTES],
  [SLICE_BYTES + 1],
  [1, 1, 1, 1],
  [1, 5 * SLICE_BYTES, 1],
  [5 * SLICE_BYTES, 5 * SLICE_BYTES, 5 * SLICE_BYTES, 5 * SLICE_BYTES],
];

export const run = runner({
  async headers_are_read_together_and_few_bytes_of_each(kit) {
    for (const count of [1, 2, 4, 5, 100]) {
      const image = await padded(9_000_000);
      const { reads, bytes, most } = await inWorker(
        kit,
        `${COUNT_READS}
        await kling.validateRequest({ images: Array(${count}).fill(given), prompt: "x" });
        return counted();`,
        image,
      );
      equal(reads, 2 * count, `${count} images: reads`);
      equal(most, Math.min(count, MAX_HEADERS), `${count} images: reads at once`);
      ok(bytes <= count * MAX_HEADER_BYTES, `${count} images: few bytes, found ${bytes}`);
    }
  },

  async a_file_is_encoded_by_one_read_of_each_slice(kit) {
    for (const sizes of SIZES) {
      const images = await Promise.all(sizes.map(padded));
      const [headers, all, isSame, grown] = await inWorker(
        kit,
        `${COUNT_READS}
        // The buffers are there from now on.
        await kling.buildRequestBody({ images: [given[0]], prompt: "x" });
        const memory = memoryOf(instances[0]);
        const before = memory.buffer.byteLength;
        const request = { images: given, prompt: "x" };
        counted();
        await kling.validateRequest(request);
        const headers = counted();
        const body = await kling.buildRequestBody(request);
        const all = counted();
        const { image_list } = JSON.parse(await body.text());
        const decoded = image_list.map(({ image }) => atob(image));
        const isSame = await Promise.all(given.map(async (file, index) => {
          const bytes = new Uint8Array(await arrayBuffer.call(file));
          return bytes.length === decoded[index].length &&
            bytes.every((byte, at) => byte === decoded[index].charCodeAt(at));
        }));
        return [headers, all, isSame, memory.buffer.byteLength - before];`,
        images,
      );
      const slices = images.reduce((sum, { size }) => sum + Math.ceil(size / SLICE_BYTES), 0);
      equal(all.reads - headers.reads, slices, `${sizes}: reads`);
      ok(all.most <= MAX_READS, `${sizes}: at most ${MAX_READS} reads at once, found ${all.most}`);
      ok(all.most >= Math.min(slices, MAX_READS), `${sizes}: reads at once, found ${all.most}`);
      ok(
        isSame.every((one) => one),
        `${sizes}: the bytes of each file in its place`,
      );
      equal(grown, 0, `${sizes}: bytes of WebAssembly memory`);
    }
  },

  async reads_under_way_are_dropped_when_one_fails(kit) {
    const images = await Promise.all(
      Array(4)
        .fill(4 * SLICE_BYTES)
        .map(padded),
    );
    // The headers take the first reads.
    const first = 2 * images.length + 1;
    for (const [slice, image] of [
      [0, 0],
      [1, 0],
      [3, 0],
      [4, 1],
      [9, 2],
      [15, 3],
    ]) {
      const [error, { reads, rejections }] = await inWorker(
        kit,
        `${COUNT_READS}
        await init();
        failing = ${first + slice};
        const request = { images: given, prompt: "x" };
        const error = await kling.buildRequestBody(request).catch(({ code, message }) => [code, message]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return [error, counted()];`,
        images,
      );
      equal(error[0], "image_unreadable", `slice ${slice}`);
      ok(error[1].startsWith(`images[${image}]:`), `slice ${slice}: the image, found ${error[1]}`);
      const most = first + slice + MAX_READS - 1;
      ok(reads <= most, `slice ${slice}: at most ${most} reads, found ${reads}`);
      equal(rejections, 0, `slice ${slice}: rejections that nothing handles`);
    }
  },
});
