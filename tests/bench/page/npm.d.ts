// What is used of the npm packages, which are in the tool cache.

declare module "@ai-sdk/provider-utils" {
  export function convertUint8ArrayToBase64(bytes: Uint8Array): string;
}

declare module "base64-js" {
  export function fromByteArray(bytes: Uint8Array): string;
}
