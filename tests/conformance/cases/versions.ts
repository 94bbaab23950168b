// Which version a list shows: every combination of resourceVersion, resourceVersionMatch, limit and continue that makes sense,
// and the refusal of each that does not; selectors that cannot be read.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { CaseContext, ConformanceCase } from "../harness.ts";

const meta = (object: JSONObject) => object.metadata as Record<string, string>;
const names = (list: JSONObject) => (list.items as JSONObject[]).map((item) => meta(item).name);

export const versionCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  versionCases.push({ name, run });
}
function forgottenCase(name: string, run: ConformanceCase["run"]): void {
  versionCases.push({ name, run, forgotten: "lists" });
}

/** Leases a, b and c, and the version after them. */
async function three({ api, leases }: CaseContext): Promise<string> {
  for (const name of ["a", "b", "c"]) await api.ok("POST", leases, { body: { metadata: { name } } });
  return meta(await api.ok("GET", leases)).resourceVersion ?? "";
}

/** `code reason: message` of a list. */
async function answerOf({ api, leases }: CaseContext, query: string): Promise<string> {
  const { code, body } = await api.call("GET", `${leases}?${query}`);
  return `${code} ${body.reason}: ${body.message}`;
}

conformanceCase("an exact version is the list as it was", async (context) => {
  const { api, leases } = context;
  const then = await three(context);
  await api.ok("DELETE", `${leases}/b`);
  const exact = await api.ok("GET", `${leases}?resourceVersionMatch=Exact&resourceVersion=${then}`);
  assertEquals([names(exact), meta(exact).resourceVersion], [["a", "b", "c"], then]);
});

conformanceCase("a version with a limit and no match is an exact one", async (context) => {
  const { api, leases } = context;
  const then = await three(context);
  await api.ok("DELETE", `${leases}/a`);
  const list = await api.ok("GET", `${leases}?limit=2&resourceVersion=${then}`);
  assertEquals([names(list), meta(list).resourceVersion], [["a", "b"], then]);
});

conformanceCase("not older than a version is the list of now", async (context) => {
  const { api, leases } = context;
  const then = await three(context);
  await api.ok("DELETE", `${leases}/b`);
  for (
    const query of [`resourceVersion=${then}`, `resourceVersionMatch=NotOlderThan&resourceVersion=${then}&limit=5`]
  ) {
    const list = await api.ok("GET", `${leases}?${query}`);
    assertEquals([names(list), Number(meta(list).resourceVersion) > Number(then)], [["a", "c"], true]);
  }
});

conformanceCase("version 0 knows no chunks", async (context) => {
  const { api, leases } = context;
  await three(context);
  const list = await api.ok("GET", `${leases}?limit=1&resourceVersion=0`);
  assertEquals([names(list), meta(list).continue || undefined], [["a", "b", "c"], undefined]);
});

forgottenCase("a version from before the history is Expired", async (context) => {
  for (const query of ["resourceVersionMatch=Exact&resourceVersion=1", "limit=1&resourceVersion=1"]) {
    assertEquals(
      await answerOf(context, query),
      "410 Expired: The resourceVersion for the provided list is too old.",
    );
  }
});

forgottenCase(
  "a continue token from before the history is Expired, and brings one that goes on",
  async (context) => {
    const { api, leases } = context;
    await three(context);
    const token = btoa(JSON.stringify({ v: "meta.k8s.io/v1", rv: 1, start: "/a\0" })).replaceAll("=", "");
    const { code, body } = await api.call("GET", `${leases}?limit=2&continue=${token}`);
    assertEquals([code, body.reason], [410, "Expired"]);
    const rest = await api.ok("GET", `${leases}?limit=1&continue=${encodeURIComponent(meta(body).continue ?? "")}`);
    assertEquals(names(rest), ["b"]);
  },
);

conformanceCase("a limit that everything fits into brings no token", async (context) => {
  await three(context);
  for (const query of ["limit=3", "limit=0", "limit=-1"]) {
    const { metadata } = await context.api.ok("GET", `${context.leases}?${query}`);
    const { continue: token, remainingItemCount } = metadata as JSONObject;
    assertEquals([token || undefined, remainingItemCount], [undefined, undefined]);
  }
});

conformanceCase("a chunk of a selection does not count what remains", async ({ api, leases }) => {
  for (const name of ["a", "b"]) await api.ok("POST", leases, { body: { metadata: { name, labels: { k: "v" } } } });
  const { metadata, items } = await api.ok("GET", `${leases}?limit=1&labelSelector=k`);
  const { continue: token, remainingItemCount } = metadata as JSONObject;
  assertEquals([(items as JSONObject[]).length, Boolean(token), remainingItemCount], [1, true, undefined]);
});

const invalid = 'ListOptions.meta.k8s.io "" is invalid:';
const unlessGiven =
  "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
const withToken = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided";
const unparsable = "400 BadRequest: unable to parse requirement:";
const badToken = "400 BadRequest: invalid continue token: continue key is not valid:";

const refusals: [name: string, query: string, answer: string][] = [
  [
    "a match that is none",
    "resourceVersionMatch=Odd&resourceVersion=1",
    `422 Invalid: ${invalid} resourceVersionMatch: ` +
    'Unsupported value: "Odd": supported values: "Exact", "NotOlderThan", ""',
  ],
  [
    "an exact version 0",
    "resourceVersionMatch=Exact&resourceVersion=0",
    `422 Invalid: ${invalid} resourceVersionMatch: ` +
    'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  ],
  [
    "a match with a token",
    "resourceVersionMatch=Exact&continue=x",
    `422 Invalid: ${invalid} [${unlessGiven}, ${withToken}]`,
  ],
  [
    "a version that is no number",
    "resourceVersion=-1",
    "400 BadRequest: invalid resource version: resourceVersion: " +
    'Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
  ],
  ["a limit that is no number", "limit=abc", '400 BadRequest: strconv.ParseInt: parsing "abc": invalid syntax'],
  ["a token that is none", "continue=abc", `${badToken} invalid character 'i' looking for beginning of value`],
  ["a token of another version", "continue=e30", `${badToken} server does not recognize this encoded version `],
  [
    "a label selector without an operator",
    "labelSelector=a%20b",
    `${unparsable} found 'b', expected: in, notin, =, ==, !=, gt, lt`,
  ],
  [
    "a label selector that goes on",
    "labelSelector=a%3Db%3Dc",
    "400 BadRequest: found '=', expected: ',' or 'end of string'",
  ],
  [
    "a label selector that ends in a comma",
    "labelSelector=a,",
    "400 BadRequest: found '', expected: identifier after ','",
  ],
  [
    "a label selector with an open set",
    "labelSelector=a+in+(",
    `${unparsable} found '', expected: ',', ')' or identifier`,
  ],
  ["a label selector without a set", "labelSelector=a+in+x", `${unparsable} found 'x' expected: '('`],
  [
    "a label selector that compares text",
    "labelSelector=a%3Ex",
    `${unparsable} values[0]: Invalid value: "x": ` +
    "for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    "a field selector without an operator",
    "fieldSelector=x",
    "400 BadRequest: invalid selector: 'x'; can't understand 'x'",
  ],
];
for (const [name, query, answer] of refusals) {
  conformanceCase(`a list refuses ${name}`, async (context) => assertEquals(await answerOf(context, query), answer));
}

conformanceCase("label selectors compare numbers and know empty values", async ({ api, leases }) => {
  for (const [name = "", n = ""] of [["a", "1"], ["b", "10"], ["c", ""]]) {
    await api.ok("POST", leases, { body: { metadata: { name, labels: { n } } } });
  }
  const chosen = async (selector: string) =>
    names(await api.ok("GET", `${leases}?labelSelector=${encodeURIComponent(selector)}`));
  assertEquals(await chosen("n>5"), ["b"]);
  assertEquals(await chosen("n<5"), ["a"]);
  assertEquals(await chosen("n="), ["c"]);
  assertEquals(await chosen("n in (,10)"), ["b", "c"]);
  assertEquals(await chosen("n notin ()"), ["a", "b"]);
});

conformanceCase("a pod is selected by its own fields, and by no other", async ({ api, namespace }) => {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const fields = "spec.nodeName%3Dx,status.phase!%3DRunning,spec.serviceAccountName%3Da";
  assertEquals((await api.ok("GET", `${pods}?fieldSelector=${fields}`)).items, []);
  const { code, body } = await api.call("GET", `${pods}?fieldSelector=spec.foo%3Dx`);
  assertEquals([code, body.message], [400, "field label not supported: spec.foo"]);
});
