// The beginning of long texts: nothing secret slips out where they are cut, and their length costs nothing.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { excerpt, excerptParameters } from "../../lib/workflow/excerpt.ts";
import { cap, redact } from "../../lib/workflow/redact.ts";

const hidden = "[REDACTED]";

Deno.test("excerptParameters hides the values under secret names, and secrets in other values", () => {
  assertEquals(
    excerptParameters({
      REPLICAS: "3",
      DB_PASSWORD: "x",
      githubToken: "y",
      KEY: "z",
      EMPTY_SECRET: "",
      ARGS: "--token t",
    }),
    {
      REPLICAS: "3",
      DB_PASSWORD: hidden,
      githubToken: hidden,
      KEY: hidden,
      EMPTY_SECRET: "",
      ARGS: `--token ${hidden}`,
    },
  );
});

Deno.test("excerptParameters cuts each value to its limit", () => {
  const { LONG = "" } = excerptParameters({ LONG: "word ".repeat(100) }, 64);
  assertEquals(LONG, "word ".repeat(11) + "… [cut]");
});

Deno.test("excerpt: a text that is not much longer than its room is redacted whole, and then cut", () => {
  const text = `${"word ".repeat(800)} PASSWORD=hunter2 and more ${"word ".repeat(300)}`;
  assertEquals(excerpt(text), cap(redact(text)));
  assertEquals(excerpt("short PASSWORD=hunter2"), `short PASSWORD=${hidden}`);
});

Deno.test("excerpt hides the values of secret parameters too, also where the text is cut", () => {
  const parameters = { A_TOKEN: "two words of it" };
  assertEquals(excerpt("say two words of it", 4096, parameters), `say ${hidden}`);
  const long = excerpt("x ".repeat(60) + "two words of it" + " x".repeat(900), 64, parameters);
  assert(!long.includes("two") && long.endsWith("… [cut]"), long);
});

/** Texts with a secret in them, and what of it must never be seen: no part of six characters. */
const secrets: Record<string, [text: string, secret: string]> = {
  "a quoted value": [`password: "first second third fourth fifth"`, "first second third fourth fifth"],
  "a bare value": ["PASSWORD=correct-horse-battery-staple", "correct-horse-battery-staple"],
  "a header": ["Authorization: Basic dXNlcjpwYXNzd29yZA== and-more", "dXNlcjpwYXNzd29yZA=="],
  "a JWT": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0"],
  "an AWS secret": [" wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  "a URL with credentials": ["https://deployer:hunter2hunter2@registry.example/x", "deployer:hunter2hunter2"],
  "a PEM block": [
    `-----BEGIN KEY-----\n${"QUJDREVGR0hJSktMTU5P\n".repeat(5)}-----END KEY-----`,
    "QUJDREVGR0hJSktMTU5PQUJDREVGR0hJSktMTU5P",
  ],
  "a PEM block without its beginning": [
    `${"QUJDREVGR0hJSktMTU5P\n".repeat(5)}-----END KEY-----`,
    "QUJDREVGR0hJSktMTU5PQUJDREVGR0hJSktMTU5P",
  ],
};

for (const [what, [text, secret]] of Object.entries(secrets)) {
  Deno.test(`excerpt: ${what} does not slip out, wherever the text is cut`, () => {
    const parts = Array.from({ length: secret.length - 5 }, (_, i) => secret.slice(i, i + 6));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 24, max: 70 }), (before, limitBytes) => {
        const shown = excerpt(`${"word ".repeat(before)}${text}${" after".repeat(200)}`, limitBytes);
        for (const part of parts) assert(!shown.includes(part), `${JSON.stringify(part)} in ${JSON.stringify(shown)}`);
        assert(new TextEncoder().encode(shown).length <= limitBytes);
        assertStringIncludes(shown, "… [cut]");
      }),
      { numRuns: 300, seed: 1 },
    );
  });
}

Deno.test("excerpt: of one word without an end nothing is shown but that it was cut", () => {
  assertEquals(excerpt("QUJD".repeat(100_000)), "… [cut]");
});
