// Metrics of the machinery: API requests, work queue, watches, leader election, under the names that client-go and
// controller-runtime made usual. The objects made here have the shape of the observers that lib/kube declares; nothing of it
// is imported. No label carries a name that users choose.

import type { Clock } from "./clock.ts";
import { prometheus } from "../deps.ts";

/** controller-runtime's buckets for API calls and reconciles, in seconds. */
const shortSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** client-go's buckets of the work queue: 10^-8 … 10^3 s, and of those the ones a JavaScript program can tell apart. */
const queueSeconds = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000];

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** The API client's observer (`RequestObserver`). */
export function requestMetrics(registry: prometheus.Registry) {
  const registers = [registry];
  const requests = new prometheus.Counter({
    name: "rest_client_requests_total",
    help: "Number of HTTP requests to the API server, by status code and method; <error> stands for no answer.",
    labelNames: ["code", "method"],
    registers,
  });
  const duration = new prometheus.Histogram({
    name: "rest_client_request_duration_seconds",
    help: "Request latency in seconds, by verb; of a watch, the time until its head.",
    labelNames: ["verb"],
    buckets: shortSeconds,
    registers,
  });
  for (const method of methods) {
    duration.zero({ verb: method });
    for (const code of [method === "POST" ? "201" : "200", "<error>"]) requests.inc({ code, method }, 0);
  }
  return {
    request(verb: string, _resource: string, code: string, durationMs: number): void {
      requests.inc({ code: /^[1-5]\d\d$/.test(code) ? code : "<error>", method: verb });
      duration.observe({ verb }, durationMs / 1000);
    },
  };
}

/** The work queue's observer (`QueueObserver`), for one queue. */
export function queueMetrics(registry: prometheus.Registry, clock: Clock, name: string) {
  const registers = [registry];
  const labelNames = ["name"] as const;
  const counter = (metric: string, help: string) => {
    const made = new prometheus.Counter({ name: metric, help, labelNames, registers });
    made.inc({ name }, 0);
    return made;
  };
  const histogram = (metric: string, help: string) => {
    const made = new prometheus.Histogram({ name: metric, help, labelNames, buckets: queueSeconds, registers });
    made.zero({ name });
    return made;
  };
  const gauge = (metric: string, help: string, labels: Record<string, string>, read: () => number) =>
    void new prometheus.Gauge({
      name: metric,
      help,
      labelNames: Object.keys(labels),
      registers,
      collect() {
        this.set(labels, read());
      },
    });

  const adds = counter("workqueue_adds_total", "Total number of adds handled by the work queue.");
  const retries = counter("workqueue_retries_total", "Total number of retries handled by the work queue.");
  const waits = histogram(
    "workqueue_queue_duration_seconds",
    "How long a key stays in the queue before being requested.",
  );
  const works = histogram("workqueue_work_duration_seconds", "How long processing a key from the queue takes.");
  /** When each of the keys that are being processed was handed out, on the monotonic clock. As many as there are workers. */
  const startedMs: number[] = [];
  const agesMs = () => startedMs.map((atMs) => clock.monotonic() - atMs);
  let depth = 0;
  gauge("workqueue_depth", "Current depth of the work queue.", { name }, () => depth);
  gauge(
    "workqueue_unfinished_work_seconds",
    "How many seconds of work is in progress and has not been observed by work_duration.",
    { name },
    () => agesMs().reduce((sum, age) => sum + age, 0) / 1000,
  );
  gauge(
    "workqueue_longest_running_processor_seconds",
    "How many seconds the longest running processor has been running.",
    { name },
    () => Math.max(0, ...agesMs()) / 1000,
  );
  gauge(
    "controller_runtime_active_workers",
    "Number of keys that are being reconciled.",
    { controller: name },
    () => startedMs.length,
  );
  return {
    added: (): void => adds.inc({ name }),
    retried: (): void => retries.inc({ name }),
    depth: (length: number): void => void (depth = length),
    started(waitMs: number): void {
      waits.observe({ name }, waitMs / 1000);
      startedMs.push(clock.monotonic());
    },
    finished(workMs: number): void {
      works.observe({ name }, workMs / 1000);
      // The queue says how long, not which: it is the one whose start is nearest to that.
      const atMs = clock.monotonic() - workMs;
      const distances = startedMs.map((started) => Math.abs(started - atMs));
      startedMs.splice(distances.indexOf(Math.min(...distances)), startedMs.length === 0 ? 0 : 1);
    },
  };
}

const causes = ["closed", "silent", "expired", "error"] as const;

/** The informers' observer (`WatchObserver`); `name` is the informer's, which is the plural of its resource. */
export function watchMetrics(registry: prometheus.Registry) {
  const registers = [registry];
  const restarts = new prometheus.Counter({
    name: "watch_restarts_total",
    help: "Number of watches and lists that ended and were begun again, by resource and cause.",
    labelNames: ["resource", "cause"],
    registers,
  });
  const lists = new prometheus.Counter({
    name: "watch_lists_total",
    help: "Number of whole lists that were taken over into the cache, by resource.",
    labelNames: ["resource"],
    registers,
  });
  const malformed = new prometheus.Counter({
    name: "watch_malformed_objects_total",
    help: "Number of objects with fields of the wrong type, by resource.",
    labelNames: ["resource"],
    registers,
  });
  const ages = new Map<string, () => number>();
  const counts = new Map<string, () => number>();
  readAtScrape(
    registers,
    "watch_last_event_age_seconds",
    "Time since a watch last brought anything, bookmarks too.",
    ages,
  );
  readAtScrape(registers, "cached_objects", "Number of objects in the cache, by resource.", counts);
  return {
    listed: (resource: string, _objects: number): void => lists.inc({ resource }),
    malformed: (resource: string): void => malformed.inc({ resource }),
    restarted: (resource: string, cause: typeof causes[number]): void => restarts.inc({ resource, cause }),
    /** Makes a resource known: its counters start at 0, its age (in milliseconds) and size are read at each scrape. */
    register(resource: string, read: { ageMs: () => number; objects: () => number }): void {
      for (const cause of causes) restarts.inc({ resource, cause }, 0);
      lists.inc({ resource }, 0);
      malformed.inc({ resource }, 0);
      ages.set(resource, () => read.ageMs() / 1000);
      counts.set(resource, read.objects);
    },
  };
}

/** The event recorder's observer (`RecorderObserver`). */
export function eventMetrics(registry: prometheus.Registry) {
  const registers = [registry];
  const sent = new prometheus.Counter({
    name: "kubernetes_events_sent_total",
    help: "Number of Kubernetes Events that the API server accepted, repetitions too.",
    registers,
  });
  const shed = new prometheus.Counter({
    name: "kubernetes_events_shed_total",
    help: "Number of Kubernetes Events that were dropped, by cause.",
    labelNames: ["cause"],
    registers,
  });
  for (const cause of ["full", "refused", "unreachable"]) shed.inc({ cause }, 0);
  return {
    eventSent: (): void => sent.inc(),
    eventDropped: (cause: "full" | "refused" | "unreachable"): void => shed.inc({ cause }),
  };
}

function readAtScrape(
  registers: prometheus.Registry[],
  name: string,
  help: string,
  values: ReadonlyMap<string, () => number>,
): void {
  new prometheus.Gauge({
    name,
    help,
    labelNames: ["resource"],
    registers,
    collect() {
      for (const [resource, read] of values) this.set({ resource }, read());
    },
  });
}
