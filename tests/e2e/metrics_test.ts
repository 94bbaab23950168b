// /metrics as it is scraped: over TLS with the certificate that the log tells, by tokens of service accounts that a real API
// server reviews, with curl, promtool and Prometheus themselves where they are installed.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { isOnPath, runToEnd } from "../support/commands.ts";
import { hasKubectl, Kubectl } from "../support/kubectl.ts";
import { type Cluster, e2e } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";

const tools = hasKubectl() && isOnPath("curl");
const without = (name: string) => isOnPath(name) ? "" : ` (left out: there is no ${name})`;
const reader = "metrics-reader";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
/** A decision against a token is remembered for 30 s, an authentication for 60. */
const deniedMs = 30_000;
const authenticatedMs = 60_000;
const slackMs = 10_000;

e2e(`scraping${tools ? "" : " (left out: it takes kubectl and curl)"}`, async (cluster, t) => {
  if (!tools) return;
  await using stack = new AsyncDisposableStack();
  const controller = stack.use(await ControllerProcess.start(cluster));
  const kubectl = stack.use(
    await Kubectl.open({ kubeconfig: Deno.env.get("KUBECONFIG") ?? "", namespace: cluster.namespace }),
  );
  const { metrics = "" } = await controller.addresses() ?? {};
  const url = `https://localhost:${metrics.split(":").at(-1)}/metrics`;
  const ca = `${controller.directory}/ca.crt`;
  const [told = {}] = await controller.logged("metrics certificate, self-signed");
  await Deno.writeTextFile(ca, String(told.certificate));
  /** The status, and the body or what curl says. */
  const scrape = async (token?: string, trust = ["--cacert", ca]): Promise<[status: string, text: string]> => {
    const header = token === undefined ? [] : ["--header", "@-"];
    const args = ["--silent", "--show-error", "--http2", ...trust, ...header, "--write-out", "\n%{http_code}", url];
    const { out, err } = await runToEnd("curl", args, `Authorization: Bearer ${token}`);
    const end = out.lastIndexOf("\n");
    return [out.slice(end + 1), out.slice(0, end) || err];
  };
  const tokenOf = async (account: string, flags: string[] = []) =>
    (await kubectl.ok(["create", "token", account, ...flags])).trim();
  await kubectl.ok(["create", "serviceaccount", reader]);
  await kubectl.ok(["create", "secret", "generic", "bound"]);
  const early = await tokenOf(reader);
  let deniedAtMs = 0;

  await t.step("who does not trust the certificate that the log tells gets nowhere", async () => {
    const [status, text] = await scrape(undefined, []);
    assertEquals(status, "000");
    assertMatch(text, /certificate/i);
  });

  await t.step("without a token, and with one that the API server does not know, it is 401", async () => {
    assertEquals(await scrape(), ["401", "a bearer token is required\n"]);
    const unknown = "the token is invalid, expired or for another audience\n";
    assertEquals(await scrape("made-up"), ["401", unknown]);
    assertEquals(await scrape(await tokenOf(reader, ["--audience", "another"])), ["401", unknown]);
  });

  await t.step(
    "with a token of an account that nothing was granted to, it is 403 and says what is missing",
    async () => {
      const user = `system:serviceaccount:${cluster.namespace}:${reader}`;
      assertEquals(await scrape(early), ["403", `${user} may not get /metrics; grant it as a nonResourceURL\n`]);
      deniedAtMs = systemClock.monotonic();
    },
  );

  stack.use(await grant(cluster));
  let text = "";

  await t.step("once it is granted, it is 200", async () => {
    const late = await tokenOf(reader);
    // The API server's authorizer learns of a new binding by a watch.
    await cluster.until("it is granted", slackMs, async () => {
      const answer = await scrape(await tokenOf(reader));
      text = answer[1];
      return answer[0] === "200";
    });
    assertMatch(text, /^workflowexecution_total\{outcome="Success"\} 0$/m);
    assertEquals((await scrape(late))[0], "200");
  });

  await t.step(`promtool accepts what is served${without("promtool")}`, async () => {
    if (!isOnPath("promtool")) return;
    assertEquals(await runToEnd("promtool", ["check", "metrics"], text), { code: 0, out: "", err: "" });
  });

  const bound = await tokenOf(reader, ["--bound-object-kind", "Secret", "--bound-object-name", "bound"]);
  assertEquals((await scrape(bound))[0], "200");
  await kubectl.ok(["delete", "secret", "bound"]);
  const invalidAtMs = systemClock.monotonic();

  await t.step(`Prometheus scrapes it with a token, and sees an execution end${without("prometheus")}`, async () => {
    if (!isOnPath("prometheus")) return;
    await using prometheus = await Prometheus.start(controller.directory, { url, ca, token: await tokenOf(reader) });
    await cluster.until("it is up", 60_000, async () => await prometheus.value("up") === "1");
    await cluster.execute("scraped");
    await cluster.untilPhase("scraped", "Completed");
    const query = 'workflowexecution_total{outcome="Success"}';
    await cluster.until("it is counted", 20_000, async () => await prometheus.value(query) === "1");
    assertEquals(await prometheus.value("count(workflowexecution_total)"), "3");
  });

  await t.step("what was 403 is 200 as soon as that is forgotten", async () => {
    const leftMs = deniedAtMs + deniedMs + slackMs - systemClock.monotonic();
    await cluster.until("it is let in", Math.max(leftMs, slackMs), async () => (await scrape(early))[0] === "200");
  });

  await t.step("a token that the API server does not take any more is 401 within a minute", async () => {
    const leftMs = invalidAtMs + authenticatedMs + slackMs - systemClock.monotonic();
    await cluster.until("it is refused", leftMs, async () => (await scrape(bound))[0] === "401");
    assertEquals((await scrape(early))[0], "200", "another token of the same account is still good");
  });
});

/** Lets the reader's account get /metrics, until it is disposed of. */
async function grant(cluster: Cluster): Promise<AsyncDisposable> {
  const metadata = { name: `${cluster.namespace}-metrics-reader` };
  const rules = [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name };
  const subjects = [{ kind: "ServiceAccount", name: reader, namespace: cluster.namespace }];
  const version = { apiVersion: "rbac.authorization.k8s.io/v1" };
  const made: [path: string, object: JSONObject][] = [
    [`${rbac}/clusterroles`, { ...version, kind: "ClusterRole", metadata, rules }],
    [`${rbac}/clusterrolebindings`, { ...version, kind: "ClusterRoleBinding", metadata, roleRef, subjects }],
  ];
  await using stack = new AsyncDisposableStack();
  for (const [path, object] of made) {
    await cluster.request("POST", path, object);
    stack.defer(async () => void await cluster.request("DELETE", `${path}/${metadata.name}`));
  }
  return stack.move();
}

/** A Prometheus of this one target, as a process of its own. */
class Prometheus implements AsyncDisposable {
  private constructor(readonly url: string, readonly child: Deno.ChildProcess) {}

  static async start(directory: string, o: { url: string; ca: string; token: string }): Promise<Prometheus> {
    const { host } = new URL(o.url);
    const config = `${directory}/prometheus.yml`;
    await Deno.writeTextFile(`${directory}/token`, o.token);
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        global: { scrape_interval: "1s" },
        scrape_configs: [{
          job_name: "controller",
          scheme: "https",
          authorization: { credentials_file: `${directory}/token` },
          // The name that is the same in every process, as where pods are found by their addresses.
          tls_config: { ca_file: o.ca, server_name: "workflowexecution-controller" },
          static_configs: [{ targets: [host.replace("localhost", "127.0.0.1")] }],
        }],
      }),
    );
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${directory}/tsdb`];
    const child = new Deno.Command("prometheus", {
      args: [...args, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Prometheus(`http://127.0.0.1:${port}`, child);
  }

  /** The value of a query's only sample; undefined when there is none, or it does not answer yet. */
  async value(query: string): Promise<string | undefined> {
    try {
      const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query })}`);
      if (!response.ok) return void await response.body?.cancel();
      const { data } = await response.json() as { data: { result: { value: [number, string] }[] } };
      assert(data.result.length <= 1, `${query} has ${data.result.length} samples`);
      return data.result[0]?.value[1];
    } catch (error) {
      if (error instanceof TypeError) return undefined; // it does not listen yet
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
  }
}
