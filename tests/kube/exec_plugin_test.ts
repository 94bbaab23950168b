// Credential plugins as real programs (shell scripts).

import { assertEquals, assertRejects } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { ExecPlugin } from "../../lib/kube/exec_plugin.ts";
import { Entry, KubeconfigError } from "../../lib/kube/kubeconfig_file.ts";

const apiVersion = "client.authentication.k8s.io/v1";

/** A plugin of a shell script in a folder of its own; each run leaves a line in `runs`. */
async function plugin(script: string, exec: Record<string, unknown> = {}, isTerminal = false) {
  const path = await Deno.makeTempDir();
  await Deno.writeTextFile(`${path}/plugin`, `#!/bin/sh\necho run >> ${path}/runs\n${script}\n`, { mode: 0o755 });
  const user = new Entry(`${path}/config`, "user", "u", {});
  const clock = new ManualClock();
  return {
    clock,
    plugin: new ExecPlugin({
      user,
      exec: { apiVersion, command: "./plugin", interactiveMode: "IfAvailable", ...exec },
      clusterInfo: () => Promise.resolve({ server: "https://k" }),
      clock,
      isTerminal: () => isTerminal,
    }),
    runs: async () => (await Deno.readTextFile(`${path}/runs`)).split("\n").length - 1,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
const answer = (status: object) => `echo '${JSON.stringify({ apiVersion, kind: "ExecCredential", status })}'`;

Deno.test("exec plugin: relative command, arguments, environment and cluster; many callers, one run", async () => {
  await using t = await plugin(
    `printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"%s|%s|%s"}}' "$1" "$EXTRA" ` +
      `"$(printf %s "$KUBERNETES_EXEC_INFO" | tr -d '"')"`,
    { args: ["one"], env: [{ name: "EXTRA", value: "two" }], provideClusterInfo: true },
  );
  const [first, second] = await Promise.all([t.plugin.credential(), t.plugin.credential()]);
  assertEquals(first, {
    token: `one|two|{apiVersion:${apiVersion},kind:ExecCredential,spec:{interactive:false,cluster:{server:https://k}}}`,
    expiresAtMs: undefined,
  });
  assertEquals(second, first);
  assertEquals(await t.runs(), 1);
});

Deno.test("exec plugin: kept until it expires or is refused", async () => {
  await using t = await plugin(answer({ token: "t", expirationTimestamp: "2026-01-01T00:10:00Z" }));
  await t.plugin.credential();
  t.clock.advance(599_999);
  await t.plugin.credential();
  assertEquals(await t.runs(), 1);
  t.clock.advance(1);
  await t.plugin.credential();
  assertEquals(await t.runs(), 2);
});

Deno.test("exec plugin: a refused credential is asked for anew, another one is not", async () => {
  await using t = await plugin(answer({ clientCertificateData: "c", clientKeyData: "k", token: "t" }));
  assertEquals((await t.plugin.credential()).client, { cert: "c", key: "k" });
  await t.plugin.credential({ token: "an older one" });
  assertEquals(await t.runs(), 1);
  await t.plugin.credential({ token: "t" });
  assertEquals(await t.runs(), 2);
});

const failures: Record<string, [script: string, exec: Record<string, unknown>, wanted: string]> = {
  "a missing command gives the hint": [
    "",
    { command: "no-such-plugin", installHint: "install it" },
    "was not found: install it",
  ],
  "a failure gives code and words": ["echo no login >&2; exit 3", {}, "ended with code 3: no login"],
  "an answer that is no JSON": ["echo hello", {}, "answered something that is not JSON"],
  "an answer of another version": [
    `echo '{"kind":"ExecCredential","apiVersion":"v0"}'`,
    {},
    'answered apiVersion "v0", should be client.authentication.k8s.io/v1',
  ],
  "an answer without a credential": [answer({}), {}, "answered neither status.token nor"],
  "what is no token": [
    answer({ token: "hunter2\\nx" }),
    {},
    "answered a status.token that holds a blank, a line break",
  ],
  "no terminal for a plugin that needs one": [
    answer({ token: "t" }),
    { interactiveMode: "Always" },
    "needs a terminal",
  ],
};
for (const [name, [script, exec, wanted]] of Object.entries(failures)) {
  Deno.test(`exec plugin: ${name}`, async () => {
    await using t = await plugin(script, exec);
    const error = await assertRejects(() => t.plugin.credential(), KubeconfigError, wanted);
    assertEquals(error.message.includes("hunter2"), false);
  });
}

Deno.test("exec plugin: one that hangs is ended after a minute", async () => {
  await using t = await plugin("exec sleep 600");
  const rejected = assertRejects(() => t.plugin.credential(), KubeconfigError, "did not end within 60 s");
  t.clock.advance(60_000);
  await rejected;
});

Deno.test({
  name: "exec plugin: a program that was made without them says so",
  permissions: { read: true, write: true, env: true },
  async fn() {
    await using t = await plugin(answer({ token: "t" }));
    const error = await assertRejects(() => t.plugin.credential(), KubeconfigError);
    assertEquals(error.message.endsWith("may not be run: this program was made without exec plugins"), true);
  },
});
