// How a write is to be carried out, beyond what is written.
import type { JSONObject } from "../kube/contract.ts";
import type { KubeObject } from "./objects.ts";
import type { ResourceType } from "./resources.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface WriteOptions {
  dryRun?: boolean;
  fieldValidation?: FieldValidation;
  /** Warnings for the client are added here. */
  warnings?: string[];
  /** Fields that the client named twice. */
  duplicates?: string[];
  subresource?: string;
  /** managedFields after the write; absent: they are left as they are. */
  owners?: (type: ResourceType, before: KubeObject | undefined, after: KubeObject) => JSONObject[] | undefined;
  /** Throws for what the writer may not make of this object. */
  admit?: (type: ResourceType, namespace: string, before: KubeObject | undefined, after: KubeObject) => void;
  /** The object is what a patch made: what is wrong with it is told in other words. */
  patched?: boolean;
  /** The object is what an apply made. */
  applied?: boolean;
}
