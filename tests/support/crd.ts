// Where the CustomResourceDefinition stands, seen from the tests.

export const crdPath = new URL(
  "../../deploy/crd/workflowexecution.kubernaut.ai_workflowexecutions.yaml",
  import.meta.url,
);
