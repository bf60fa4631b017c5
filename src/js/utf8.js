// UTF-8 for the module and for blobs. Each function looks for the codec when it is called, because
// Jest's jsdom has none.

/**
 * The string that these bytes stand for. Makes a decoder each time: Safari's fail after 2 GiB.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {boolean} ignoreBOM whether a byte order mark stays in the string
 */
export function decodeText(bytes, ignoreBOM = true) {
  if (typeof TextDecoder === "function")
    return new TextDecoder("utf-8", { ignoreBOM }).decode(bytes);
  const latin1 = bytes.reduce((text, byte) => text + String.fromCharCode(byte), "");
  return decodeURIComponent(escape(latin1));
}

/** The bytes of a string; a lone surrogate becomes U+FFFD. @param {string} text */
export function encodeText(text) {
  if (typeof TextEncoder === "function") return new TextEncoder().encode(text);
  const latin1 = unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")));
  return Uint8Array.from(latin1, (letter) => letter.charCodeAt(0));
}
