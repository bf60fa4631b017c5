// A photo of 12 megapixels as a phone writes it, as base64. Arguments: a photo as base64, and the
// format of the file. The same browser makes the same bytes each time.

const [source, format] = arguments;

/** The size of the photo in px. */
const [WIDTH, HEIGHT] = [4032, 3024];
/** How far the source is enlarged: a camera does not resolve each pixel. */
const SCALE = 2;
/** The standard deviation of the noise of the sensor, of 255. */
const NOISE = 3;
/** How many rows are drawn at a time. */
const ROWS = 504;

const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
const context = canvas.getContext("2d", { willReadFrequently: true });
context.imageSmoothingQuality = "high";

/** Draws the source again and again, each copy as the mirror image of its neighbours. */
function repeat(image) {
  const [width, height] = [image.width * SCALE, image.height * SCALE];
  for (let row = 0; row * height < HEIGHT; row += 1)
    for (let column = 0; column * width < WIDTH; column += 1) {
      const [right, down] = [column % 2, row % 2];
      context.setTransform(
        right ? -1 : 1,
        0,
        0,
        down ? -1 : 1,
        (column + right) * width,
        (row + down) * height,
      );
      context.drawImage(image, 0, 0, width, height);
    }
}

/** Adds the same noise to each photo: sums of four random bytes of a xorshift generator. */
function addNoise() {
  let state = 1;
  for (let top = 0; top < HEIGHT; top += ROWS) {
    const pixels = context.getImageData(0, top, WIDTH, ROWS);
    const { data } = pixels;
    for (let at = 0; at < data.length; at += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const sum =
        (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24) - 510;
      const noise = (sum * NOISE) / 147.8;
      for (let channel = 0; channel < 3; channel += 1) data[at + channel] += noise;
    }
    context.putImageData(pixels, 0, top);
  }
}

const base64 = (blob) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(blob);
  });

return (async () => {
  const { phonePhoto } = await import("/cases/photos.js");
  repeat(
    await createImageBitmap(
      new Blob([Uint8Array.from(atob(source), (letter) => letter.charCodeAt(0))]),
    ),
  );
  addNoise();
  const photo = await canvas.convertToBlob({ type: `image/${format}`, quality: 0.92 });
  return base64(format === "jpeg" ? await phonePhoto(photo, 6) : photo);
})();
