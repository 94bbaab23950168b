// Who may read an endpoint: the API server is asked who a bearer token belongs to (TokenReview) and whether they may
// (SubjectAccessReview of the path). Decisions are kept for a short time under the token's SHA-256, never under the token, in
// bounded tables, and an authentication never beyond the token's own end; requests with the same token at the same time wait for one decision. An API server that does not answer
// is 503, never a refusal, and is not remembered.

import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue, RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import type { Logger } from "../log.ts";

export interface Verdict {
  readonly status: 200 | 401 | 403 | 503;
  /** For the client: what is wrong and what to do. */
  readonly message: string;
}

export interface AuthOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Audiences of which the token must be for one; empty: those of the API server. */
  readonly audiences: readonly string[];
  /** The non-resource URL that the caller must have the verb `get` on. */
  readonly path: string;
}

/** What a TokenReview says about a token; undefined: nobody. */
type User = { username: string; uid: string; groups: string[]; extra: Record<string, string[]> } | undefined;

const authenticationMs = 60_000;
const allowedMs = 300_000;
const deniedMs = 30_000;
const maxRemembered = 1_024;
/** Tokens that are asked about at once: a flood of made-up tokens must not become one of the API server. */
const maxReviews = 32;
const reviewTimeoutMs = 10_000;

export class Authorizer {
  readonly #o: AuthOptions;
  readonly #users: Remembered<User>;
  readonly #decisions: Remembered<boolean>;
  readonly #inFlight = new Map<string, Promise<Verdict>>();

  constructor(o: AuthOptions) {
    this.#o = o;
    this.#users = new Remembered(o.clock, maxRemembered);
    this.#decisions = new Remembered(o.clock, maxRemembered);
  }

  /** Decides by the value of an Authorization header. */
  async authorize(header: string | undefined): Promise<Verdict> {
    if (header === undefined) return { status: 401, message: "a bearer token is required" };
    const token = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header)?.[1];
    if (token === undefined) return { status: 401, message: 'the Authorization header should be "Bearer TOKEN"' };
    const hash = createHash("sha256").update(token).digest("hex");
    const same = this.#inFlight.get(hash);
    if (same) return await same;
    const user = this.#users.get(hash);
    const allowed = this.#decisions.get(hash);
    if (user && (user.value === undefined || allowed)) return this.#verdict(user.value, allowed?.value ?? false);
    if (this.#inFlight.size >= maxReviews) {
      return { status: 503, message: "too many tokens are being reviewed; try again" };
    }
    const decision = this.#review(hash, token).finally(() => this.#inFlight.delete(hash));
    this.#inFlight.set(hash, decision);
    return await decision;
  }

  async #review(hash: string, token: string): Promise<Verdict> {
    const abort = new AbortController();
    using _timer = this.#o.clock.timer(reviewTimeoutMs, () => abort.abort(new ConnectionError("no answer in time")));
    try {
      const user = this.#users.get(hash)?.value ?? await this.#authenticate(token, abort.signal);
      this.#users.keep(hash, user, Math.min(authenticationMs, leftMs(token, this.#o.clock.now())));
      if (!user) return this.#verdict(user, false);
      const allowed = this.#decisions.get(hash)?.value ?? await this.#allowed(user, abort.signal);
      this.#decisions.keep(hash, allowed, allowed ? allowedMs : deniedMs);
      return this.#verdict(user, allowed);
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof ConnectionError)) throw error;
      this.#o.logger.warn("a token could not be reviewed", { path: this.#o.path, error: error.message });
      const forbidden = error instanceof StatusError && error.httpCode === 403;
      const message = forbidden
        ? "this server may not review tokens; bind its service account to the ClusterRole system:auth-delegator"
        : "the API server does not answer reviews of tokens; try again";
      return { status: 503, message };
    }
  }

  #verdict(user: User, allowed: boolean): Verdict {
    if (!user) return { status: 401, message: "the token is invalid, expired or for another audience" };
    if (allowed) return { status: 200, message: "" };
    return { status: 403, message: `${user.username} may not get ${this.#o.path}; grant it as a nonResourceURL` };
  }

  async #authenticate(token: string, signal: AbortSignal): Promise<User> {
    const audiences = [...this.#o.audiences];
    const status = await this.#create("authentication.k8s.io/v1", "TokenReview", "tokenreviews", {
      token,
      ...(audiences.length > 0 ? { audiences } : {}),
    }, signal);
    const user = status.user;
    if (status.authenticated !== true || !isObject(user) || typeof user.username !== "string") return undefined;
    // A server that knows nothing of audiences returns none: the token is then for the API server, not for us.
    if (audiences.length > 0 && !texts(status.audiences).some((audience) => audiences.includes(audience))) {
      return undefined;
    }
    const extra = isObject(user.extra) ? user.extra : {};
    return {
      username: user.username,
      uid: typeof user.uid === "string" ? user.uid : "",
      groups: texts(user.groups),
      extra: Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, texts(values)])),
    };
  }

  async #allowed(user: NonNullable<User>, signal: AbortSignal): Promise<boolean> {
    const { username, ...rest } = user;
    const nonResourceAttributes = { path: this.#o.path, verb: "get" };
    const status = await this.#create("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", {
      user: username,
      ...rest,
      nonResourceAttributes,
    }, signal);
    return status.allowed === true && status.denied !== true;
  }

  /** Creates a review and returns its status; an answer of another shape is as good as none. */
  async #create(
    apiVersion: string,
    kind: string,
    plural: string,
    spec: JSONObject,
    signal: AbortSignal,
  ): Promise<JSONObject> {
    const answer = await this.#o.client.performRequest({
      method: "POST",
      path: `/apis/${apiVersion}/${plural}`,
      bodyJson: { apiVersion, kind, spec },
      expectJson: true,
      abortSignal: signal,
    });
    if (isObject(answer) && isObject(answer.status)) return answer.status;
    throw new ConnectionError(`POST /apis/${apiVersion}/${plural}: the answer has no status`);
  }
}

function isObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: JSONValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/**
 * How long a JSON web token says that it is still good (RFC 7519, `exp`); Infinity where it says nothing. Nobody has checked its
 * signature: this may only ever shorten what is remembered of it.
 */
function leftMs(token: string, nowMs: number): number {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1];
  if (payload === undefined) return Infinity;
  try {
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })));
    return isObject(claims) && typeof claims.exp === "number" ? claims.exp * 1_000 - nowMs : Infinity;
  } catch (error) {
    if (error instanceof SyntaxError) return Infinity; // no web token after all
    throw error;
  }
}

/** Values with an end to their validity; beyond `max` the one that was kept first goes. */
class Remembered<T> {
  readonly #entries = new Map<string, { value: T; untilMs: number }>();
  constructor(readonly clock: Clock, readonly max: number) {}

  get(key: string): { readonly value: T } | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.clock.monotonic() < entry.untilMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Keeps a value for `forMs`; one that is already known keeps its own end. */
  keep(key: string, value: T, forMs: number): void {
    if (this.get(key)) return;
    const oldest = this.#entries.size >= this.max ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, { value, untilMs: this.clock.monotonic() + forMs });
  }
}
