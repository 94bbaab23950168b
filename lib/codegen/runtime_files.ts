// The hand-written files that every generated folder carries beside its modules, as text.
import codec from "./runtime/codec.ts" with { type: "text" };
import operations from "./runtime/operations.ts" with { type: "text" };
import values from "./runtime/values.ts" with { type: "text" };

/** What generated modules import from their own folder. */
export const runtimeFiles: Readonly<Record<string, string>> = { "codec.ts": codec, "operations.ts": operations };

/** What stands in for `@cloudydeno/kubernetes-apis/common.ts` where that package cannot be reached: this repository. */
export const commonFiles: Readonly<Record<string, string>> = {
  "common.ts": [
    "// Stands in for `@cloudydeno/kubernetes-apis/common.ts`, with its names. Written by `kubernaut-we generate`.",
    'export * from "../lib/kube/contract.ts";',
    'export * from "./values.ts";',
    "",
  ].join("\n"),
  "values.ts": values.replace("../../kube/contract.ts", "../lib/kube/contract.ts"),
};
