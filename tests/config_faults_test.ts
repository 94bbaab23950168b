// What is said about a configuration that is wrong: every fault at once, each with its place.

import { assertEquals, assertRejects } from "@std/assert";
import { loadConfig } from "../lib/config.ts";
import { ConfigError } from "../lib/config_faults.ts";

interface Given {
  args?: string[];
  env?: Record<string, string>;
  /** Text of the default configuration file. */
  file?: string;
  files?: Record<string, string>;
}

function sources({ args = [], env = {}, file, files = {} }: Given) {
  const all: Record<string, string> = { ...files, ...(file === undefined ? {} : { [defaultFile]: file }) };
  return { args, env, readFile: (path: string) => Promise.resolve(all[path]) };
}

const defaultFile = "/etc/kubernaut/workflowexecution.yaml";
async function faultsOf(given: Given): Promise<string[]> {
  const error = await assertRejects(() => loadConfig(sources(given)), ConfigError);
  return error.message.split("\n");
}

const wrong: [sentence: string, given: Given, faults: string[]][] = [
  ["an unknown key", { file: "# c\ntimout: 3m" }, [`${defaultFile} line 2: timout: is no key; did you mean timeout?`]],
  ["an unknown key in a section", { file: "audit:\n  batchsize: 3" }, [
    `${defaultFile} line 2: audit.batchsize: is no key; did you mean audit.batchSize?`,
  ]],
  ["an unknown key that is like no other", { file: "zebra: 3" }, [`${defaultFile} line 1: zebra: is no key`]],
  ["a key written with a dot", { file: "metrics.auth: false" }, [
    `${defaultFile} line 1: metrics.auth: is written with a dot; nest it: metrics: { auth: … }`,
  ]],
  ["a section that is no map", { file: "audit: 3" }, [
    `${defaultFile} line 1: audit: should be a map of keys, as in "address: …"`,
  ]],
  ["a file that is a list", { file: "[1]" }, [`${defaultFile}: should be a map of keys, as in "cooldown: …"`]],
  ["a key twice", { file: "cooldown: 1m\ncooldown: 2m" }, [
    `${defaultFile} line 2: is not valid YAML: Map keys must be unique`,
  ]],
  ["an alias without its anchor", { file: "namespaces: *all" }, [
    `${defaultFile} line 1: namespaces: has an alias that leads nowhere: ` +
    "Unresolved alias (the anchor must be set before the alias): all",
  ]],
  ["a duration without a unit", { file: "cooldown: 5" }, [
    `${defaultFile} line 1: cooldown: is 5 and should be a duration, as in 30s, 5m or 1h30m`,
  ]],
  ["a negative duration", { args: ["--cooldown=-5m"] }, ['flag --cooldown: "-5m" should be 0 or more']],
  ["a timeout of 0", { args: ["--timeout=0s"] }, ['flag --timeout: "0s" should be above 0']],
  ["a delay that is too long", { args: ["--audit-batch-delay=2m"] }, [
    'flag --audit-batch-delay: "2m" should be at most 60s',
  ]],
  ["a number that is text", { env: { KUBERNAUT_WE_CONCURRENCY: "many" } }, [
    'environment variable KUBERNAUT_WE_CONCURRENCY: is "many" and should be a whole number',
  ]],
  ["a number that is none", { file: "concurrency: .nan\nmaxInFlight: .inf" }, [
    `${defaultFile} line 1: concurrency: is "NaN" and should be a whole number`,
    `${defaultFile} line 2: maxInFlight: is "Infinity" and should be a whole number`,
  ]],
  ["a number that is too small", { file: "concurrency: 0" }, [
    `${defaultFile} line 1: concurrency: is 0 and should be at least 1`,
  ]],
  ["a number that is too big", { file: "audit: { batchSize: 501 }" }, [
    `${defaultFile} line 1: audit.batchSize: is 501 and should be at most 500`,
  ]],
  ["text where a list should be", { file: "namespaces: payment" }, [
    `${defaultFile} line 1: namespaces: is "payment" and should be a list`,
  ]],
  ["a number in a list", { file: "namespaces: [payment, 7]" }, [
    `${defaultFile} line 1: namespaces: item 2 is 7 and should be a text`,
  ]],
  ["a word outside its set", { file: "log: { level: loud }" }, [
    `${defaultFile} line 1: log.level: is "loud" and should be one of debug, info, warn, error`,
  ]],
  ["no sink at all", { args: ["--audit-sinks="] }, [
    "flag --audit-sinks: is an empty list; name at least one of http(s)://HOST, file:DIR and stdout: " +
    "no execution ends unrecorded",
  ]],
  ["a sink twice", { args: ["--audit-sinks=stdout,stdout"] }, [
    "flag --audit-sinks: item 2: names a sink for the second time",
  ]],
  ["a namespace that cannot be one", { args: ["--execution-namespace=Runs"] }, [
    'flag --execution-namespace: "Runs" is not a namespace\'s name; ' +
    "it has at most 63 lower-case letters, digits and '-', and starts and ends with a letter or digit",
  ]],
  ["a timeout beyond the longest", { file: "timeout: 2h", args: ["--max-timeout=1h"] }, [
    `${defaultFile} line 1: timeout is 2h0m0s and should be at most maxTimeout, which is 1h0m0s`,
  ]],
  ["a certificate without its key", { args: ["--metrics-cert-file=/c"] }, [
    "flag --metrics-cert-file: metrics.certFile is set and metrics.keyFile is not; " +
    "give both, or neither for a self-signed certificate",
  ]],
  ["a certificate for plain HTTP", {
    args: ["--metrics-cert-file=/c", "--metrics-key-file=/k", "--metrics-plain-http"],
  }, [
    "flag --metrics-plain-http: metrics.plainHttp is true, so that metrics.certFile would be ignored; set one of the two",
  ]],
  ["one port for both servers", { args: ["--health-address=127.0.0.1:9090"] }, [
    "flag --health-address: health.address and metrics.address both have port 9090; give each its own",
  ]],
  ["an unknown flag", { args: ["--cool-down", "5m"] }, [
    "flag --cool-down: is no flag; did you mean --cooldown?",
  ]],
  ["a word that follows no flag", { args: ["--leader-election", "yes"] }, [
    "argument yes: is not expected; values follow their flag, as in --cooldown 5m or --leader-election=false",
  ]],
  ["a flag without its value", { args: ["--cooldown", "--leader-election"] }, [
    "flag --cooldown: lacks its value: --cooldown VALUE",
  ]],
  ["a file without a name", { args: ["--config="] }, ["flag --config: lacks its value: --config FILE"]],
  ["an unknown variable", { env: { KUBERNAUT_WE_COOL_DOWN: "5m" } }, [
    "environment variable KUBERNAUT_WE_COOL_DOWN: is no setting; did you mean KUBERNAUT_WE_COOLDOWN?",
  ]],
  ["a variable for what is a flag only", { env: { KUBERNAUT_WE_PID_FILE: "/p" } }, [
    "environment variable KUBERNAUT_WE_PID_FILE: is set on the command line only: --pid-file",
  ]],
  ["a file that is not there", { args: ["--config", "/none"] }, [
    "flag --config: names /none, and there is no such file",
  ]],
  ["a password in a URL, without showing it", { args: ["--notify-url=ftp://me:secret@host/"] }, [
    'flag --notify-url: "ftp://[REDACTED]@host/" is not a URL; write http://HOST or https://HOST',
  ]],
  ["every fault of every source at once, those that a later source hides too", {
    file: "cooldown: 5x\nlog:\n  level: loud\n",
    env: { KUBERNAUT_WE_LOG_LEVEL: "LOUD" },
    args: ["--cooldown", "1m", "--concurrency=0"],
  }, [
    `${defaultFile} line 1: cooldown: "5x" is not a duration; write a number and a unit, as in 30s, 5m or 1h30m ` +
    "(units: ns, us, ms, s, m, h)",
    `${defaultFile} line 3: log.level: is "loud" and should be one of debug, info, warn, error`,
    'environment variable KUBERNAUT_WE_LOG_LEVEL: is "LOUD" and should be one of debug, info, warn, error',
    "flag --concurrency: is 0 and should be at least 1",
  ]],
];

for (const [sentence, given, faults] of wrong) {
  Deno.test(`loadConfig refuses ${sentence}`, async () => assertEquals(await faultsOf(given), faults));
}

Deno.test("a file that cannot be read is a fault, not a crash", async () => {
  const readFile = () => Promise.reject(new Error("permission denied"));
  const error = await assertRejects(() => loadConfig({ args: ["--config=/x"], env: {}, readFile }), ConfigError);
  assertEquals(
    error.toString(),
    "The configuration has a fault:\n  flag --config: /x cannot be read: permission denied",
  );
});
