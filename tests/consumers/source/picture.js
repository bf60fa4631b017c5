// A picture that the service takes.

/** @returns {Promise<Blob>} */
export function picture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 300 });
  canvas.getContext("2d")?.fillRect(0, 0, 200, 300);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"),
  );
}
