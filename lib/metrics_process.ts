// Metrics of the process and its runtime, under the names that Prometheus' client libraries give them. prom-client's own set is
// not used: under Deno its event-loop figures are wrong (a minimum of 292 years) and it keeps observers running. Everything
// here is read when it is scraped, and nothing in between.

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { prometheus } from "../deps.ts";

/** Registers the process_* and deno_* metrics. Those that the system does not tell are absent, never 0. */
export function registerProcessMetrics(registry: prometheus.Registry): void {
  const gauge = (name: string, help: string, read: () => number | undefined) => {
    new prometheus.Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  };
  new prometheus.Counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    () => performance.timeOrigin / 1000,
  );
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => Deno.memoryUsage().rss);
  gauge("process_open_fds", "Number of open file descriptors.", () => {
    // The directory's own descriptor is among them.
    return fromProc(() => readdirSync("/proc/self/fd").length - 1);
  });
  gauge("process_max_fds", "Maximum number of open file descriptors.", () => {
    const limit = fromProc(() => /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
    return limit === undefined ? undefined : Number(limit);
  });
  gauge("deno_memory_heap_used_bytes", "Memory of the JavaScript heap in use.", () => Deno.memoryUsage().heapUsed);
  gauge(
    "deno_memory_heap_total_bytes",
    "Memory of the JavaScript heap that is reserved.",
    () => Deno.memoryUsage().heapTotal,
  );
  gauge("deno_memory_external_bytes", "Memory of objects bound to JavaScript ones.", () => Deno.memoryUsage().external);
  new prometheus.Gauge({
    name: "deno_info",
    help: "Versions of the runtime; always 1.",
    labelNames: ["version", "v8"],
    registers: [registry],
  }).set({ version: Deno.version.deno, v8: Deno.version.v8 }, 1);
}

/** /proc exists on Linux only, and may be hidden there; Deno opens it to a program with every permission. */
function fromProc<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
