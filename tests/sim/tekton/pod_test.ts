// What the images of sim.local make of a pod, moment by moment.

import { assertEquals } from "@std/assert";
import { play } from "../../../lib/sim/tekton/pod.ts";
import type { Step } from "../../../lib/sim/tekton/types.ts";

const startMs = Date.UTC(2026, 0, 1);

function steps(...images: string[]): Step[] {
  return images.map((image, i) => ({ name: `s${i}`, image: image.includes("/") ? image : `sim.local/${image}` }));
}

/** Per step: what it shows, in one word. */
function shown(images: string[], afterMs: number, speed = 1): unknown[] {
  const pod = play({ steps: steps(...images) }, startMs, startMs + afterMs, speed);
  const states = pod.steps.map(({ running, waiting, terminated }) =>
    terminated ? `${terminated.reason} ${terminated.exitCode}` : running ? "running" : waiting?.reason ?? "-"
  );
  const next = pod.nextChangeAtMs === undefined ? "for good" : pod.nextChangeAtMs - startMs;
  return [pod.phase, states.join(", "), next];
}

Deno.test("play: what a pod shows", () => {
  const table: [what: string, images: string[], afterMs: number, expected: unknown[]][] = [
    ["all steps start with the pod", ["ok:1s", "ok:2s"], 0, ["Running", "running, running", 1000]],
    ["one runs after the other", ["ok:1s", "ok:2s"], 1000, ["Running", "Completed 0, running", 3000]],
    ["the last one ends the pod", ["ok:1s", "ok:2s"], 3000, ["Succeeded", "Completed 0, Completed 0", "for good"]],
    ["after a failure the rest do not run", ["exit-7:1s", "ok:9s"], 1000, ["Failed", "Error 7, Error 1", "for good"]],
    ["exit-0 is no failure", ["exit-0:1s"], 1000, ["Succeeded", "Completed 0", "for good"]],
    ["out of memory", ["oom:1s"], 1000, ["Failed", "OOMKilled 137", "for good"]],
    ["evicted", ["evicted:1s"], 1000, ["Evicted", "Error 137", "for good"]],
    ["hang", ["ok:1s", "hang"], 1e9, ["Running", "Completed 0, running", "for good"]],
    ["an image that cannot be pulled", ["ok:1s", "imagepull", "ok"], 1e9, [
      "ImagePullBackOff",
      "running, ImagePullBackOff",
      "for good",
    ]],
    ["no node", ["ok:1s", "unschedulable"], 1e9, ["Unschedulable", "-, -", "for good"]],
    ["any other image ends well at once", ["docker.example/a:1s"], 0, ["Succeeded", "Completed 0", "for good"]],
  ];
  for (const [what, images, afterMs, expected] of table) {
    assertEquals([what, ...shown(images, afterMs)], [what, ...expected]);
  }
});

Deno.test("play: speed shortens steps", () => {
  assertEquals(shown(["ok:1s", "ok:2s"], 100, 10), ["Running", "Completed 0, running", 300]);
});

Deno.test("play: a step with onError continue is followed by the next", () => {
  const [first, second] = steps("exit-7:1s", "ok:1s");
  const pod = play({ steps: [{ ...first!, onError: "continue" }, second!] }, startMs, startMs + 2000, 1);
  assertEquals(pod.phase, "Succeeded");
  assertEquals(pod.steps[0], {
    name: "s0",
    container: "step-s0",
    imageID: "sim.local/exit-7:1s",
    provenance: {},
    terminated: {
      exitCode: 7,
      reason: "Completed",
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T00:00:01Z",
    },
    terminationReason: "Continued",
  });
});
