// What is shipped serves everybody who wrote against the contract: each shipped value and type is
// assignable to it. What the contract has and the package has not yet is listed, so that it cannot
// be forgotten or added unnoticed.

import init, * as shipped from "../../pkg/index.js";
import type * as contract from "./contract.d.ts";
import type contractInit from "./contract.d.ts";

type Missing = "prepareImage";

const loads: typeof contractInit = init;
const values: Omit<
  typeof contract,
  Missing | "default" | "createClient" | "KlingError" | "isKlingError"
> = shipped;
const client: contract.Client = shipped.createClient({
  apiKey: () => "key",
  fetch: globalThis.fetch,
});

type Serves<Contract, Shipped extends Contract> = [Contract, Shipped];
type Types = [
  Serves<contract.KlingError, shipped.KlingError>,
  Serves<contract.Task, shipped.Task>,
  Serves<contract.TaskRecord, shipped.TaskRecord>,
  Serves<contract.Video, shipped.Video>,
  Serves<contract.Progress, shipped.Progress>,
  Serves<contract.Issue, shipped.Issue>,
  Serves<contract.ImageInfo, shipped.ImageInfo>,
  // What is taken: whatever the contract lets a caller pass is taken.
  Serves<shipped.VideoRequest, contract.VideoRequest>,
  Serves<shipped.ClientOptions, contract.ClientOptions>,
  Serves<shipped.WaitOptions, contract.WaitOptions>,
  Serves<shipped.SubmitOptions, Omit<contract.SubmitOptions, "prepare">>,
  // Each is missing, indeed.
  Serves<never, keyof typeof shipped & Missing>,
];

const error: unknown = new shipped.KlingError("message");
if (shipped.isKlingError(error)) {
  const code: contract.ErrorCode = error.code;
  void code;
}

void [loads, values, client, null as unknown as Types];
