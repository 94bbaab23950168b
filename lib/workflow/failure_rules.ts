// Why a run failed, as one of the seven reasons that the CustomResourceDefinition allows: one ordered table, first hit wins.
// Tekton's and kubelet's own words come before words in messages; names are taken out of messages first, for a workflow may be
// called anything. What no rule knows is Unknown: a wrong name sends a person the wrong way, none does not.
// Reasons: Tekton's pkg/apis/pipeline/v1/{pipelinerun,taskrun}_types.go and pkg/pod/status.go.

import type { FailureReason } from "./execution.ts";
import type { EndedBecause } from "./pipeline_run.ts";

/** What the rules look at. */
export interface Symptoms {
  /** Why this controller ended the run; empty when it did not. */
  readonly endedBecause: EndedBecause | "";
  readonly pipelineReason: string;
  /** Of the failed task's Succeeded condition; empty when no task failed. */
  readonly taskReason: string;
  /** Of the failed step: why its container ended or waits, and Tekton's terminationReason. */
  readonly stepReasons: readonly string[];
  /** What Tekton, the API server and kubelet say, without names. */
  readonly text: string;
  /** What the step itself says; it is believed about what it was refused, not about itself. */
  readonly stepText: string;
}

interface Rule {
  readonly reason: FailureReason;
  readonly matches: (s: Symptoms) => boolean;
}

const imageReasons = new Set([
  "TaskRunImagePullFailed",
  "PullImageFailed",
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "ImageInspectError",
  "InvalidImageName",
  "RegistryUnavailable",
]);

const resourceReasons = new Set([
  "PodEvicted",
  "Evicted",
  "ExceededResourceQuota",
  "ExceededNodeResources",
  "OutOfcpu",
  "OutOfmemory",
  "OutOfpods",
  "OutOfephemeral-storage",
]);

const configurationReasons = new Set([
  // of PipelineRuns
  "CouldntGetPipeline",
  "CouldntGetTask",
  "ParameterMissing",
  "ParameterTypeMismatch",
  "ObjectParameterMissKeys",
  "ParamArrayIndexingInvalid",
  "InvalidParamValue",
  "InvalidPipelineResourceBindings",
  "InvalidWorkspaceBindings",
  "InvalidTaskRunSpecs",
  "InvalidMatrixParameterTypes",
  "InvalidTaskResultReference",
  "InvalidPipelineResultReference",
  "PipelineValidationFailed",
  "PipelineInvalidGraph",
  "RequiredWorkspaceMarkedOptional",
  "ResourceVerificationFailed",
  "CELEvaluationFailed",
  "CouldntCreateWorkspacePVC",
  // of TaskRuns
  "TaskRunValidationFailed",
  "TaskValidationFailed",
  "TaskRunResolutionFailed",
  "PodAdmissionFailed",
  "CreateContainerConfigError",
  "CreateContainerError",
]);

const rules: readonly Rule[] = [
  {
    // A step, a sidecar or an init container was killed for its memory.
    reason: "OOMKilled",
    matches: (s) =>
      s.stepReasons.includes("OOMKilled") || /^[A-Z][A-Za-z]*OOM$/.test(s.taskReason) || hasWord(s.text, "OOMKilled"),
  },
  {
    // Time was up: the execution's, the pipeline's, the task's or the step's.
    reason: "DeadlineExceeded",
    matches: (s) =>
      s.endedBecause === "DeadlineExceeded" || s.pipelineReason === "PipelineRunTimeout" ||
      s.taskReason === "TaskRunTimeout" || s.stepReasons.includes("TimeoutExceeded") ||
      (s.taskReason === "TaskRunCancelled" && /\bhas timed out\b/.test(s.text)) ||
      /exceeded the specified timeout limit|\bwas active on the node longer than the specified deadline/.test(s.text),
  },
  {
    // Nothing began within the start deadline.
    reason: "ConfigurationError",
    matches: (s) => s.endedBecause === "StartDeadlineExceeded",
  },
  {
    // An image could not be pulled, or not be read in its registry.
    reason: "ImagePullBackOff",
    matches: (s) =>
      hasOne(imageReasons, s) || ["ImagePullBackOff", "ErrImagePull"].some((word) => hasWord(s.text, word)) ||
      /\bfailed to pull (the )?image\b|\bBack-off pulling image\b|\bMANIFEST_UNKNOWN\b|translating TaskSpec to Pod: .*\bGET https?:/
        .test(s.text),
  },
  {
    // A quota or a node's resources were used up.
    reason: "ResourceExhausted",
    matches: (s) =>
      hasOne(resourceReasons, s) ||
      [s.text, s.stepText].some((text) =>
        /\bexceeded quota\b|\bThe node was low on resource\b|\bInsufficient (cpu|memory|ephemeral-storage|pods|[\w-]+\.[\w./-]+)/i
          .test(text)
      ),
  },
  {
    // An access was refused.
    reason: "Forbidden",
    matches: (s) =>
      s.stepReasons.includes("Forbidden") || s.taskReason === "Forbidden" ||
      [s.text, s.stepText].some((text) =>
        hasWord(text, "forbidden") || hasWord(text, "permission denied") || hasWord(text, "RBAC")
      ),
  },
  {
    // Something that the workflow needs is missing, invalid or cannot be resolved.
    reason: "ConfigurationError",
    matches: (s) =>
      hasOne(configurationReasons, s) || s.taskReason === "InvalidImageName" ||
      (["PodCreationFailed", "CreateRunFailed", ""].includes(s.taskReason) && sayMissingOrInvalid(s.text)) ||
      (s.stepReasons.includes("StartError") && /\bnot found\b|\bno such file\b|\bexec format error\b/.test(s.stepText)),
  },
];

/** The reason of the first rule that hits; Unknown when none does. */
export function reasonFor(symptoms: Symptoms): FailureReason {
  return rules.find((rule) => rule.matches(symptoms))?.reason ?? "Unknown";
}

/** The message with every quoted name, and the names given, taken out: what is left are the words of whoever wrote it. */
export function withoutNames(message: string, names: readonly string[]): string {
  const unquoted = message.slice(0, 65_536).replace(/"[a-z0-9][a-z0-9.:/-]{0,300}"/g, '""');
  return names.filter((name) => name.length > 2 && /[-.0-9]/.test(name))
    .reduce((text, name) => text.replaceAll(name, ""), unquoted);
}

function hasOne(reasons: ReadonlySet<string>, s: Symptoms): boolean {
  return [s.taskReason, ...s.stepReasons, ...(s.taskReason ? [] : [s.pipelineReason])].some((each) =>
    reasons.has(each)
  );
}

/** Whether the word stands there by itself, in any case; `room` has no OOM, and `rbac-fix` is a name. */
function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w./-])${word}(?![\\w/-])`, "i").test(text);
}

function sayMissingOrInvalid(text: string): boolean {
  const said = text.replace(/\. Maybe (missing or invalid Task|invalid TaskSpec).*$/s, "."); // Tekton's guess, not its finding
  return /\bnot found\b|\binvalid\b|\bdoes(n't| not) exist\b|\bmissing\b|\bcould(n't| not) be resolved\b/i.test(said);
}
