// What is used of the npm packages, which are in the tool cache.

export function convertUint8ArrayToBase64(bytes: Uint8Array): string;
export function fromByteArray(bytes: Uint8Array): string;
