// GET /metrics for Prometheus, behind the Authorizer unless it is switched off.

import { Hono } from "../../deps.ts";
import type { Logger } from "../log.ts";
import type { Verdict } from "./auth.ts";

export interface MetricsOptions {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** Absent: anybody may read. */
  readonly auth?: { authorize(header: string | undefined): Promise<Verdict> };
  readonly logger: Logger;
}

/** 200, or 401 with a challenge, 403, 503, each with one line that says why. */
export function metricsApp({ metrics, auth, logger }: MetricsOptions): Hono {
  const app = new Hono();
  app.get("/metrics", async (c) => {
    c.header("Cache-Control", "no-store");
    const verdict = await auth?.authorize(c.req.header("Authorization"));
    if (verdict && verdict.status !== 200) {
      if (verdict.status === 401) c.header("WWW-Authenticate", "Bearer");
      if (verdict.status === 503) c.header("Retry-After", "1");
      return c.text(`${verdict.message}\n`, verdict.status);
    }
    return c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType });
  });
  app.onError((error, c) => {
    logger.error("a scrape failed", { error: error.message });
    return c.text("internal error\n", 500);
  });
  return app;
}
