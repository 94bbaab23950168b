// Values come out whole or not at all, however the bytes were split.

import { assertEquals, assertThrows } from "@std/assert";
import { JsonLines } from "../../lib/kube/json_lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("jsonLines: values come whole, wherever the bytes are split, inside a character too", () => {
  const whole = bytes('{"a":"žlutý 🐎"}\n\n[1,2]\n"x"\n');
  for (let size = 1; size <= whole.length; size++) {
    const lines = new JsonLines();
    const values = [];
    for (let at = 0; at < whole.length; at += size) values.push(...lines.push(whole.subarray(at, at + size)));
    lines.end();
    assertEquals(values, [{ a: "žlutý 🐎" }, [1, 2], "x"]);
  }
});

Deno.test("jsonLines: a line that is no JSON is an error that names the line, and not its text", () => {
  const lines = new JsonLines();
  assertThrows(
    () => lines.push(bytes('{}\n{"password":\n')),
    Error,
    "Cannot read line 2 of the stream: it is not JSON",
  );
  assertThrows(() => new JsonLines().push(new Uint8Array([0x22, 0xff, 0x22, 0x0a])), Error, "line 1");
});

Deno.test("jsonLines: an end in the middle of a line is an error", () => {
  const lines = new JsonLines();
  assertEquals(lines.push(bytes('{}\n{"a"')), [{}]);
  assertThrows(() => lines.end(), Error, "Cannot read line 2 of the stream: it was cut off after 4 bytes");
});

Deno.test("jsonLines: a line of 20 MB in chunks of 1 KB takes linear time", () => {
  const lines = new JsonLines();
  const chunk = bytes("x".repeat(1_024));
  lines.push(bytes('"'));
  for (let i = 0; i < 20_000; i++) lines.push(chunk);
  const [value] = lines.push(bytes('"\n'));
  assertEquals((value as string).length, 20_000 * 1_024);
});
