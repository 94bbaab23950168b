// The trace context on a PipelineRun, as Tekton reads it: a JSON map of the headers of W3C Trace Context. Source:
// https://github.com/tektoncd/pipeline/blob/v1.12.0/pkg/reconciler/pipelinerun/tracing.go

const annotationName = "tekton.dev/pipelinerunSpanContext";

/** The annotation for a traceparent; none without one, for Tekton begins a trace of its own then. */
export function traceAnnotation(traceparent: string): Readonly<Record<string, string>> {
  return traceparent === "" ? {} : { [annotationName]: JSON.stringify({ traceparent }) };
}

/** The traceparent that a PipelineRun's annotations hold; empty when they hold none. */
export function traceparentOf(annotations: Readonly<Record<string, string>>): string {
  return /"traceparent"\s*:\s*"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"/.exec(annotations[annotationName] ?? "")
    ?.[1] ??
    "";
}
