// What the rows use of npm. `cargo xtask bench` serves a bundle of this file in its place.

export { convertUint8ArrayToBase64 } from "@ai-sdk/provider-utils";
export { fromByteArray } from "base64-js";
