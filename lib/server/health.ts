// Liveness and readiness over HTTP, for the kubelet and for people. What is checked is decided by whoever passes the checks in;
// they are asked anew for every request and answer at once.

import { type Context, Hono } from "../../deps.ts";

export interface Check {
  readonly ok: boolean;
  /** One line for a person: what is there, and what should be. */
  readonly detail: string;
}

export interface HealthOptions {
  /** Ready when all are ok. */
  readonly checks: () => Record<string, Check>;
  /** Not ok only when the process should be killed. */
  readonly alive: () => Check;
}

/**
 * `/health` and `/healthz`, `/ready` and `/readyz`: 200 or 503. With `?verbose` one line a check, in the form of the API
 * server's own health endpoints; without it, what failed is not said.
 */
export function healthApp(o: HealthOptions): Hono {
  const app = new Hono();
  for (const path of ["/health", "/healthz"]) app.get(path, (c) => answer(c, path, { alive: o.alive() }));
  for (const path of ["/ready", "/readyz"]) app.get(path, (c) => answer(c, path, o.checks()));
  return app;
}

function answer(c: Context, path: string, checks: Record<string, Check>): Response {
  const ok = Object.values(checks).every((check) => check.ok);
  c.header("Cache-Control", "no-store");
  if (c.req.query("verbose") === undefined) {
    return c.text(ok ? "ok\n" : `${path.slice(1)} check failed; ${path}?verbose says which\n`, ok ? 200 : 503);
  }
  const lines = Object.entries(checks).map(([name, check]) =>
    check.ok ? `[+]${name} ok: ${check.detail}` : `[-]${name} failed: ${check.detail}`
  );
  return c.text([...lines, `${path.slice(1)} check ${ok ? "passed" : "failed"}`, ""].join("\n"), ok ? 200 : 503);
}
