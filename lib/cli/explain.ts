// `kubernaut-we explain EXECUTION`: one execution told for a person: what it was to do, what ran, step by step with durations,
// what failed and what to do. Reads the cluster as it is; changes nothing.

import { parseArgs } from "node:util";
import { Api } from "../controller/api.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { KubeconfigError } from "../kube/kubeconfig_file.ts";
import { lineWriter } from "../log.ts";
import { formatDuration } from "../workflow/duration.ts";
import type { Execution } from "../workflow/execution.ts";
import { type Timeline, timeline, type TimelineStep, type TimelineTask } from "../workflow/failure_timeline.ts";
import { redact } from "../workflow/redact.ts";

const usage = `Usage: kubernaut-we explain EXECUTION [-n|--namespace NAMESPACE] [--kubeconfig FILE] [--context NAME]

What an execution was to do, what ran of it, what failed, and what to do next.
EXECUTION may be given as NAMESPACE/NAME.`;

export interface ExplainOptions {
  /** Opens the cluster; asked only when the command line is right, and disposed of here. */
  readonly connect: (o: { kubeconfig: string | undefined; context: string | undefined }) => Promise<RestClient>;
  readonly print?: (line: string) => void;
  readonly complain?: (line: string) => void;
}

/** Exit code: 0, 1 when there is no such execution or the cluster does not answer, 2 for a wrong command line. */
export async function explain(args: string[], o: ExplainOptions): Promise<number> {
  const print = o.print ?? lineWriter(Deno.stdout);
  const complain = o.complain ?? lineWriter(Deno.stderr);
  const line = commandLine(args);
  if (typeof line === "string") {
    complain(`kubernaut-we explain: ${line}\n\n${usage}`);
    return 2;
  }
  if (line.help) {
    print(usage);
    return 0;
  }
  try {
    using client = await o.connect(line);
    const namespace = line.namespace ?? client.defaultNamespace ?? "default";
    const text = await story(client, { namespace, name: line.name });
    if (text === undefined) {
      complain(`kubernaut-we explain: there is no WorkflowExecution ${namespace}/${line.name}`);
      return 1;
    }
    print(text);
    return 0;
  } catch (error) {
    const expected = error instanceof StatusError || error instanceof ConnectionError ||
      error instanceof KubeconfigError;
    if (!expected) throw error;
    complain(`kubernaut-we explain: ${error.message}`);
    return 1;
  }
}

interface CommandLine {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly help: boolean;
}

function commandLine(args: string[]): CommandLine | string {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        namespace: { type: "string", short: "n" },
        kubeconfig: { type: "string" },
        context: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  const { values: { namespace, kubeconfig, context, help = false }, positionals } = parsed;
  const common = { kubeconfig, context, help };
  if (help) return { ...common, name: "", namespace };
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) return "name one execution";
  const parts = given.split("/");
  if (parts.length > 2 || parts.includes("")) {
    return `${JSON.stringify(given)} is no name: give NAME or NAMESPACE/NAME`;
  }
  if (namespace === "") return `--namespace is "", should be a namespace's name`;
  const [first = "", second] = parts;
  if (second === undefined) return { ...common, name: first, namespace };
  if (namespace !== undefined) {
    return `the namespace is given twice: in ${JSON.stringify(given)} and by --namespace`;
  }
  return { ...common, name: second, namespace: first };
}

/** The whole text; undefined when there is no such execution. */
async function story(client: RestClient, at: { namespace: string; name: string }): Promise<string | undefined> {
  const api = new Api(client, new AbortController().signal);
  const execution = await api.get("execution", at);
  if (!execution) return undefined;
  const ref = execution.status.pipelineRunRef;
  const place = ref && { namespace: ref.namespace || at.namespace, name: ref.name };
  const pipelineRun = place && await api.getJson("pipelineRun", place);
  const told = place && pipelineRun ? timeline({ pipelineRun, taskRuns: await api.taskRuns(place) }) : undefined;
  return [...heading(execution), ...ran(execution, told), ...outcome(execution)].join("\n");
}

function heading({ namespace, name, spec, status, correlationId }: Execution): string[] {
  const times = [status.startTime && `started ${status.startTime}`, status.duration && `took ${status.duration}`];
  return [
    `${namespace}/${name}: ${status.phase ?? "Pending"}`,
    `  workflow  ${spec.workflowId} ${spec.version} (${redact(spec.containerImage)})`,
    `  target    ${spec.targetResource}`,
    `  for       ${correlationId}`,
    ...(times.some(Boolean) ? [`  time      ${times.filter(Boolean).join(", ")}`] : []),
  ];
}

function ran({ status }: Execution, told: Timeline | undefined): string[] {
  const ref = status.pipelineRunRef;
  if (!ref) return ["", "Nothing was created for it."];
  if (!told) return ["", `Its PipelineRun ${ref.namespace}/${ref.name} is gone; what it did cannot be told any more.`];
  const { reason = "", message = "" } = status.pipelineRunStatus ?? {};
  const waiting = [reason, message].filter(Boolean).join(": ");
  const lines = told.tasks.flatMap((task) => taskLines(task, told));
  const none = [`  no task has run${waiting && `; Tekton says: ${waiting}`}`];
  return ["", `PipelineRun ${ref.namespace}/${ref.name}:`, ...(lines.length > 0 ? lines : none)];
}

function taskLines(task: TimelineTask, { startedAtMs }: Timeline): string[] {
  const at = task.startedAtMs === undefined || startedAtMs === undefined
    ? ""
    : `+${formatDuration(task.startedAtMs - startedAtMs)}`;
  const extras = [
    task.isFinally ? "finally" : "",
    task.attempts > 1 ? `${task.attempts} attempts` : "",
    task.outcome === "succeeded" ? "" : task.reason,
  ].filter(Boolean);
  const head = `  ${at.padStart(7)}  ${task.name.padEnd(20)} ${task.outcome.padEnd(10)} ${
    span(task.durationMs).padEnd(7)
  } ${extras.join(", ")}`;
  return [head.trimEnd(), ...task.steps.map(stepLine), ...(task.message ? [`           ${task.message}`] : [])];
}

function stepLine(step: TimelineStep): string {
  const exit = step.exitCode ? `exit code ${step.exitCode}` : "";
  return `           - ${step.name.padEnd(18)} ${step.outcome.padEnd(10)} ${span(step.durationMs).padEnd(7)} ${exit}`
    .trimEnd();
}

function span(ms: number | undefined): string {
  return ms === undefined ? "" : formatDuration(ms);
}

function outcome({ status }: Execution): string[] {
  const { failureDetails, skipDetails, message = "" } = status;
  if (failureDetails) return ["", failureDetails.naturalLanguageSummary];
  if (skipDetails) return ["", `Skipped (${skipDetails.reason}): ${skipDetails.message}`];
  return message ? ["", message] : [];
}
