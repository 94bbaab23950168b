// The wait of `drain`: says what is left, cancels it if that is wished, and ends when nothing is left, in time or not. The
// caches are filled by whoever calls: by watches alone, or by a controller in this process.

import { listSpool } from "../../audit/spool.ts";
import { type Clock, sleep } from "../../clock.ts";
import type { Caches } from "../../controller/caches.ts";
import type { RestClient } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import { keyOf } from "../../kube/store.ts";
import { hasBegun, isFinished, isPending, type PipelineRun } from "../../workflow/pipeline_run.ts";
import { Api } from "../../controller/api.ts";
import { describeLeft, isNothing, leftIn } from "./left.ts";

export interface WaitOptions {
  readonly client: RestClient;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly lockNamespace: string;
  readonly namespaces: readonly string[];
  /** Cancel runs instead of waiting for their end. */
  readonly cancel: boolean;
  /** Somebody may begin what has not begun yet: then that is waited for, too. */
  readonly begins: boolean;
  /** 0: for ever. */
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

const lookAgainMs = 1_000;
/** As long without any change: perhaps nobody is there who could change something. */
const stillMs = 60_000;

/** True when nothing is left; false when time was up. Rejects with the signal's reason. */
export async function untilDrained(o: WaitOptions, signal: AbortSignal): Promise<boolean> {
  const { clock, caches, say } = o;
  const startedMs = clock.monotonic();
  let said = "";
  let changedMs = startedMs;
  while (true) {
    const left = leftIn(caches, o.namespaces, o.begins);
    if (o.cancel) await cancelAll(o, signal);
    const spooled = isNothing(left) ? await countSpooled(o) : 0;
    const line = isNothing(left) ? spooled === 0 ? "" : `${spooled} audit events in the spool` : describeLeft(left);
    if (line === "") return true;
    const nowMs = clock.monotonic();
    if (line !== said) {
      say(`waiting: ${line}`);
      said = line;
      changedMs = nowMs;
    } else if (nowMs - changedMs >= stillMs) {
      say(
        `nothing has changed for ${
          stillMs / 1000
        } s; does the controller run? If it is gone: kubernaut-we drain --take-over`,
      );
      changedMs = nowMs;
    }
    if (o.timeoutMs > 0 && nowMs - startedMs >= o.timeoutMs) {
      say(`time is up after ${Math.round((nowMs - startedMs) / 1000)} s: ${line}`);
      return false;
    }
    await sleep(clock, lookAgainMs, signal);
  }
}

async function countSpooled({ client, lockNamespace, say }: WaitOptions): Promise<number> {
  let count = 0;
  const unreadable = (name: string, why: string) =>
    say(`ConfigMap ${lockNamespace}/${name} holds no audit event that can be read (${why}); look at it, and delete it`);
  for await (const page of listSpool(client, lockNamespace, unreadable)) count += page.length;
  return count;
}

/**
 * Cancels, as a person would, what has begun to run and was not told to end yet; finally tasks run. One that waits to be started
 * is left to whoever starts it, and cancelled then.
 */
async function cancelAll({ client, caches, say }: WaitOptions, signal: AbortSignal): Promise<void> {
  const api = new Api(client, signal);
  for (const run of caches.pipelineRuns.informer.store.values()) {
    if (isFinished(run) || isPending(run) || run.deletedAtMs !== undefined || run.ordered !== "") continue;
    if (await cancel(api, run)) say(`cancelled: PipelineRun ${keyOf(run)} of ${run.executionKey}`);
  }
}

async function cancel(api: Api, run: PipelineRun): Promise<boolean> {
  // Tekton leaves one that is still resolving hanging when it is asked for its finally tasks.
  const mode = hasBegun(run) ? "CancelledRunFinally" : "Cancelled";
  const { uid, resourceVersion } = run;
  try {
    await api.mergePatch("pipelineRun", run, { metadata: { uid, resourceVersion }, spec: { status: mode } });
    return true;
  } catch (error) {
    // It has changed or is gone: what it is now is seen in a moment.
    if (error instanceof StatusError && (error.conflict || error.objectNotFound)) return false;
    throw error;
  }
}
