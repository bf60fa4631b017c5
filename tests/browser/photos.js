// Photos as cameras and other programs write them, made in the page.

/** The colours of the quarters of `quarters`: top left, top right, bottom left, bottom right. */
export const QUARTERS = [
  [220, 40, 40],
  [40, 160, 60],
  [40, 60, 200],
  [230, 210, 40],
];

const css = (colour) => `rgb(${colour})`;

/** An image of four colours, as a blob. */
export function quarters(width = 640, height = 480, type = "image/jpeg", quality = 0.95) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  for (const [index, colour] of QUARTERS.entries()) {
    context.fillStyle = css(colour);
    const [right, bottom] = [index % 2, index >> 1];
    context.fillRect((right * width) / 2, (bottom * height) / 2, width / 2, height / 2);
  }
  return encoded(canvas, type, quality);
}

/** A file without the chunks that Firefox adds to a PNG. */
export async function encoded(canvas, type, quality) {
  const file = await canvas.convertToBlob({ type, quality });
  if (type !== "image/png") return file;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = [bytes.subarray(0, 8)];
  for (let at = 8, end; at < bytes.length; at = end) {
    end = at + 12 + new DataView(bytes.buffer).getUint32(at);
    if (bytes[at + 4] < 97) parts.push(bytes.subarray(at, end));
  }
  return new Blob(parts, { type });
}

/** An image of noise, which compresses badly. Its top is transparent down to this row. */
export function noise(width, height, type, quality = 1, transparentRows = 0) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const { data } = context.createImageData(width, height);
  for (let at = 0; at < data.length; at += 65_536)
    crypto.getRandomValues(data.subarray(at, at + 65_536));
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  context.putImageData(new ImageData(data, width, height), 0, 0);
  context.clearRect(0, 0, width, transparentRows);
  return encoded(canvas, type, quality);
}

/** Exif data with an orientation and a GPS position, 12° north and 34° east. */
function exif(orientation) {
  const view = new DataView(new ArrayBuffer(128));
  const field = (at, tag, type, count, value) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, count);
    if (type === 3) view.setUint16(at + 8, value);
    else view.setUint32(at + 8, value);
  };
  view.setUint32(0, 0x4d4d002a);
  view.setUint32(4, 8);
  view.setUint16(8, 2);
  field(10, 0x112, 3, 1, orientation);
  field(22, 0x8825, 4, 1, 38);
  view.setUint16(38, 2);
  field(40, 2, 5, 1, 72);
  field(52, 4, 5, 1, 80);
  [12, 1, 34, 1].forEach((number, index) => view.setUint32(72 + 4 * index, number));
  return new Uint8Array(view.buffer);
}

const ascii = (text) => new TextEncoder().encode(text);

function segment(marker, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 2);
  return [new Uint8Array([0xff, marker, length >> 8, length & 255]), ...parts];
}

/** A JPEG as a phone writes it: Exif, XMP, a comment, another image behind its end. */
export async function phonePhoto(jpeg, orientation = 1) {
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  const parts = [
    bytes.subarray(0, 2),
    ...segment(0xe1, ascii("Exif\0\0"), exif(orientation)),
    ...segment(0xe1, ascii("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>secret</x:xmpmeta>")),
    ...segment(0xed, ascii("Photoshop 3.0\0secret")),
    ...segment(0xfe, ascii("secret comment")),
    bytes.subarray(2),
    ascii("secret video"),
  ];
  return new Blob(parts, { type: "image/jpeg" });
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

function chunk(name, data) {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(ascii(name), 4);
  bytes.set(data, 8);
  let sum = 0xffffffff;
  for (const byte of bytes.subarray(4, -4)) sum = CRC_TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  view.setUint32(data.length + 8, ~sum);
  return bytes;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const PNG_SIGNATURE = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);

/** A PNG of 16 bits per channel, in one colour: red, green and blue from 0 to 255. */
export async function deepPng(width, height, colour) {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([16, 2, 0, 0, 0], 8);
  const row = new Uint8Array(1 + 6 * width);
  for (let at = 1; at < row.length; at += 1) row[at] = colour[((at - 1) >> 1) % 3];
  const rows = new Uint8Array(row.length * height);
  for (let y = 0; y < height; y += 1) rows.set(row, y * row.length);
  const parts = [
    chunk("IHDR", header),
    chunk("IDAT", await deflated(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob([PNG_SIGNATURE, ...parts], { type: "image/png" });
}

/** A PNG whose second image covers all of the first one. Both are opaque and of the same size. */
export async function animatedPng(first, second) {
  const [bytes, other] = [await bytesOf(first), await bytesOf(second)];
  const size = bytes.subarray(16, 24);
  const control = (number) => {
    const content = new Uint8Array(26);
    content[3] = number;
    content.set(size, 4);
    content.set([0, 1, 0, 2], 20);
    return chunk("fcTL", content);
  };
  const pixels = (png) => {
    const parts = [];
    for (let at = 8, end; at < png.length; at = end) {
      end = at + 12 + new DataView(png.buffer).getUint32(at);
      if (png[at + 4] === 73 && png[at + 5] === 68) parts.push(png.subarray(at + 8, end - 4));
    }
    return parts;
  };
  const parts = [
    bytes.subarray(0, 33),
    chunk("acTL", new Uint8Array([0, 0, 0, 2, 0, 0, 0, 0])),
    control(0),
    ...pixels(bytes).map((part) => chunk("IDAT", part)),
    control(1),
    ...pixels(other).map((part, index) =>
      chunk("fdAT", new Uint8Array([0, 0, 0, 2 + index, ...part])),
    ),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/** A WebP with another chunk at its end, and this many bytes before that. */
export async function webpWithChunk(webp, name, data, distance = 0) {
  const bytes = await bytesOf(webp);
  const part = (name, length) => {
    const head = new Uint8Array(8);
    head.set(ascii(name));
    new DataView(head.buffer).setUint32(4, length, true);
    return head;
  };
  const canvas = new Uint8Array(10);
  canvas[0] = name === "EXIF" ? 8 : 4;
  canvas.set([143, 1, 0, 43, 1, 0], 4);
  const content = [
    ...[part("VP8X", 10), canvas, bytes.subarray(12)],
    ...[part("none", distance), new Uint8Array(distance)],
    ...[part(name, data.length), data],
  ];
  const length = content.reduce((sum, { length }) => sum + length, 4);
  const head = part("RIFF", length);
  return new Blob([head, "WEBP", ...content], { type: "image/webp" });
}

/** A PNG with Exif data, a text, a time, and bytes behind its end. */
export async function pngWithMetadata(png, orientation = 1) {
  const bytes = new Uint8Array(await png.arrayBuffer());
  const parts = [
    bytes.subarray(0, 33),
    chunk("eXIf", exif(orientation)),
    chunk("tEXt", ascii("Comment\0secret")),
    chunk("tIME", new Uint8Array(7)),
    bytes.subarray(33),
    ascii("secret"),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** The file of a base64 string. */
export const fileOf = (base64) =>
  new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);

/**
 * The size of an image as displayed, and its colours at points that are given in shares of the
 * edges.
 */
export async function coloursAt(blob, points) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  URL.revokeObjectURL(image.src);
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const colours = points.map(([x, y]) => [
    ...context.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1).data,
  ]);
  return { width, height, colours };
}

/** The middles of the four quarters. */
export const CORNERS = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.1, 0.9],
  [0.9, 0.9],
];

/** The largest difference between two lists of colours, in the channels of the first one. */
export const difference = (some, others) =>
  Math.max(
    ...some.flatMap((colour, index) =>
      colour.map((value, channel) => Math.abs(value - others[index][channel])),
    ),
  );
