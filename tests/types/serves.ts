// Code that was written against the contract compiles with the shipped declarations: each shipped
// value and type is assignable to that of the contract.

import init, * as shipped from "../../pkg/index.js";
import type * as contract from "./contract.d.ts";
import type contractInit from "./contract.d.ts";

const loads: typeof contractInit = init;
const values: Omit<typeof contract, "default" | "createClient" | "KlingError" | "isKlingError"> =
  shipped;
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
  Serves<contract.PreparedImage, shipped.PreparedImage>,
  // Parameters, the other way round: everything that the contract lets a caller pass is accepted.
  Serves<shipped.VideoRequest, contract.VideoRequest>,
  Serves<shipped.ClientOptions, contract.ClientOptions>,
  Serves<shipped.WaitOptions, contract.WaitOptions>,
  Serves<shipped.SubmitOptions, contract.SubmitOptions>,
  Serves<shipped.PrepareOptions, contract.PrepareOptions>,
];

const error: unknown = new shipped.KlingError("message");
if (shipped.isKlingError(error)) {
  const code: contract.ErrorCode = error.code;
  void code;
}

void [loads, values, client, null as unknown as Types];
