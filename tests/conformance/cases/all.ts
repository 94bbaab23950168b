// Every conformance case, in the order of the files.
import type { ConformanceCase } from "../harness.ts";
import { customResourceCases } from "./custom_resources.ts";
import { collectionCases } from "./collections.ts";
import { applyCases } from "./apply_and_definitions.ts";
import { clusterCases } from "./cluster_semantics.ts";
import { writeCases } from "./writes.ts";

export const allCases: ConformanceCase[] = [
  ...writeCases,
  ...customResourceCases,
  ...collectionCases,
  ...clusterCases,
  ...applyCases,
];
