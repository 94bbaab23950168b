// An API server that knows tokens and what their owners may get: the other end of an Authorizer, behind an injected fetch.

import type { Clock } from "../../lib/clock.ts";
import { KubeClient } from "../../lib/kube/client.ts";

/** A token of the API server: whose it is, for which audiences, and until when. */
export interface Token {
  readonly username: string;
  readonly audiences?: string[];
  expired?: boolean;
}

export class ReviewingServer {
  readonly tokens = new Map<string, Token>();
  /** Users that may get /metrics. */
  readonly readers = new Set<string>();
  /** The bodies that were sent, in order. */
  readonly requests: { path: string; spec: Record<string, unknown> }[] = [];
  /** What is answered in place of a review. */
  fault: "down" | "slow" | "forbidden" | "unavailable" | "nonsense" | undefined;
  /** The audience of the API server itself. */
  readonly ownAudience = "https://kubernetes.default.svc";
  /** False for a server that knows nothing of audiences. */
  knowsAudiences = true;

  client(clock: Clock): KubeClient {
    return new KubeClient({
      baseUrl: "https://api.test",
      clock,
      fetch: (input, init) => this.#answer(new Request(input, init)),
    });
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const body = await request.json() as { spec: Record<string, unknown> };
    this.requests.push({ path, spec: body.spec });
    if (this.fault === "down") throw new TypeError("connection refused");
    if (this.fault === "slow") {
      return await new Promise((_, reject) => request.signal.addEventListener("abort", reject));
    }
    if (this.fault === "nonsense") return Response.json({ hello: "world" });
    if (this.fault === "forbidden") return failure(403, "Forbidden", "may not create tokenreviews");
    if (this.fault === "unavailable") return failure(503, "ServiceUnavailable", "starting");
    const status = path.endsWith("/tokenreviews") ? this.#whose(body.spec) : this.#may(body.spec);
    return Response.json({ ...body, status }, { status: 201 });
  }

  #whose(spec: Record<string, unknown>): Record<string, unknown> {
    const token = this.tokens.get(String(spec.token));
    const wanted = Array.isArray(spec.audiences) ? spec.audiences.map(String) : [this.ownAudience];
    const audiences = (token?.audiences ?? [this.ownAudience]).filter((audience) => wanted.includes(audience));
    if (!token || token.expired) return { error: "token is invalid or expired" };
    const user = { username: token.username, uid: "u-1", groups: ["system:authenticated"], extra: { pod: ["p"] } };
    if (!this.knowsAudiences) return { authenticated: true, user };
    return audiences.length > 0 ? { authenticated: true, user, audiences } : { error: "wrong audience" };
  }

  #may(spec: Record<string, unknown>): Record<string, unknown> {
    return { allowed: this.readers.has(String(spec.user)) };
  }
}

function failure(code: number, reason: string, message: string): Response {
  return Response.json({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message }, {
    status: code,
  });
}
