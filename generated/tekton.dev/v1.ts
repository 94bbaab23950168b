// tekton.dev/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface PipelineRun {
  apiVersion?: "tekton.dev/v1";
  kind?: "PipelineRun";
  metadata?: MetaV1.ObjectMeta | null;
  spec?: PipelineRunSpec | null;
  status?: PipelineRunStatus | null;
}
export function toPipelineRun(input: c.JSONValue): PipelineRun & c.ApiKind {
  return k.readKind<PipelineRun>("tekton.dev/v1", "PipelineRun", input, {
    required: {},
    optional: {
      metadata: MetaV1.toObjectMeta,
      spec: toPipelineRunSpec,
      status: toPipelineRunStatus,
    },
  });
}
export function fromPipelineRun(input: PipelineRun): c.JSONValue {
  return k.writeKind("tekton.dev/v1", "PipelineRun", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromPipelineRunSpec,
    status: fromPipelineRunStatus,
  });
}

/** PipelineRunList is a list of PipelineRun. */
export interface PipelineRunList {
  apiVersion?: "tekton.dev/v1";
  kind?: "PipelineRunList";
  items: Array<PipelineRun>;
  metadata: MetaV1.ListMeta;
}
export function toPipelineRunList(input: c.JSONValue): PipelineRunList & c.ApiKind {
  return k.readKind<PipelineRunList>("tekton.dev/v1", "PipelineRunList", input, {
    required: {
      items: k.list(toPipelineRun),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromPipelineRunList(input: PipelineRunList): c.JSONValue {
  return k.writeKind("tekton.dev/v1", "PipelineRunList", input, {
    items: k.writeList(fromPipelineRun),
    metadata: MetaV1.fromListMeta,
  });
}

export interface PipelineRunSpec {
  params?: Array<PipelineRunSpecParam> | null;
  pipelineRef?: PipelineRunSpecPipelineRef | null;
  status?: string | null;
  taskRunTemplate?: PipelineRunSpecTaskRunTemplate | null;
  timeouts?: PipelineRunSpecTimeouts | null;
}
export function toPipelineRunSpec(input: c.JSONValue): PipelineRunSpec {
  return k.readStruct<PipelineRunSpec>(input, {
    required: {},
    optional: {
      params: k.list(toPipelineRunSpecParam),
      pipelineRef: toPipelineRunSpecPipelineRef,
      status: c.checkStr,
      taskRunTemplate: toPipelineRunSpecTaskRunTemplate,
      timeouts: toPipelineRunSpecTimeouts,
    },
  });
}
export function fromPipelineRunSpec(input: PipelineRunSpec): c.JSONValue {
  return k.writeStruct(input, {
    params: k.writeList(fromPipelineRunSpecParam),
    pipelineRef: fromPipelineRunSpecPipelineRef,
    taskRunTemplate: fromPipelineRunSpecTaskRunTemplate,
    timeouts: fromPipelineRunSpecTimeouts,
  });
}

export interface PipelineRunSpecParam {
  name: string;
  value: c.JSONValue;
}
export function toPipelineRunSpecParam(input: c.JSONValue): PipelineRunSpecParam {
  return k.readStruct<PipelineRunSpecParam>(input, {
    required: {
      name: c.checkStr,
      value: k.json,
    },
    optional: {},
  });
}
export function fromPipelineRunSpecParam(input: PipelineRunSpecParam): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunSpecPipelineRef {
  name?: string | null;
  params?: Array<PipelineRunSpecPipelineRefParam> | null;
  resolver?: string | null;
}
export function toPipelineRunSpecPipelineRef(input: c.JSONValue): PipelineRunSpecPipelineRef {
  return k.readStruct<PipelineRunSpecPipelineRef>(input, {
    required: {},
    optional: {
      name: c.checkStr,
      params: k.list(toPipelineRunSpecPipelineRefParam),
      resolver: c.checkStr,
    },
  });
}
export function fromPipelineRunSpecPipelineRef(input: PipelineRunSpecPipelineRef): c.JSONValue {
  return k.writeStruct(input, {
    params: k.writeList(fromPipelineRunSpecPipelineRefParam),
  });
}

export interface PipelineRunSpecPipelineRefParam {
  name: string;
  value: c.JSONValue;
}
export function toPipelineRunSpecPipelineRefParam(input: c.JSONValue): PipelineRunSpecPipelineRefParam {
  return k.readStruct<PipelineRunSpecPipelineRefParam>(input, {
    required: {
      name: c.checkStr,
      value: k.json,
    },
    optional: {},
  });
}
export function fromPipelineRunSpecPipelineRefParam(input: PipelineRunSpecPipelineRefParam): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunSpecTaskRunTemplate {
  serviceAccountName?: string | null;
}
export function toPipelineRunSpecTaskRunTemplate(input: c.JSONValue): PipelineRunSpecTaskRunTemplate {
  return k.readStruct<PipelineRunSpecTaskRunTemplate>(input, {
    required: {},
    optional: {
      serviceAccountName: c.checkStr,
    },
  });
}
export function fromPipelineRunSpecTaskRunTemplate(input: PipelineRunSpecTaskRunTemplate): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunSpecTimeouts {
  finally?: string | null;
  pipeline?: string | null;
  tasks?: string | null;
}
export function toPipelineRunSpecTimeouts(input: c.JSONValue): PipelineRunSpecTimeouts {
  return k.readStruct<PipelineRunSpecTimeouts>(input, {
    required: {},
    optional: {
      finally: c.checkStr,
      pipeline: c.checkStr,
      tasks: c.checkStr,
    },
  });
}
export function fromPipelineRunSpecTimeouts(input: PipelineRunSpecTimeouts): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunStatus {
  childReferences?: Array<PipelineRunStatusChildReference> | null;
  completionTime?: c.Time | null;
  conditions?: Array<PipelineRunStatusCondition> | null;
  finallyStartTime?: c.Time | null;
  pipelineSpec?: PipelineRunStatusPipelineSpec | null;
  provenance?: PipelineRunStatusProvenance | null;
  skippedTasks?: Array<PipelineRunStatusSkippedTask> | null;
  startTime?: c.Time | null;
}
export function toPipelineRunStatus(input: c.JSONValue): PipelineRunStatus {
  return k.readStruct<PipelineRunStatus>(input, {
    required: {},
    optional: {
      childReferences: k.list(toPipelineRunStatusChildReference),
      completionTime: c.toTime,
      conditions: k.list(toPipelineRunStatusCondition),
      finallyStartTime: c.toTime,
      pipelineSpec: toPipelineRunStatusPipelineSpec,
      provenance: toPipelineRunStatusProvenance,
      skippedTasks: k.list(toPipelineRunStatusSkippedTask),
      startTime: c.toTime,
    },
  });
}
export function fromPipelineRunStatus(input: PipelineRunStatus): c.JSONValue {
  return k.writeStruct(input, {
    childReferences: k.writeList(fromPipelineRunStatusChildReference),
    completionTime: c.fromTime,
    conditions: k.writeList(fromPipelineRunStatusCondition),
    finallyStartTime: c.fromTime,
    pipelineSpec: fromPipelineRunStatusPipelineSpec,
    provenance: fromPipelineRunStatusProvenance,
    skippedTasks: k.writeList(fromPipelineRunStatusSkippedTask),
    startTime: c.fromTime,
  });
}

export interface PipelineRunStatusChildReference {
  apiVersion?: string | null;
  displayName?: string | null;
  kind?: string | null;
  name?: string | null;
  pipelineTaskName?: string | null;
}
export function toPipelineRunStatusChildReference(input: c.JSONValue): PipelineRunStatusChildReference {
  return k.readStruct<PipelineRunStatusChildReference>(input, {
    required: {},
    optional: {
      apiVersion: c.checkStr,
      displayName: c.checkStr,
      kind: c.checkStr,
      name: c.checkStr,
      pipelineTaskName: c.checkStr,
    },
  });
}
export function fromPipelineRunStatusChildReference(input: PipelineRunStatusChildReference): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunStatusCondition {
  lastTransitionTime?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  severity?: string | null;
  status: string;
  type: string;
}
export function toPipelineRunStatusCondition(input: c.JSONValue): PipelineRunStatusCondition {
  return k.readStruct<PipelineRunStatusCondition>(input, {
    required: {
      status: c.checkStr,
      type: c.checkStr,
    },
    optional: {
      lastTransitionTime: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      severity: c.checkStr,
    },
  });
}
export function fromPipelineRunStatusCondition(input: PipelineRunStatusCondition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

export interface PipelineRunStatusPipelineSpec {
  finally?: Array<PipelineRunStatusPipelineSpecFinallyItem> | null;
  tasks?: Array<PipelineRunStatusPipelineSpecTask> | null;
}
export function toPipelineRunStatusPipelineSpec(input: c.JSONValue): PipelineRunStatusPipelineSpec {
  return k.readStruct<PipelineRunStatusPipelineSpec>(input, {
    required: {},
    optional: {
      finally: k.list(toPipelineRunStatusPipelineSpecFinallyItem),
      tasks: k.list(toPipelineRunStatusPipelineSpecTask),
    },
  });
}
export function fromPipelineRunStatusPipelineSpec(input: PipelineRunStatusPipelineSpec): c.JSONValue {
  return k.writeStruct(input, {
    finally: k.writeList(fromPipelineRunStatusPipelineSpecFinallyItem),
    tasks: k.writeList(fromPipelineRunStatusPipelineSpecTask),
  });
}

export interface PipelineRunStatusPipelineSpecFinallyItem {
  name?: string | null;
}
export function toPipelineRunStatusPipelineSpecFinallyItem(
  input: c.JSONValue,
): PipelineRunStatusPipelineSpecFinallyItem {
  return k.readStruct<PipelineRunStatusPipelineSpecFinallyItem>(input, {
    required: {},
    optional: {
      name: c.checkStr,
    },
  });
}
export function fromPipelineRunStatusPipelineSpecFinallyItem(
  input: PipelineRunStatusPipelineSpecFinallyItem,
): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunStatusPipelineSpecTask {
  name?: string | null;
  retries?: number | null;
  runAfter?: Array<string> | null;
  when?: Array<c.JSONValue> | null;
}
export function toPipelineRunStatusPipelineSpecTask(input: c.JSONValue): PipelineRunStatusPipelineSpecTask {
  return k.readStruct<PipelineRunStatusPipelineSpecTask>(input, {
    required: {},
    optional: {
      name: c.checkStr,
      retries: c.checkNum,
      runAfter: k.list(c.checkStr),
      when: k.list(k.json),
    },
  });
}
export function fromPipelineRunStatusPipelineSpecTask(input: PipelineRunStatusPipelineSpecTask): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunStatusProvenance {
  refSource?: PipelineRunStatusProvenanceRefSource | null;
}
export function toPipelineRunStatusProvenance(input: c.JSONValue): PipelineRunStatusProvenance {
  return k.readStruct<PipelineRunStatusProvenance>(input, {
    required: {},
    optional: {
      refSource: toPipelineRunStatusProvenanceRefSource,
    },
  });
}
export function fromPipelineRunStatusProvenance(input: PipelineRunStatusProvenance): c.JSONValue {
  return k.writeStruct(input, {
    refSource: fromPipelineRunStatusProvenanceRefSource,
  });
}

export interface PipelineRunStatusProvenanceRefSource {
  digest?: Record<string, string> | null;
  entryPoint?: string | null;
  uri?: string | null;
}
export function toPipelineRunStatusProvenanceRefSource(input: c.JSONValue): PipelineRunStatusProvenanceRefSource {
  return k.readStruct<PipelineRunStatusProvenanceRefSource>(input, {
    required: {},
    optional: {
      digest: k.map(c.checkStr),
      entryPoint: c.checkStr,
      uri: c.checkStr,
    },
  });
}
export function fromPipelineRunStatusProvenanceRefSource(input: PipelineRunStatusProvenanceRefSource): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface PipelineRunStatusSkippedTask {
  name: string;
  reason?: string | null;
}
export function toPipelineRunStatusSkippedTask(input: c.JSONValue): PipelineRunStatusSkippedTask {
  return k.readStruct<PipelineRunStatusSkippedTask>(input, {
    required: {
      name: c.checkStr,
    },
    optional: {
      reason: c.checkStr,
    },
  });
}
export function fromPipelineRunStatusSkippedTask(input: PipelineRunStatusSkippedTask): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface TaskRun {
  apiVersion?: "tekton.dev/v1";
  kind?: "TaskRun";
  metadata?: MetaV1.ObjectMeta | null;
  spec?: TaskRunSpec | null;
  status?: TaskRunStatus | null;
}
export function toTaskRun(input: c.JSONValue): TaskRun & c.ApiKind {
  return k.readKind<TaskRun>("tekton.dev/v1", "TaskRun", input, {
    required: {},
    optional: {
      metadata: MetaV1.toObjectMeta,
      spec: toTaskRunSpec,
      status: toTaskRunStatus,
    },
  });
}
export function fromTaskRun(input: TaskRun): c.JSONValue {
  return k.writeKind("tekton.dev/v1", "TaskRun", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromTaskRunSpec,
    status: fromTaskRunStatus,
  });
}

/** TaskRunList is a list of TaskRun. */
export interface TaskRunList {
  apiVersion?: "tekton.dev/v1";
  kind?: "TaskRunList";
  items: Array<TaskRun>;
  metadata: MetaV1.ListMeta;
}
export function toTaskRunList(input: c.JSONValue): TaskRunList & c.ApiKind {
  return k.readKind<TaskRunList>("tekton.dev/v1", "TaskRunList", input, {
    required: {
      items: k.list(toTaskRun),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromTaskRunList(input: TaskRunList): c.JSONValue {
  return k.writeKind("tekton.dev/v1", "TaskRunList", input, {
    items: k.writeList(fromTaskRun),
    metadata: MetaV1.fromListMeta,
  });
}

export interface TaskRunSpec {
  serviceAccountName?: string | null;
  status?: string | null;
  statusMessage?: string | null;
  taskRef?: TaskRunSpecTaskRef | null;
  timeout?: string | null;
}
export function toTaskRunSpec(input: c.JSONValue): TaskRunSpec {
  return k.readStruct<TaskRunSpec>(input, {
    required: {},
    optional: {
      serviceAccountName: c.checkStr,
      status: c.checkStr,
      statusMessage: c.checkStr,
      taskRef: toTaskRunSpecTaskRef,
      timeout: c.checkStr,
    },
  });
}
export function fromTaskRunSpec(input: TaskRunSpec): c.JSONValue {
  return k.writeStruct(input, {
    taskRef: fromTaskRunSpecTaskRef,
  });
}

export interface TaskRunSpecTaskRef {
  name?: string | null;
}
export function toTaskRunSpecTaskRef(input: c.JSONValue): TaskRunSpecTaskRef {
  return k.readStruct<TaskRunSpecTaskRef>(input, {
    required: {},
    optional: {
      name: c.checkStr,
    },
  });
}
export function fromTaskRunSpecTaskRef(input: TaskRunSpecTaskRef): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface TaskRunStatus {
  completionTime?: c.Time | null;
  conditions?: Array<TaskRunStatusCondition> | null;
  podName?: string | null;
  retriesStatus?: Array<c.JSONValue> | null;
  sidecars?: Array<TaskRunStatusSidecar> | null;
  startTime?: c.Time | null;
  steps?: Array<TaskRunStatusStep> | null;
  taskSpec?: TaskRunStatusTaskSpec | null;
}
export function toTaskRunStatus(input: c.JSONValue): TaskRunStatus {
  return k.readStruct<TaskRunStatus>(input, {
    required: {},
    optional: {
      completionTime: c.toTime,
      conditions: k.list(toTaskRunStatusCondition),
      podName: c.checkStr,
      retriesStatus: k.list(k.json),
      sidecars: k.list(toTaskRunStatusSidecar),
      startTime: c.toTime,
      steps: k.list(toTaskRunStatusStep),
      taskSpec: toTaskRunStatusTaskSpec,
    },
  });
}
export function fromTaskRunStatus(input: TaskRunStatus): c.JSONValue {
  return k.writeStruct(input, {
    completionTime: c.fromTime,
    conditions: k.writeList(fromTaskRunStatusCondition),
    sidecars: k.writeList(fromTaskRunStatusSidecar),
    startTime: c.fromTime,
    steps: k.writeList(fromTaskRunStatusStep),
    taskSpec: fromTaskRunStatusTaskSpec,
  });
}

export interface TaskRunStatusCondition {
  lastTransitionTime?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  severity?: string | null;
  status: string;
  type: string;
}
export function toTaskRunStatusCondition(input: c.JSONValue): TaskRunStatusCondition {
  return k.readStruct<TaskRunStatusCondition>(input, {
    required: {
      status: c.checkStr,
      type: c.checkStr,
    },
    optional: {
      lastTransitionTime: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      severity: c.checkStr,
    },
  });
}
export function fromTaskRunStatusCondition(input: TaskRunStatusCondition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

export interface TaskRunStatusSidecar {
  container?: string | null;
  imageID?: string | null;
  name?: string | null;
  running?: TaskRunStatusSidecarRunning | null;
  terminated?: TaskRunStatusSidecarTerminated | null;
  waiting?: TaskRunStatusSidecarWaiting | null;
}
export function toTaskRunStatusSidecar(input: c.JSONValue): TaskRunStatusSidecar {
  return k.readStruct<TaskRunStatusSidecar>(input, {
    required: {},
    optional: {
      container: c.checkStr,
      imageID: c.checkStr,
      name: c.checkStr,
      running: toTaskRunStatusSidecarRunning,
      terminated: toTaskRunStatusSidecarTerminated,
      waiting: toTaskRunStatusSidecarWaiting,
    },
  });
}
export function fromTaskRunStatusSidecar(input: TaskRunStatusSidecar): c.JSONValue {
  return k.writeStruct(input, {
    running: fromTaskRunStatusSidecarRunning,
    terminated: fromTaskRunStatusSidecarTerminated,
    waiting: fromTaskRunStatusSidecarWaiting,
  });
}

export interface TaskRunStatusSidecarRunning {
  startedAt?: c.Time | null;
}
export function toTaskRunStatusSidecarRunning(input: c.JSONValue): TaskRunStatusSidecarRunning {
  return k.readStruct<TaskRunStatusSidecarRunning>(input, {
    required: {},
    optional: {
      startedAt: c.toTime,
    },
  });
}
export function fromTaskRunStatusSidecarRunning(input: TaskRunStatusSidecarRunning): c.JSONValue {
  return k.writeStruct(input, {
    startedAt: c.fromTime,
  });
}

export interface TaskRunStatusSidecarTerminated {
  containerID?: string | null;
  exitCode: number;
  finishedAt?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  signal?: number | null;
  startedAt?: c.Time | null;
}
export function toTaskRunStatusSidecarTerminated(input: c.JSONValue): TaskRunStatusSidecarTerminated {
  return k.readStruct<TaskRunStatusSidecarTerminated>(input, {
    required: {
      exitCode: c.checkNum,
    },
    optional: {
      containerID: c.checkStr,
      finishedAt: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      signal: c.checkNum,
      startedAt: c.toTime,
    },
  });
}
export function fromTaskRunStatusSidecarTerminated(input: TaskRunStatusSidecarTerminated): c.JSONValue {
  return k.writeStruct(input, {
    finishedAt: c.fromTime,
    startedAt: c.fromTime,
  });
}

export interface TaskRunStatusSidecarWaiting {
  message?: string | null;
  reason?: string | null;
}
export function toTaskRunStatusSidecarWaiting(input: c.JSONValue): TaskRunStatusSidecarWaiting {
  return k.readStruct<TaskRunStatusSidecarWaiting>(input, {
    required: {},
    optional: {
      message: c.checkStr,
      reason: c.checkStr,
    },
  });
}
export function fromTaskRunStatusSidecarWaiting(input: TaskRunStatusSidecarWaiting): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface TaskRunStatusStep {
  container?: string | null;
  imageID?: string | null;
  name?: string | null;
  running?: TaskRunStatusStepRunning | null;
  terminated?: TaskRunStatusStepTerminated | null;
  terminationReason?: string | null;
  waiting?: TaskRunStatusStepWaiting | null;
}
export function toTaskRunStatusStep(input: c.JSONValue): TaskRunStatusStep {
  return k.readStruct<TaskRunStatusStep>(input, {
    required: {},
    optional: {
      container: c.checkStr,
      imageID: c.checkStr,
      name: c.checkStr,
      running: toTaskRunStatusStepRunning,
      terminated: toTaskRunStatusStepTerminated,
      terminationReason: c.checkStr,
      waiting: toTaskRunStatusStepWaiting,
    },
  });
}
export function fromTaskRunStatusStep(input: TaskRunStatusStep): c.JSONValue {
  return k.writeStruct(input, {
    running: fromTaskRunStatusStepRunning,
    terminated: fromTaskRunStatusStepTerminated,
    waiting: fromTaskRunStatusStepWaiting,
  });
}

export interface TaskRunStatusStepRunning {
  startedAt?: c.Time | null;
}
export function toTaskRunStatusStepRunning(input: c.JSONValue): TaskRunStatusStepRunning {
  return k.readStruct<TaskRunStatusStepRunning>(input, {
    required: {},
    optional: {
      startedAt: c.toTime,
    },
  });
}
export function fromTaskRunStatusStepRunning(input: TaskRunStatusStepRunning): c.JSONValue {
  return k.writeStruct(input, {
    startedAt: c.fromTime,
  });
}

export interface TaskRunStatusStepTerminated {
  containerID?: string | null;
  exitCode: number;
  finishedAt?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  signal?: number | null;
  startedAt?: c.Time | null;
}
export function toTaskRunStatusStepTerminated(input: c.JSONValue): TaskRunStatusStepTerminated {
  return k.readStruct<TaskRunStatusStepTerminated>(input, {
    required: {
      exitCode: c.checkNum,
    },
    optional: {
      containerID: c.checkStr,
      finishedAt: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      signal: c.checkNum,
      startedAt: c.toTime,
    },
  });
}
export function fromTaskRunStatusStepTerminated(input: TaskRunStatusStepTerminated): c.JSONValue {
  return k.writeStruct(input, {
    finishedAt: c.fromTime,
    startedAt: c.fromTime,
  });
}

export interface TaskRunStatusStepWaiting {
  message?: string | null;
  reason?: string | null;
}
export function toTaskRunStatusStepWaiting(input: c.JSONValue): TaskRunStatusStepWaiting {
  return k.readStruct<TaskRunStatusStepWaiting>(input, {
    required: {},
    optional: {
      message: c.checkStr,
      reason: c.checkStr,
    },
  });
}
export function fromTaskRunStatusStepWaiting(input: TaskRunStatusStepWaiting): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface TaskRunStatusTaskSpec {
  steps?: Array<TaskRunStatusTaskSpecStep> | null;
}
export function toTaskRunStatusTaskSpec(input: c.JSONValue): TaskRunStatusTaskSpec {
  return k.readStruct<TaskRunStatusTaskSpec>(input, {
    required: {},
    optional: {
      steps: k.list(toTaskRunStatusTaskSpecStep),
    },
  });
}
export function fromTaskRunStatusTaskSpec(input: TaskRunStatusTaskSpec): c.JSONValue {
  return k.writeStruct(input, {
    steps: k.writeList(fromTaskRunStatusTaskSpecStep),
  });
}

export interface TaskRunStatusTaskSpecStep {
  image?: string | null;
  name?: string | null;
  onError?: string | null;
}
export function toTaskRunStatusTaskSpecStep(input: c.JSONValue): TaskRunStatusTaskSpecStep {
  return k.readStruct<TaskRunStatusTaskSpecStep>(input, {
    required: {},
    optional: {
      image: c.checkStr,
      name: c.checkStr,
      onError: c.checkStr,
    },
  });
}
export function fromTaskRunStatusTaskSpecStep(input: TaskRunStatusTaskSpecStep): c.JSONValue {
  return k.writeStruct(input, {});
}

/** tekton.dev/v1, cluster-wide. */
export class TektonV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/tekton.dev/v1/");
  }

  namespace(name: string): TektonV1NamespacedApi {
    return new TektonV1NamespacedApi(this.#target.client, name);
  }

  /** The namespace that the client was set up with. */
  myNamespace(): TektonV1NamespacedApi {
    const name = this.#target.client.defaultNamespace;
    if (!name) throw new Error("The client has no default namespace: name one with namespace()");
    return this.namespace(name);
  }

  getPipelineRunListForAllNamespaces(opts: op.ListOpts = {}): Promise<PipelineRunList & c.ApiKind> {
    return op.get(this.#target, ["pipelineruns"], opts, toPipelineRunList);
  }

  watchPipelineRunListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<PipelineRun>> {
    return op.watch(this.#target, ["pipelineruns"], opts, toPipelineRun, MetaV1.toStatus);
  }

  getTaskRunListForAllNamespaces(opts: op.ListOpts = {}): Promise<TaskRunList & c.ApiKind> {
    return op.get(this.#target, ["taskruns"], opts, toTaskRunList);
  }

  watchTaskRunListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<TaskRun>> {
    return op.watch(this.#target, ["taskruns"], opts, toTaskRun, MetaV1.toStatus);
  }
}

/** tekton.dev/v1, in one namespace. */
export class TektonV1NamespacedApi {
  readonly #target: op.Target;
  constructor(client: c.RestClient, namespace: string) {
    this.#target = op.inNamespace(client, "/apis/tekton.dev/v1/", namespace);
  }

  getPipelineRunList(opts: op.ListOpts = {}): Promise<PipelineRunList & c.ApiKind> {
    return op.get(this.#target, ["pipelineruns"], opts, toPipelineRunList);
  }

  watchPipelineRunList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<PipelineRun>> {
    return op.watch(this.#target, ["pipelineruns"], opts, toPipelineRun, MetaV1.toStatus);
  }

  createPipelineRun(body: PipelineRun, opts: op.PutOpts = {}): Promise<PipelineRun & c.ApiKind> {
    return op.send(this.#target, "POST", ["pipelineruns"], fromPipelineRun(body), opts, toPipelineRun);
  }

  deletePipelineRunList(opts: op.DeleteListOpts = {}): Promise<(PipelineRunList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["pipelineruns"], opts, op.statusOr(MetaV1.toStatus, toPipelineRunList));
  }

  getPipelineRun(name: string, opts: op.GetOpts = {}): Promise<PipelineRun & c.ApiKind> {
    return op.get(this.#target, ["pipelineruns", name], opts, toPipelineRun);
  }

  deletePipelineRun(name: string, opts: op.DeleteOpts = {}): Promise<(PipelineRun | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["pipelineruns", name], opts, op.statusOr(MetaV1.toStatus, toPipelineRun));
  }

  replacePipelineRun(name: string, body: PipelineRun, opts: op.PutOpts = {}): Promise<PipelineRun & c.ApiKind> {
    return op.send(this.#target, "PUT", ["pipelineruns", name], fromPipelineRun(body), opts, toPipelineRun);
  }

  patchPipelineRun(
    name: string,
    type: c.PatchType,
    body: Partial<PipelineRun> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<PipelineRun & c.ApiKind> {
    return op.patch(this.#target, ["pipelineruns", name], type, body, opts, fromPipelineRun, toPipelineRun);
  }

  getPipelineRunStatus(name: string, opts: op.GetOpts = {}): Promise<PipelineRun & c.ApiKind> {
    return op.get(this.#target, ["pipelineruns", name, "status"], opts, toPipelineRun);
  }

  replacePipelineRunStatus(name: string, body: PipelineRun, opts: op.PutOpts = {}): Promise<PipelineRun & c.ApiKind> {
    return op.send(this.#target, "PUT", ["pipelineruns", name, "status"], fromPipelineRun(body), opts, toPipelineRun);
  }

  patchPipelineRunStatus(
    name: string,
    type: c.PatchType,
    body: Partial<PipelineRun> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<PipelineRun & c.ApiKind> {
    return op.patch(this.#target, ["pipelineruns", name, "status"], type, body, opts, fromPipelineRun, toPipelineRun);
  }

  getTaskRunList(opts: op.ListOpts = {}): Promise<TaskRunList & c.ApiKind> {
    return op.get(this.#target, ["taskruns"], opts, toTaskRunList);
  }

  watchTaskRunList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<TaskRun>> {
    return op.watch(this.#target, ["taskruns"], opts, toTaskRun, MetaV1.toStatus);
  }

  createTaskRun(body: TaskRun, opts: op.PutOpts = {}): Promise<TaskRun & c.ApiKind> {
    return op.send(this.#target, "POST", ["taskruns"], fromTaskRun(body), opts, toTaskRun);
  }

  deleteTaskRunList(opts: op.DeleteListOpts = {}): Promise<(TaskRunList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["taskruns"], opts, op.statusOr(MetaV1.toStatus, toTaskRunList));
  }

  getTaskRun(name: string, opts: op.GetOpts = {}): Promise<TaskRun & c.ApiKind> {
    return op.get(this.#target, ["taskruns", name], opts, toTaskRun);
  }

  deleteTaskRun(name: string, opts: op.DeleteOpts = {}): Promise<(TaskRun | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["taskruns", name], opts, op.statusOr(MetaV1.toStatus, toTaskRun));
  }

  replaceTaskRun(name: string, body: TaskRun, opts: op.PutOpts = {}): Promise<TaskRun & c.ApiKind> {
    return op.send(this.#target, "PUT", ["taskruns", name], fromTaskRun(body), opts, toTaskRun);
  }

  patchTaskRun(
    name: string,
    type: c.PatchType,
    body: Partial<TaskRun> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<TaskRun & c.ApiKind> {
    return op.patch(this.#target, ["taskruns", name], type, body, opts, fromTaskRun, toTaskRun);
  }

  getTaskRunStatus(name: string, opts: op.GetOpts = {}): Promise<TaskRun & c.ApiKind> {
    return op.get(this.#target, ["taskruns", name, "status"], opts, toTaskRun);
  }

  replaceTaskRunStatus(name: string, body: TaskRun, opts: op.PutOpts = {}): Promise<TaskRun & c.ApiKind> {
    return op.send(this.#target, "PUT", ["taskruns", name, "status"], fromTaskRun(body), opts, toTaskRun);
  }

  patchTaskRunStatus(
    name: string,
    type: c.PatchType,
    body: Partial<TaskRun> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<TaskRun & c.ApiKind> {
    return op.patch(this.#target, ["taskruns", name, "status"], type, body, opts, fromTaskRun, toTaskRun);
  }
}
