// The health endpoints: what they answer, short and verbose.

import { assertEquals } from "@std/assert";
import { type Check, healthApp } from "../../lib/server/health.ts";

const good: Check = { ok: true, detail: "3 synced" };
const bad: Check = { ok: false, detail: "no answer for 12 s; is the API server up?" };

function app(checks: Record<string, Check>, alive: Check = good) {
  return healthApp({ checks: () => checks, alive: () => alive });
}

const answers: [
  sentence: string,
  path: string,
  app: ReturnType<typeof app>,
  status: number,
  text: string,
][] = [
  ["a live process", "/healthz", app({}), 200, "ok\n"],
  ["a live process, on the other path", "/health", app({}), 200, "ok\n"],
  ["a live process that is not ready", "/healthz", app({ caches: bad }), 200, "ok\n"],
  ["a stuck process", "/healthz", app({}, bad), 503, "healthz check failed; /healthz?verbose says which\n"],
  [
    "a stuck process, verbose",
    "/health?verbose",
    app({}, bad),
    503,
    `[-]alive failed: ${bad.detail}\nhealth check failed\n`,
  ],
  ["a ready process", "/readyz", app({ caches: good, apiServer: good }), 200, "ok\n"],
  ["a ready process, on the other path", "/ready", app({ caches: good }), 200, "ok\n"],
  [
    "a ready process, verbose",
    "/readyz?verbose",
    app({ caches: good }),
    200,
    "[+]caches ok: 3 synced\nreadyz check passed\n",
  ],
  [
    "one check failing",
    "/readyz",
    app({ caches: good, apiServer: bad }),
    503,
    "readyz check failed; /readyz?verbose says which\n",
  ],
  [
    "one check failing, verbose",
    "/ready?verbose=1",
    app({ caches: good, apiServer: bad }),
    503,
    `[+]caches ok: 3 synced\n[-]apiServer failed: ${bad.detail}\nready check failed\n`,
  ],
  ["another path", "/metrics", app({}), 404, "404 Not Found"],
];

for (const [sentence, path, served, status, text] of answers) {
  Deno.test(`${sentence}: GET ${path} is ${status}`, async () => {
    const response = await served.request(path);
    assertEquals([response.status, await response.text()], [status, text]);
  });
}

Deno.test("the checks are asked anew for each request", async () => {
  let check = good;
  const served = healthApp({ checks: () => ({ caches: check }), alive: () => good });
  const first = (await served.request("/readyz")).status;
  check = bad;
  assertEquals([first, (await served.request("/readyz")).status], [200, 503]);
});
