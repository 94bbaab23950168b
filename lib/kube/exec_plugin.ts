// Credentials from a program named in the kubeconfig (client.authentication.k8s.io/v1 and v1beta1), kept until they expire.
// The program runs once at a time, however many requests wait for it.
// Source: Kubernetes, "Authenticating: client-go credential plugins".

import { dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import { tokenFault } from "./bearer_token.ts";
import { type Entry, type Fields, isFields, KubeconfigError } from "./kubeconfig_file.ts";

export interface ExecCredential {
  token?: string;
  client?: { cert: string; key: string };
  /** Wall time, milliseconds; undefined: good until it is refused. */
  expiresAtMs: number | undefined;
}

export interface ExecPluginOptions {
  /** The kubeconfig's user. */
  user: Entry;
  /** The `exec` field of that user. */
  exec: Fields;
  /** What the program is told about the cluster, if it asks to be. */
  clusterInfo: () => Promise<Fields>;
  clock: Clock;
  /** Whether a person could answer a question. */
  isTerminal: () => boolean;
}

/** A program that asks nobody has to be done after this. */
const timeoutMs = 60_000;

export class ExecPlugin {
  readonly #o: ExecPluginOptions;
  readonly #apiVersion: string;
  readonly #command: string;
  readonly #args: string[];
  readonly #env: Record<string, string>;
  readonly #interactiveMode: string;
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  /** Throws KubeconfigError for a field that is missing or wrong. */
  constructor(o: ExecPluginOptions) {
    this.#o = o;
    const { apiVersion, command, args, env, interactiveMode } = o.exec;
    if (apiVersion !== "client.authentication.k8s.io/v1" && apiVersion !== "client.authentication.k8s.io/v1beta1") {
      throw o.user.fault(
        `exec.apiVersion should be client.authentication.k8s.io/v1 or v1beta1, is ${JSON.stringify(apiVersion)}`,
      );
    }
    if (typeof command !== "string" || command === "") throw o.user.fault("exec.command should be a text");
    if (args !== undefined && args !== null && !isTexts(args)) {
      throw o.user.fault("exec.args should be a list of texts");
    }
    const mode = interactiveMode ?? "IfAvailable";
    if (mode !== "Never" && mode !== "IfAvailable" && mode !== "Always") {
      throw o.user.fault(`exec.interactiveMode should be Never, IfAvailable or Always, is ${JSON.stringify(mode)}`);
    }
    this.#apiVersion = apiVersion;
    this.#command = command.includes("/") && !command.startsWith("/") ? join(dirname(o.user.file), command) : command;
    this.#args = args ?? [];
    this.#env = envOf(o.user, env);
    this.#interactiveMode = mode;
  }

  /**
   * The credential of this moment. `refused` is what the API server answered with 401: that one is not given out again.
   * Throws KubeconfigError when the program is missing, fails, or answers something else.
   */
  async credential(refused?: { token: string | undefined }): Promise<ExecCredential> {
    const known = this.#credential;
    const expired = known?.expiresAtMs !== undefined && known.expiresAtMs <= this.#o.clock.now();
    if (known && !expired && (refused === undefined || refused.token !== known.token)) return known;
    this.#running ??= this.#run().finally(() => this.#running = undefined);
    return this.#credential = await this.#running;
  }

  async #run(): Promise<ExecCredential> {
    const interactive = this.#interactiveMode !== "Never" && this.#o.isTerminal();
    if (this.#interactiveMode === "Always" && !interactive) {
      throw this.#fault("needs a terminal (interactiveMode Always), and there is none");
    }
    const spec = {
      interactive,
      ...(this.#o.exec.provideClusterInfo === true ? { cluster: await this.#o.clusterInfo() } : {}),
    };
    const abort = new AbortController();
    using _timer = interactive ? undefined : this.#o.clock.timer(timeoutMs, () => abort.abort());
    let output: Deno.CommandOutput;
    try {
      output = await new Deno.Command(this.#command, {
        args: this.#args,
        env: {
          ...this.#env,
          KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: this.#apiVersion, kind: "ExecCredential", spec }),
        },
        stdin: interactive ? "inherit" : "null",
        stdout: "piped",
        stderr: interactive ? "inherit" : "piped",
        signal: abort.signal,
      }).output();
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) {
        throw this.#fault(
          "may not be run: this program was made without exec plugins",
          cause,
        );
      }
      if (!(cause instanceof Deno.errors.NotFound) && !(cause instanceof Deno.errors.PermissionDenied)) throw cause;
      const hint = this.#o.exec.installHint;
      const missing = cause instanceof Deno.errors.NotFound ? "was not found" : "may not be run";
      throw this.#fault(`${missing}${typeof hint === "string" ? `: ${hint.trim()}` : ""}`, cause);
    }
    if (abort.signal.aborted) throw this.#fault(`did not end within ${timeoutMs / 1_000} s`);
    if (!output.success) {
      const said = interactive ? "" : new TextDecoder().decode(output.stderr).trim().slice(-500);
      throw this.#fault(`ended with code ${output.code}${said === "" ? "" : `: ${said}`}`);
    }
    return this.#read(new TextDecoder().decode(output.stdout));
  }

  #read(text: string): ExecCredential {
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw this.#fault("answered something that is not JSON", cause);
    }
    if (!isFields(answer) || answer.kind !== "ExecCredential") throw this.#fault("answered no ExecCredential");
    if (answer.apiVersion !== this.#apiVersion) {
      throw this.#fault(`answered apiVersion ${JSON.stringify(answer.apiVersion)}, should be ${this.#apiVersion}`);
    }
    const status = isFields(answer.status) ? answer.status : {};
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp: expiry } = status;
    const hasToken = typeof token === "string" && token !== "";
    const hasCertificate = typeof cert === "string" && cert !== "" && typeof key === "string" && key !== "";
    if (!hasToken && !hasCertificate) {
      throw this.#fault("answered neither status.token nor status.clientCertificateData with clientKeyData");
    }
    const fault = hasToken ? tokenFault(token) : undefined;
    if (fault) throw this.#fault(`answered a status.token that ${fault}`);
    const expiresAtMs = typeof expiry === "string" ? Date.parse(expiry) : undefined;
    if (Number.isNaN(expiresAtMs)) throw this.#fault("answered a status.expirationTimestamp that is no RFC 3339 time");
    return { ...(hasToken ? { token } : {}), ...(hasCertificate ? { client: { cert, key } } : {}), expiresAtMs };
  }

  #fault(text: string, cause?: unknown): KubeconfigError {
    return new KubeconfigError(this.#o.user.fault(`exec.command ${JSON.stringify(this.#command)} ${text}`).message, {
      cause,
    });
  }
}

function envOf(user: Entry, env: unknown): Record<string, string> {
  if (env === undefined || env === null) return {};
  const pairs = Array.isArray(env) ? env : [env];
  const variables: Record<string, string> = {};
  for (const pair of pairs) {
    if (!isFields(pair) || typeof pair.name !== "string" || typeof pair.value !== "string") {
      throw user.fault("exec.env should be a list of name and value");
    }
    variables[pair.name] = pair.value;
  }
  return variables;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
