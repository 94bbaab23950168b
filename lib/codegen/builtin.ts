// The schemas that generated/ is made from, inside the program: the API groups that the controller uses, Tekton's kinds, and
// our own CustomResourceDefinition. They are text here, so that a compiled binary needs no file.
import apiextensions from "./schemas/apiextensions.k8s.io.v1.yaml" with { type: "text" };
import authentication from "./schemas/authentication.k8s.io.v1.yaml" with { type: "text" };
import authorization from "./schemas/authorization.k8s.io.v1.yaml" with { type: "text" };
import coordination from "./schemas/coordination.k8s.io.v1.yaml" with { type: "text" };
import core from "./schemas/core.v1.yaml" with { type: "text" };
import events from "./schemas/events.k8s.io.v1.yaml" with { type: "text" };
import meta from "./schemas/meta.v1.yaml" with { type: "text" };
import tekton from "./schemas/tekton.dev.yaml" with { type: "text" };
import crd from "../../deploy/crd/workflowexecution.kubernaut.ai_workflowexecutions.yaml" with { type: "text" };

/** A schema document, or several in one YAML stream, and where it came from. */
export interface Source {
  file: string;
  text: string;
}

/** The CustomResourceDefinition of WorkflowExecution, as it stands in deploy/crd. */
export const workflowExecutionCrd: Source = {
  file: "deploy/crd/workflowexecution.kubernaut.ai_workflowexecutions.yaml",
  text: crd,
};

/** The API groups that `@cloudydeno/kubernetes-apis` has too: what other modules may import types from. */
export const apiGroupSources: readonly Source[] = [
  { file: "lib/codegen/schemas/meta.v1.yaml", text: meta },
  { file: "lib/codegen/schemas/core.v1.yaml", text: core },
  { file: "lib/codegen/schemas/apiextensions.k8s.io.v1.yaml", text: apiextensions },
  { file: "lib/codegen/schemas/authentication.k8s.io.v1.yaml", text: authentication },
  { file: "lib/codegen/schemas/authorization.k8s.io.v1.yaml", text: authorization },
  { file: "lib/codegen/schemas/coordination.k8s.io.v1.yaml", text: coordination },
  { file: "lib/codegen/schemas/events.k8s.io.v1.yaml", text: events },
];

/** Custom resources: Tekton's and ours. */
export const customResourceSources: readonly Source[] = [
  { file: "lib/codegen/schemas/tekton.dev.yaml", text: tekton },
  workflowExecutionCrd,
];
