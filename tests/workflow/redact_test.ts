// What is hidden from text that leaves the program, what stays readable, and that it takes linear time.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cap, hideKnown, redact } from "../../lib/workflow/redact.ts";

const hidden = "[REDACTED]";

const texts: [sentence: string, text: string, expected: string][] = [
  ["an assignment", "PASSWORD=hunter2 done", `PASSWORD=${hidden} done`],
  ["an assignment with a comma in its value", "password=ab,c, d=e", `password=${hidden}, d=e`],
  ["one assignment after the other", "PASSWORD=a,TOKEN=b", `PASSWORD=${hidden},TOKEN=${hidden}`],
  ["a flag and its value", "curl --token abc --retry 3", `curl --token ${hidden} --retry 3`],
  ["a flag with an equals sign", "--client-secret=abc", `--client-secret=${hidden}`],
  ["JSON", '{"password": "a b", "x": 1}', `{"password": "${hidden}", "x": 1}`],
  ["JSON in JSON", '{\\"apiKey\\":\\"a b\\"}', `{\\"apiKey\\":\\"${hidden}\\"}`],
  ["an escaped quote in a value", '"token": "a\\"b" c', `"token": "${hidden}" c`],
  ["a quoted value that is cut off", "secret: 'abc def", `secret: '${hidden}`],
  ["a list of names and values", '{"name":"DB_PASSWORD","value":"x"}', `{"name":"DB_PASSWORD","value":"${hidden}"}`],
  [
    "a name and a value of YAML",
    "- name: DB_PASSWORD\n  value: a\n- name: x",
    `- name: DB_PASSWORD\n  value: ${hidden}\n- name: x`,
  ],
  ["a quoted value of YAML", `- name: "DB_PASSWORD"\n  value: "a b"`, `- name: "DB_PASSWORD"\n  value: "${hidden}"`],
  ["YAML in JSON", '"- name: DB_PASSWORD\\n  value: a\\n"', `"- name: DB_PASSWORD\\n  value: ${hidden}\\n"`],
  ["a name and a value as Go prints them", "{Name:DB_PASSWORD Value:a}", `{Name:DB_PASSWORD Value:${hidden}`],
  [
    "the value of a name that is no secret's stays",
    "- name: key\n- name: REPLICAS\n  value: 3",
    "- name: key\n- name: REPLICAS\n  value: 3",
  ],
  ["a block of YAML", "password: |\n  a b\n\n    c: d\nuser: x", `password: ${hidden}\nuser: x`],
  ["a folded block of YAML", "- token: >-\r\n    a\r\n    b\r\n- x", `- token: ${hidden}\r\n- x`],
  ["a block of YAML at the text's end", "token: |2\n  a\n  b", `token: ${hidden}`],
  [
    "a block of YAML in JSON",
    '{"y":"token: |\\n  a\\n  \\"b\\"\\nx: 1\\n","n":" 2"}',
    `{"y":"token: ${hidden}\\nx: 1\\n","n":" 2"}`,
  ],
  ["a block of YAML that JSON ends", '{"y":"token: |\\n  a\\n  b","n":" 2"}', `{"y":"token: ${hidden}","n":" 2"}`],
  ["an empty block of YAML", "password: |\nuser: x", "password: |\nuser: x"],
  [
    "a column of values",
    `password            = "a b"\nPASSWORD:            a`,
    `password            = "${hidden}"\nPASSWORD:            ${hidden}`,
  ],
  [
    "an element of XML",
    "<db:password a='1'>a b</db:password><user>x</user>",
    `<db:password a='1'>${hidden}</db:password><user>x</user>`,
  ],
  ["what follows a placeholder stays", "write <token> here, <b>", "write <token> here, <b>"],
  ["a header", "Authorization: Basic dXNlcg==\nAccept: x", `Authorization: ${hidden}\nAccept: x`],
  ["a header of one's own", "X-Api-Key: abc", `X-Api-Key: ${hidden}`],
  ["a header as an assignment", "authorization=Basic dXNlcg==", `authorization=${hidden}`],
  [
    "a user and a password of a command line",
    "curl -u admin:a --user 'b:c d' -u 1000:1000",
    `curl -u admin:${hidden} --user 'b:${hidden}' -u 1000:1000`,
  ],
  ["a bearer token", "sent Bearer abc.def", `sent Bearer ${hidden}`],
  ["a JWT", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln from x", `got ${hidden} from x`],
  ["a JWT that is cut off", "got eyJhbGciOiJIUzI1NiJ9.eyJz", `got ${hidden}`],
  ["an AWS key and its secret", "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", `${hidden} ${hidden}`],
  ["a GitHub token", "ghp_0123456789abcdefABCDEF0123456789abcd", hidden],
  ...[
    "xapp-1-A111-123-0123456789ab",
    "dckr_pat_0123456789abcdefghij",
    "pypi-AgEIcHlwaS5vcmcCJDAx",
    "glrt-0123456789abcdefghij",
  ]
    .concat([
      "SG.0123456789abcdef.0123456789abcdef",
      "sk-0123456789abcdefghijABCDEFGHIJ0123",
      "glsa_0123456789abcdefghij_01234567",
      "hf_0123456789abcdefghijABCDEFGHIJ0123",
    ])
    .concat(["AGE-SECRET-KEY-1QQPQZP0123456789ABCDEF"])
    .map((token): [string, string, string] => [`the token ${token.slice(0, 8)}…`, `got ${token}.`, `got ${hidden}.`]),
  ["a PEM block", "a -----BEGIN KEY-----\nMII\n-----END KEY----- b", `a ${hidden} b`],
  ["a PEM block without its end", "a -----BEGIN KEY-----\nMII", `a ${hidden}`],
  ["a PEM block without its beginning", "see QUJDREVGR0hJSktMTU5PUFE=\n-----END KEY----- b", `see ${hidden} b`],
  ["a PEM block in Base64", "data LS0tLS1CRUdJTiBSU0EgUFJJVkFURQ==", `data ${hidden}`],
  ["a URL with credentials", "https://user:p@ss@host/x?y", `https://${hidden}@host/x?y`],
  ["a URL with a slash in its password", "https://user:p/ss@host/x", `https://${hidden}@host/x`],
  ["a URL with a token in its query", "https://h/x?access_token=abc&y=1", `https://h/x?access_token=${hidden}&y=1`],
  [
    "a URL that is signed",
    "https://h/x?sig=a%2Bb&X-Amz-Signature=c&X-Goog-Signature=d&y=1",
    `https://h/x?sig=${hidden}&X-Amz-Signature=${hidden}&X-Goog-Signature=${hidden}&y=1`,
  ],
  [
    "a webhook's URL",
    "https://hooks.slack.com/services/T0/B0/abc x https://discord.com/api/webhooks/1/a-b",
    `https://hooks.slack.com/services/${hidden} x https://discord.com/api/webhooks/${hidden}`,
  ],
  ["an image by digest stays", "oci://127.0.0.1:5000/ok@sha256:ab12", "oci://127.0.0.1:5000/ok@sha256:ab12"],
  ["the name of a Secret stays", 'secret "db-credentials" not found', 'secret "db-credentials" not found'],
  ["a sentence about tokens stays", "the bearer token was rejected", "the bearer token was rejected"],
  ["Tekton's words stay", '"step-apply" exited with code 7: Error', '"step-apply" exited with code 7: Error'],
  [
    "words with dashes stay",
    "risk-0123456789 sk-learn-contrib SG.x pypi-server task-sk-build",
    "risk-0123456789 sk-learn-contrib SG.x pypi-server task-sk-build",
  ],
  ["a word that ends in key stays", "monkey=1 keyboard=2", "monkey=1 keyboard=2"],
];

for (const [sentence, text, expected] of texts) {
  Deno.test(`redact: ${sentence}`, () => {
    assertEquals(redact(text), expected);
    assertEquals(redact(expected), expected, "what is redacted stays as it is");
  });
}

Deno.test("hideKnown hides the very values of secret parameters, longest first, and leaves short ones", () => {
  const parameters = { A_TOKEN: "abcd", B_TOKEN: "abcdef", C_TOKEN: "no", REPLICAS: "three" };
  assertEquals(hideKnown("abcdef, abcd; no three", parameters), `${hidden}, ${hidden}; no three`);
});

Deno.test("cap cuts between characters, says so, and never gives more than the limit", () => {
  assertEquals(cap("short"), "short");
  assertEquals(cap("é".repeat(30), 52), `${"é".repeat(21)}… [cut]`);
  assertEquals(cap("lone \ud800"), "lone \ufffd");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 40 }), (text, limit) => {
    const bytes = new TextEncoder().encode(cap(text, limit));
    assert(bytes.length <= limit);
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }));
});

Deno.test("redact takes time linear in the text, whatever is repeated in it", () => {
  const bait = [
    "a",
    "eyJ",
    "://",
    "://a:b",
    "://a:b@",
    "-----BEGIN ",
    "-----END ",
    "A\\n-----END ",
    "token=",
    'token="',
    "\\",
  ]
    .concat([
      "token='\\'",
      "--token ",
      "key:",
      "token=,a",
      "token=a,",
      "bearer  ",
      "cookie:",
      '"key":"token",',
      "AKIA",
      "token: |\n",
      "token: |\n a",
      "token: |\n\n",
      "token: |\\n",
      "token: |\\n a",
      "token: |\\\\n  a",
      "name: token        ",
      "name: token\n",
      "a                 ",
      "<token>",
      "<token ",
      "-u a:",
      "?sig=",
      " ",
    ]);
  const size = 200_000;
  for (const part of bait) {
    const text = part.repeat(size / part.length);
    const startMs = performance.now();
    redact(text);
    const tookMs = performance.now() - startMs;
    assert(tookMs < 2_000, `${JSON.stringify(part)} took ${tookMs} ms`); // the square of it would be several times that
  }
});
