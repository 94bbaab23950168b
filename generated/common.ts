// Stands in for `@cloudydeno/kubernetes-apis/common.ts`, with its names. Written by `kubernaut-we generate`.
export * from "../lib/kube/contract.ts";
export * from "./values.ts";
