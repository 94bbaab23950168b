// Which Pipeline an image reference stands for: the simulated registry. Nothing is fetched; a bundle is known or it is not.

import { createHash } from "node:crypto";
import { yaml } from "../../../deps.ts";
import { normalized, pipelineProblem } from "./pipeline.ts";
import type { PipelineSpec } from "./types.ts";

export interface Pipeline {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: PipelineSpec;
}

/** What a reference resolved to: what status.provenance.refSource tells of it. */
export interface ResolvedBundle {
  pipeline: Pipeline;
  /** The reference without tag and digest. */
  uri: string;
  /** 64 hex digits: the reference's own where it has one, else those of the Pipeline's text. */
  digest: string;
}

export class Bundles {
  readonly #byName = new Map<string, { pipeline: Pipeline; digest: string }>();

  /** `pipelines`: image reference, or a bare name, → Pipeline. Throws an error that names the reference and the field at fault. */
  constructor(pipelines: Iterable<readonly [reference: string, pipeline: Pipeline]>) {
    for (const [reference, given] of pipelines) {
      const pipeline = { ...given, spec: normalized(given.spec) };
      const problem = pipelineProblem(pipeline.spec);
      if (problem) throw new Error(`Cannot register the bundle ${reference}: ${problem}`);
      const digest = createHash("sha256").update(JSON.stringify(given)).digest("hex");
      this.#byName.set(parse(reference).name, { pipeline, digest });
    }
  }

  /** The names that are known, without registry, tag and digest. */
  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** By the last part of its path: one registered as `ok` is found as `any.registry/any/path/ok:v1@sha256:…` too. */
  resolve(reference: string): ResolvedBundle | undefined {
    const { uri, name, digest } = parse(reference);
    const found = this.#byName.get(name);
    return found && { pipeline: found.pipeline, uri, digest: digest ?? found.digest };
  }
}

function parse(reference: string): { uri: string; name: string; digest: string | undefined } {
  const [tagged = "", digest] = reference.split("@sha256:");
  const uri = tagged.replace(/:[^:/]*$/, "");
  return { uri, name: uri.slice(uri.lastIndexOf("/") + 1), digest };
}

/** Bundles from YAML texts, each one Pipeline, keyed by image reference or bare name. */
export function bundlesFromYaml(texts: Readonly<Record<string, string>>): Bundles {
  return new Bundles(Object.entries(texts).map(([reference, text]) => [reference, pipelineFromYaml(reference, text)]));
}

/** Bundles from the files `NAME.yaml` of a folder, each one Pipeline, as `NAME`. */
export async function loadBundles(folder: string): Promise<Bundles> {
  return bundlesFromYaml(await bundleTexts(folder));
}

/** The files `NAME.yaml` of a folder by `NAME`, as they are. */
export async function bundleTexts(folder: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && name.endsWith(".yaml")) {
      texts[name.slice(0, -".yaml".length)] = await Deno.readTextFile(`${folder}/${name}`);
    }
  }
  return texts;
}

function pipelineFromYaml(reference: string, text: string): Pipeline {
  const document = parsed(reference, text);
  if (!isPipeline(document)) {
    throw new Error(
      `Cannot read the bundle ${reference}: it should be one document of kind Pipeline with metadata.name, and with spec.tasks that each have a name and taskSpec.steps`,
    );
  }
  return document;
}

function parsed(reference: string, text: string): unknown {
  try {
    return yaml.parse(text);
  } catch (error) {
    if (!(error instanceof yaml.YAMLError)) throw error;
    throw new Error(`Cannot read the bundle ${reference}: ${error.message.split("\n")[0]}`, { cause: error });
  }
}

function isPipeline(document: unknown): document is Pipeline {
  const { kind, metadata, spec } = (document ?? {}) as Partial<Pipeline>;
  const tasks = [spec?.tasks, spec?.finally ?? []];
  return kind === "Pipeline" && typeof metadata?.name === "string" &&
    tasks.every((list) =>
      Array.isArray(list) && list.every((task) => task?.name && Array.isArray(task.taskSpec?.steps))
    );
}
