// One execution, one trace: from its first pass to its end, with the requests, the audit deliveries and what Tekton does. Its
// root span stands for the execution as a whole. The trace context rides on the PipelineRun, where Tekton reads it too, so
// that after a restart, or in another replica, the same trace goes on.

import type { Decision } from "../workflow/action.ts";
import type { Execution } from "../workflow/execution.ts";
import { isFinal } from "../workflow/execution.ts";
import type { PipelineRun } from "../workflow/pipeline_run.ts";
import { redact } from "../workflow/redact.ts";
import type { Span, SpanAttributes, Tracing } from "../traces.ts";

export class ExecutionTraces implements Disposable {
  readonly #tracing: Tracing;
  /** By uid: what everything of that execution is the child of. `root` is absent when another process began the trace. */
  readonly #known = new Map<string, { readonly parent: Span | string; readonly root: Span | undefined }>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** The trace context for whoever works on for this execution; begins its trace if nobody has. */
  traceparentOf(execution: Execution, run: PipelineRun | undefined): string {
    const parent = this.#parentOf(execution, run);
    return parent === undefined ? "" : typeof parent === "string" ? parent : parent.traceparent;
  }

  /** The execution's root span, where this process began it and its trace goes on. */
  spanOf(uid: string): Span | undefined {
    return this.#known.get(uid)?.root;
  }

  /** One pass over a key; it leaves no span unless it does something. */
  pass(key: string, startMs: number): TracedPass {
    return new TracedPass(this.#tracing, (execution, run) => this.#parentOf(execution, run), key, startMs);
  }

  /** Its final status is committed: what still comes (lock, audit trail) belongs to the trace, but not to its duration. */
  ended({ uid, status }: Execution): void {
    const root = this.#known.get(uid)?.root;
    if (!root) return;
    root.set({ "kubernaut.phase": status.phase, "kubernaut.outcome": status.outcome });
    if (status.phase === "Failed") root.fail(redact(status.message ?? ""));
    root.end();
  }

  /** Nothing of it is known any more, or will be asked for. */
  forget(uid: string): void {
    this.#known.get(uid)?.root?.end();
    this.#known.delete(uid);
  }

  /** What is still open is sent as it is: a successor goes on with the traces. */
  [Symbol.dispose](): void {
    for (const uid of [...this.#known.keys()]) this.forget(uid);
  }

  #parentOf(execution: Execution, run: PipelineRun | undefined): Span | string | undefined {
    const known = this.#known.get(execution.uid);
    if (known) return known.parent;
    if (run?.traceparent) {
      if (!isFinal(execution)) this.#known.set(execution.uid, { parent: run.traceparent, root: undefined });
      return run.traceparent;
    }
    // The trace of one that has ended already would begin with what is left to be tidied up.
    if (isFinal(execution)) return undefined;
    const { spec, namespace, name } = execution;
    const root = this.#tracing.start("WorkflowExecution", {
      parent: "",
      startMs: execution.createdAtMs,
      attributes: {
        ...placeOf(`${namespace}/${name}`),
        "kubernaut.execution.uid": execution.uid,
        "kubernaut.workflow.id": redact(spec.workflowId),
        "kubernaut.target": redact(spec.targetResource),
        "kubernaut.correlation.id": redact(execution.correlationId),
      },
    });
    this.#known.set(execution.uid, { parent: root, root });
    return root;
  }
}

/** One pass: a span from its beginning on, made with the first thing that is done. */
export class TracedPass {
  readonly #tracing: Tracing;
  readonly #parentOf: (execution: Execution, run: PipelineRun | undefined) => Span | string | undefined;
  readonly #key: string;
  readonly #startMs: number;
  #span: Span | undefined;

  constructor(
    tracing: Tracing,
    parentOf: (execution: Execution, run: PipelineRun | undefined) => Span | string | undefined,
    key: string,
    startMs: number,
  ) {
    this.#tracing = tracing;
    this.#parentOf = parentOf;
    this.#key = key;
    this.#startMs = startMs;
  }

  /** Carries out what was decided, within the pass's span. */
  do<T>(
    { action, reason }: Decision,
    about: { execution: Execution | undefined; run: PipelineRun | undefined },
    work: () => Promise<T>,
  ): Promise<T> {
    const { execution, run } = about;
    const parent = execution ? this.#parentOf(execution, run) : run?.traceparent;
    this.#span ??= this.#tracing.start("reconcile", {
      parent: parent ?? "",
      startMs: this.#startMs,
      attributes: { ...placeOf(this.#key), "kubernaut.execution.uid": execution?.uid ?? run?.executionUid },
    });
    if (action) this.#span.event(action.do, { reason: redact(reason), ...detailOf(action) });
    return this.#span.within(work);
  }

  fail(error: unknown): void {
    this.#span?.fail(redact(error instanceof Error ? error.message : String(error)));
  }

  /** @param next what it asks of the queue */
  end(next: string): void {
    this.#span?.set({ "kubernaut.reconcile.next": next });
    this.#span?.end();
  }
}

function placeOf(key: string): SpanAttributes {
  const [namespace = "", name = ""] = key.split("/");
  return { "k8s.namespace.name": namespace, "kubernaut.execution.name": name };
}

function detailOf(action: NonNullable<Decision["action"]>): SpanAttributes {
  if (action.do === "read") return { what: action.what };
  if (action.do === "patchLock") return { for: action.for };
  return action.do === "writeStatus" ? { phase: action.patch.phase } : {};
}
