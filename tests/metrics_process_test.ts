// The process's own metrics where the program may not do everything: /proc stays closed to it, and the rest is still there.

import { assertEquals } from "@std/assert";
import { prometheus } from "../deps.ts";
import { registerProcessMetrics } from "../lib/metrics_process.ts";

Deno.test({
  name: "process metrics leave out what a program with narrow permissions cannot read",
  permissions: { read: true },
  async fn() {
    const registry = new prometheus.Registry();
    registerProcessMetrics(registry);
    const text = await registry.metrics();
    const sampled = (name: string) => text.split("\n").some((line) => line.startsWith(`${name} `));
    assertEquals(
      ["process_open_fds", "process_max_fds", "process_resident_memory_bytes", "process_start_time_seconds"].map(
        sampled,
      ),
      [false, false, true, true],
    );
  },
});
