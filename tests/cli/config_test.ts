// `config print` and `config schema`: what is in force and from where, every fault at once, and no secret in either.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Ajv } from "ajv";
import { yaml } from "../../deps.ts";
import { config, type ConfigOptions } from "../../lib/cli/config.ts";
import type { Setting } from "../../lib/config.ts";
import { configKeys } from "../../lib/config_schema.ts";
import { flagName, variableName } from "../../lib/config_sources.ts";

async function told(args: string[], o: { env?: Record<string, string>; files?: Record<string, string> } = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const options: ConfigOptions = {
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
    env: o.env ?? {},
    readFile: (path) => Promise.resolve(o.files?.[path]),
  };
  const code = await config(args, options);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** The line of a key, its cells. */
const row = (table: string, key: string) =>
  table.split("\n").find((line) => line.startsWith(`${key} `))?.split(/ {2,}/).map((cell) => cell.trim());

const file = `
cooldown: 90s
audit:
  sinks: ["https://user:p@ss/word@ds.example", "file:./audit"]
notify:
  url: https://hooks.example/services/T00/path-secret?token=query-secret
timeout: 10m
`;
const everywhere = {
  files: { "/etc/kubernaut/workflowexecution.yaml": file },
  env: { KUBERNAUT_WE_TIMEOUT: "20m", KUBERNAUT_WE_CONCURRENCY: "8" },
};

Deno.test("config print shows each key as it is in force, and the default, line, variable or flag it comes from", async () => {
  const { code, out, err } = await told(["print", "--concurrency=4"], {
    ...everywhere,
    files: { "/etc/kubernaut/workflowexecution.yaml": "cooldown: 90s\ntimeout: 10m\n" },
  });
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(lines[0]?.split(/ {2,}/), ["KEY", "VALUE", "FROM"]);
  assertEquals(lines.slice(1, -2).map((line) => line.split(" ")[0]), configKeys().map(({ name }) => name));
  assertEquals(row(out, "cooldown"), ["cooldown", "1m30s", "/etc/kubernaut/workflowexecution.yaml line 1"]);
  assertEquals(row(out, "timeout"), ["timeout", "20m0s", "environment variable KUBERNAUT_WE_TIMEOUT"]);
  assertEquals(row(out, "concurrency"), ["concurrency", "4", "flag --concurrency"]);
  assertEquals(row(out, "maxInFlight"), ["maxInFlight", "64", "default"]);
  assertEquals(row(out, "namespaces"), ["namespaces", "[]", "default"]);
  assertEquals(
    lines.at(-1),
    "Set a key in the file, as a variable or as a flag: audit.batchSize is KUBERNAUT_WE_AUDIT_BATCH_SIZE and --audit-batch-size.",
  );
});

Deno.test("config print --json is the same for a program", async () => {
  const { code, out } = await told(["print", "--json", "--cooldown", "1m"]);
  const settings = JSON.parse(out) as Setting[];
  assertEquals(code, 0);
  assertEquals(settings.map(({ key }) => key), configKeys().map(({ name }) => name));
  assertEquals(settings[0], { key: "cooldown", value: "1m0s", source: "flag --cooldown" });
});

Deno.test("config print --json takes true or false, as every switch", async () => {
  const asText = (await told(["print"])).out;
  assertEquals((await told(["print", "--json=false"])).out, asText);
  assertEquals((await told(["print", "--json=true"])).out, (await told(["print", "--json"])).out);
  const { code, err } = await told(["print", "--json=yes"]);
  assertEquals([code, err], [2, 'kubernaut-we config: --json is "yes", should be true or false']);
});

for (const args of [["print"], ["print", "--json"]]) {
  Deno.test(`config ${args.join(" ")} shows no secret of a URL`, async () => {
    const { out } = await told(args, everywhere);
    for (const secret of ["p@ss", "ss/word", "user:", "path-secret", "query-secret"]) {
      assertEquals(out.includes(secret), false, secret);
    }
    assertStringIncludes(out, "https://[REDACTED]@ds.example");
    assertStringIncludes(out, "https://hooks.example/[REDACTED]");
  });
}

Deno.test("config print lists every fault at once with where it stands, exit code 2", async () => {
  const files = { "/here.yaml": "cooldwn: 5m\nconcurrency: many\naudit: { sinks: [ftp://x] }\n" };
  const env = { KUBERNAUT_WE_TIMEOUT: "soon", KUBERNAUT_WE_LOG_LEVL: "info" };
  const { code, out, err } = await told(["print", "--config=/here.yaml", "--max-timeot=1h", "--jsn"], { files, env });
  assertEquals([code, out], [2, ""]);
  assertEquals(err.split("\n"), [
    "The configuration has 7 faults:",
    "  /here.yaml line 1: cooldwn: is no key; did you mean cooldown?",
    '  /here.yaml line 2: concurrency: is "many" and should be a whole number',
    '  /here.yaml line 3: audit.sinks: item 1: "ftp://x" is not an audit sink; write http(s)://HOST, file:DIR or stdout',
    "  environment variable KUBERNAUT_WE_LOG_LEVL: is no setting; did you mean KUBERNAUT_WE_LOG_LEVEL?",
    '  environment variable KUBERNAUT_WE_TIMEOUT: "soon" is not a duration; write a number and a unit, as in 30s, 5m or 1h30m (units: ns, us, ms, s, m, h)',
    "  flag --max-timeot: is no flag; did you mean --max-timeout?",
    "  flag --jsn: is no flag; did you mean --json?",
  ]);
});

const faultySecrets: [key: string, value: string][] = [
  ["audit.sinks", "ftp://user:hunter2@host/x"],
  ["audit.sinks", "https://user:hunter2@host/?token=hunter2"],
  ["audit.sinks", "https://user:hunter2/x@host"],
  ["notify.url", "htps://user:hunter2@host/"],
  ["notify.url", "htps://host/?token=hunter2"],
];
for (const [key, value] of faultySecrets) {
  Deno.test(`a fault in ${key} shows no secret: ${value}`, async () => {
    const { code, err } = await told(["print", `${flagName(key)}=${value}`]);
    assertEquals([code, err.includes("hunter2")], [2, false], err);
    assertStringIncludes(err, "[REDACTED]");
  });
}

Deno.test("config schema takes nothing else, and says so", async () => {
  for (const more of [["--config", "here.yaml"], ["cooldown"]]) {
    const { code, out, err } = await told(["schema", ...more]);
    assertEquals([code, out, err.split("\n")[0]], [
      2,
      "",
      `kubernaut-we config: schema takes nothing else: ${more.join(" ")}`,
    ]);
  }
});

Deno.test("config schema is a JSON Schema that takes what the program takes and refuses what it refuses", async () => {
  const { code, out } = await told(["schema"]);
  assertEquals(code, 0);
  const { $schema, ...schema } = JSON.parse(out);
  assertEquals($schema, "https://json-schema.org/draft/2020-12/schema");
  const valid = new Ajv({ strict: false }).compile(schema);
  assertEquals(valid(yaml.parse(file)), true);
  assertEquals(valid({}), true);
  for (const wrong of [{ cooldwn: "5m" }, { concurrency: "many" }, { concurrency: 0 }, { log: { level: "loud" } }]) {
    assertEquals(valid(wrong), false, JSON.stringify(wrong));
  }
});

Deno.test("every key is a key of the file, a variable and a flag, and the three names are each other's", () => {
  for (const { name } of configKeys()) {
    const words = name.replace(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`).split(".");
    assertEquals([variableName(name), flagName(name)], [
      `KUBERNAUT_WE_${words.join("_").toUpperCase()}`,
      `--${words.join("-")}`,
    ]);
  }
});

Deno.test("config without a word says what it is for, exit code 2; with --help, exit code 0", async () => {
  const wrong = await told([]);
  assertEquals([wrong.code, wrong.out, wrong.err.split("\n")[0]], [
    2,
    "",
    "Usage: kubernaut-we config print [--json] [--config FILE] [any other flag of run]",
  ]);
  const help = await told(["--help"]);
  assertEquals([help.code, help.err, help.out], [0, "", wrong.err]);
});
