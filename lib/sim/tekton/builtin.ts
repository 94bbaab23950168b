// The workflows that come with the simulation, one file each in workflows/: one for every way in which a run can go.
// They are imported as text, so that a compiled binary carries them.

import { type Bundles, bundlesFromYaml } from "./bundles.ts";
import evicted from "./workflows/evicted.yaml" with { type: "text" };
import exitCode from "./workflows/exit-code.yaml" with { type: "text" };
import hang from "./workflows/hang.yaml" with { type: "text" };
import hangRollback from "./workflows/hang-rollback.yaml" with { type: "text" };
import imagePull from "./workflows/image-pull.yaml" with { type: "text" };
import needsParam from "./workflows/needs-param.yaml" with { type: "text" };
import ok from "./workflows/ok.yaml" with { type: "text" };
import oom from "./workflows/oom.yaml" with { type: "text" };
import parallelOneFails from "./workflows/parallel-one-fails.yaml" with { type: "text" };
import retries from "./workflows/retries.yaml" with { type: "text" };
import rollback from "./workflows/rollback.yaml" with { type: "text" };
import rollbackFails from "./workflows/rollback-fails.yaml" with { type: "text" };
import skippedTask from "./workflows/skipped-task.yaml" with { type: "text" };
import taskTimeout from "./workflows/task-timeout.yaml" with { type: "text" };
import unschedulable from "./workflows/unschedulable.yaml" with { type: "text" };

/** The bundles `evicted`, `exit-code`, `hang`, `hang-rollback`, `image-pull`, `needs-param`, `ok`, `oom`, `parallel-one-fails`, `retries`, `rollback`, `rollback-fails`, `skipped-task`, `task-timeout`, `unschedulable`. */
export function builtinBundles(): Bundles {
  return bundlesFromYaml(builtinTexts());
}

/** The same as YAML texts by their names. */
export function builtinTexts(): Record<string, string> {
  return {
    evicted,
    "exit-code": exitCode,
    hang,
    "hang-rollback": hangRollback,
    "image-pull": imagePull,
    "needs-param": needsParam,
    ok,
    oom,
    "parallel-one-fails": parallelOneFails,
    retries,
    rollback,
    "rollback-fails": rollbackFails,
    "skipped-task": skippedTask,
    "task-timeout": taskTimeout,
    unschedulable,
  };
}
