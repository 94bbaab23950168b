// The simulated Tekton: a controller that plays PipelineRuns through an API server, to which it talks only as a client.
// What to write is decided by planPipelineRun and planTaskRun; here it is watched, written, and looked at again in time.
// Its state is what the API server holds: it may stop at any moment, and another one goes on (steps to the second, then).

import type { Clock } from "../../clock.ts";
import type { JSONObject, RestClient } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import { Informer } from "../../kube/informer.ts";
import { keyOf, type Stored } from "../../kube/store.ts";
import { Workqueue } from "../../kube/workqueue.ts";
import { type Logger, silentLogger } from "../../log.ts";
import type { Bundles } from "./bundles.ts";
import { outcome } from "./format.ts";
import { planPipelineRun } from "./pipeline_run.ts";
import { pipelineRunPath, Requests, taskRunPath, tektonPath } from "./requests.ts";
import { type Moments, planTaskRun } from "./task_run.ts";
import type { PipelineRun, TaskRun } from "./types.ts";

export interface TektonOptions {
  client: RestClient;
  clock: Clock;
  bundles: Bundles;
  /** How much faster steps and the timeouts of tasks pass than written; timeouts of a PipelineRun are never shortened. */
  speed?: number;
  log?: Logger;
}

/** An object in the cache, whole. */
interface Cached<T> extends Stored {
  readonly object: T;
}

const workers = 16;

export class Tekton {
  readonly #o: TektonOptions;
  readonly #speed: number;
  readonly #log: Logger;
  readonly #queue: Workqueue;
  readonly #requests: Requests;
  readonly #pipelineRuns: Informer<Cached<PipelineRun>>;
  readonly #taskRuns: Informer<Cached<TaskRun>>;
  /** By the TaskRun's uid. Only sharpens what its status says. */
  readonly #moments = new Map<string, Moments>();

  constructor(o: TektonOptions) {
    this.#o = o;
    this.#speed = o.speed ?? 1;
    if (!(this.#speed > 0)) throw new Error(`Cannot start Tekton: speed is ${o.speed}, and should be above 0`);
    this.#log = (o.log ?? silentLogger).with({ component: "tekton" });
    this.#queue = new Workqueue({ clock: o.clock, maxDelayMs: 5000 });
    this.#requests = new Requests(o.client);
    const common = { client: o.client, clock: o.clock, log: this.#log };
    this.#pipelineRuns = new Informer<Cached<PipelineRun>>({
      ...common,
      name: "tekton/pipelineruns",
      paths: [`${tektonPath}/pipelineruns`],
      project: cached<PipelineRun>,
    });
    this.#taskRuns = new Informer<Cached<TaskRun>>({
      ...common,
      name: "tekton/taskruns",
      paths: [`${tektonPath}/taskruns`],
      project: cached<TaskRun>,
      indexes: { owner: ({ object }) => object.metadata.ownerReferences?.map(({ uid }) => uid) ?? [] },
    });
    this.#pipelineRuns.onChange(({ object }) => this.#queue.add(pipelineRunKey(object)));
    this.#taskRuns.onChange(({ type, object }) => {
      if (type === "deleted") this.#moments.delete(object.uid);
      else this.#queue.add(taskRunKey(object));
      this.#addOwner(object);
    });
  }

  /** Plays every PipelineRun until the signal is aborted; resolves when what was being written is written. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#queue.shutDown();
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    const watching = [this.#pipelineRuns.run(signal), this.#taskRuns.run(signal)];
    try {
      await Promise.all([this.#pipelineRuns.whenSynced(signal), this.#taskRuns.whenSynced(signal)]);
      await Promise.all(Array.from({ length: workers }, () => this.#work()));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.all(watching);
    }
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.next(); key !== undefined; key = await this.#queue.next()) {
      try {
        await this.#reconcile(key);
        this.#queue.forget(key);
      } catch (error) {
        // Whatever went wrong, the object is looked at again: as it is now, and later each time.
        const conflict = error instanceof StatusError && (error.conflict || error.alreadyExists);
        if (!conflict) {
          this.#log.warn("reconcile failed", { key, error: error instanceof Error ? error.message : String(error) });
        }
        this.#queue.addRateLimited(key, error instanceof StatusError ? error.retryAfterMs : undefined);
      } finally {
        this.#queue.done(key);
      }
    }
  }

  async #reconcile(key: string): Promise<void> {
    const [kind, name = ""] = key.split(" ");
    if (kind === "TaskRun") await this.#present(this.#taskRuns, name, (taskRun) => this.#taskRun(key, taskRun));
    else await this.#present(this.#pipelineRuns, name, (run) => this.#pipelineRun(key, run));
  }

  /** Works on an object that is in the cache. One that turns out to be gone is taken out, should an own write have put it back. */
  async #present<T>(informer: Informer<Cached<T>>, name: string, work: (o: Cached<T>) => Promise<void>): Promise<void> {
    const { store } = informer;
    const found = store.get(name);
    if (!found) return;
    try {
      await work(found);
    } catch (error) {
      if (!(error instanceof StatusError && error.objectNotFound)) throw error;
      if (store.get(name)?.uid === found.uid) store.remove(found);
      this.#moments.delete(found.uid);
    }
  }

  async #pipelineRun(key: string, run: Cached<PipelineRun>): Promise<void> {
    const taskRuns = this.#taskRuns.store.by("owner", run.uid).map(({ object }) => object);
    const nowMs = this.#o.clock.now();
    const plan = planPipelineRun({ run: run.object, taskRuns, bundles: this.#o.bundles, nowMs });
    const path = pipelineRunPath(run);
    let now = run;
    const keep = (json: JSONObject) => {
      now = cached<PipelineRun>(json);
      this.#pipelineRuns.store.upsert(now);
      this.#queue.add(key);
    };
    if (plan.labels) keep(await this.#requests.patchMetadata(path, { labels: plan.labels }));
    for (const { name, message } of plan.cancelTaskRuns) {
      this.#keepTaskRun(await this.#requests.cancelTaskRun({ namespace: run.namespace, name }, message));
    }
    for (const taskRun of plan.createTaskRuns) await this.#create(run.namespace, taskRun);
    if (plan.status) keep(await this.#writeStatus(this.#pipelineRuns, path, { ...now.object, status: plan.status }));
    const ended = outcome(plan.status);
    if (ended) {
      this.#log.info("PipelineRun ended", { pipelineRun: keyOf(run), reason: plan.status?.conditions?.[0]?.reason });
    }
    if (plan.wakeAtMs !== undefined) this.#queue.addAfter(key, plan.wakeAtMs - nowMs);
  }

  async #taskRun(key: string, taskRun: Cached<TaskRun>): Promise<void> {
    const { object, uid } = taskRun;
    const serviceAccountExists = !!object.status?.podName || !!outcome(object.status) ||
      await this.#hasServiceAccount(object);
    const nowMs = this.#o.clock.now();
    const moments = this.#moments.get(uid);
    const plan = planTaskRun({ taskRun: object, nowMs, speed: this.#speed, serviceAccountExists, moments });
    const path = taskRunPath(taskRun);
    let now = taskRun;
    const keep = (json: JSONObject) => {
      now = cached<TaskRun>(json);
      this.#taskRuns.store.upsert(now);
      this.#queue.add(key);
      this.#addOwner(now);
    };
    if (plan.metadata) keep(await this.#requests.patchMetadata(path, plan.metadata));
    if (plan.status) keep(await this.#writeStatus(this.#taskRuns, path, { ...now.object, status: plan.status }));
    if (plan.moments && !outcome(plan.status)) this.#moments.set(uid, plan.moments);
    else this.#moments.delete(uid);
    if (plan.wakeAtMs !== undefined) this.#queue.addAfter(key, plan.wakeAtMs - nowMs);
  }

  #addOwner({ namespace, object }: Cached<TaskRun>): void {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
    if (owner?.kind === "PipelineRun") this.#queue.add(pipelineRunKey({ namespace, name: owner.name }));
  }

  async #create(namespace: string, taskRun: TaskRun): Promise<void> {
    try {
      this.#keepTaskRun(await this.#requests.createTaskRun(namespace, taskRun));
    } catch (error) {
      // One of ours that the cache has not seen yet; then the next look finds it. Another's keeps the run waiting.
      if (error instanceof StatusError && error.alreadyExists) {
        await this.#refresh(this.#taskRuns, taskRunPath({ namespace, name: taskRun.metadata.name ?? "" }));
      }
      throw error;
    }
  }

  #keepTaskRun(json: JSONObject | undefined): void {
    if (!json) return;
    const taskRun = cached<TaskRun>(json);
    this.#taskRuns.store.upsert(taskRun);
    this.#queue.add(taskRunKey(taskRun));
  }

  async #writeStatus<T extends object>(informer: Informer<Cached<T>>, path: string, object: T): Promise<JSONObject> {
    try {
      return await this.#requests.replaceStatus(path, object);
    } catch (error) {
      if (error instanceof StatusError && error.conflict) await this.#refresh(informer, path);
      throw error;
    }
  }

  /** Reads an object live into the cache. One that is gone is left for the watch to take out. */
  async #refresh<T>(informer: Informer<Cached<T>>, path: string): Promise<void> {
    const json = await this.#requests.read(path);
    if (json) informer.store.upsert(cached<T>(json));
  }

  /** A namespace's `default` account is made with it, so only other names are looked up. */
  async #hasServiceAccount({ metadata, spec }: TaskRun): Promise<boolean> {
    const name = spec.serviceAccountName ?? "default";
    if (name === "default") return true;
    return await this.#requests.read(`/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${name}`) !== undefined;
  }
}

function cached<T>(json: JSONObject): Cached<T> {
  const { namespace, name, uid, resourceVersion } = json.metadata as JSONObject;
  return {
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
    resourceVersion: String(resourceVersion),
    object: json as unknown as T,
  };
}

function pipelineRunKey(o: { namespace: string; name: string }): string {
  return `PipelineRun ${keyOf(o)}`;
}

function taskRunKey(o: { namespace: string; name: string }): string {
  return `TaskRun ${keyOf(o)}`;
}
