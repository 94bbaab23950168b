// Every conformance case, in the order of the files.
import type { ConformanceCase } from "../harness.ts";
import { accessCases } from "./access.ts";
import { appliesCases } from "./applies.ts";
import { applyCases } from "./apply_and_definitions.ts";
import { bodyCases } from "./bodies.ts";
import { clusterCases } from "./cluster_semantics.ts";
import { lifeCases } from "./cluster_life.ts";
import { collectionCases } from "./collections.ts";
import { customResourceCases } from "./custom_resources.ts";
import { definitionCases } from "./definitions.ts";
import { escalationCases } from "./escalation.ts";
import { ownershipCases } from "./ownership.ts";
import { protocolCases } from "./protocol.ts";
import { schemaCases } from "./schemas.ts";
import { versionCases } from "./versions.ts";
import { watchCases } from "./watches.ts";
import { writeCases } from "./writes.ts";

export const allCases: ConformanceCase[] = [
  ...writeCases,
  ...bodyCases,
  ...customResourceCases,
  ...schemaCases,
  ...collectionCases,
  ...versionCases,
  ...watchCases,
  ...clusterCases,
  ...lifeCases,
  ...accessCases,
  ...escalationCases,
  ...applyCases,
  ...appliesCases,
  ...ownershipCases,
  ...definitionCases,
  ...protocolCases,
];
