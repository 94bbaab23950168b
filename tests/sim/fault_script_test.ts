// The parts of a fault script that need no network: when a fault happens, by count, chance and clock, and what it may do.
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import type { Fault } from "../../lib/sim/faults.ts";

const path = "/api/v1/namespaces/default/configmaps";

function faulty(...faults: Fault[]) {
  const clock = new ManualClock();
  const server = new ApiServer({ clock });
  const added = faults.map((fault) => server.faults.add(fault));
  const create = (name: string) =>
    server.handle(
      new Request(`http://sim${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ metadata: { name } }),
      }),
    );
  const stored = (name: string) => server.storage.get("/configmaps", `default/${name}`) !== undefined;
  return { clock, server, added, create, stored, [Symbol.dispose]: () => server[Symbol.dispose]() };
}

const creates: Fault["match"] = ({ verb, resource }) => verb === "create" && resource === "configmaps";

/** Lets everything that waits for no clock happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

Deno.test("a delayed request is carried out when its time has come", async () => {
  using test = faulty({ match: creates, times: 1, action: { delayMs: 1_000 } });
  const answer = test.create("a");
  await settle();
  test.clock.advance(999);
  await settle();
  assertEquals(test.stored("a"), false);
  test.clock.advance(1);
  assertEquals([(await answer).status, test.stored("a")], [201, true]);
});

Deno.test("a delayed answer is of a request that was carried out at once", async () => {
  using test = faulty({ match: creates, times: 1, action: { delayAnswerMs: 1_000 } });
  let answered = false;
  const answer = test.create("a").then((response) => {
    answered = true;
    return response.status;
  });
  while (!test.stored("a")) await Promise.resolve();
  await settle();
  assertEquals(answered, false);
  test.clock.advance(1_000);
  assertEquals(await answer, 201);
});

Deno.test("a fault may do anything just before the request", async () => {
  const seen: string[] = [];
  using test = faulty({ match: creates, action: { run: ({ verb }) => void seen.push(verb) } });
  assertEquals([(await test.create("a")).status, seen, test.stored("a")], [201, ["create"], true]);
});

Deno.test("a fault by chance happens about as often as it says, and the same way again", async () => {
  const codes = async () => {
    using test = faulty({ match: creates, probability: 0.5, action: { status: 503 } });
    return await Promise.all(Array.from({ length: 100 }, async (_, i) => (await test.create(`n-${i}`)).status));
  };
  const first = await codes();
  const refused = first.filter((code) => code === 503).length;
  assertEquals([refused > 30 && refused < 70, await codes()], [true, first]);
});

Deno.test("of several faults the first that matches and is not used up is taken", async () => {
  using test = faulty(
    { match: creates, times: 1, action: { status: 409 } },
    { match: () => true, times: 1, action: { status: 500, reason: "Odd", message: "odd" } },
  );
  const answers = [await test.create("a"), await test.create("a"), await test.create("a")];
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  assertEquals(bodies.map(({ code, reason, kind }) => [code ?? kind, reason]), [
    [409, "Conflict"],
    [500, "Odd"],
    ["ConfigMap", undefined],
  ]);
});

Deno.test("a fault that is taken out of the script does not happen any more", async () => {
  using test = faulty({ match: creates, action: { status: 500 } }, { match: creates, action: { status: 503 } });
  assertEquals((await test.create("a")).status, 500);
  test.added[0]?.[Symbol.dispose]();
  assertEquals((await test.create("a")).status, 503);
  test.server.faults.clear();
  assertEquals((await test.create("a")).status, 201);
});

Deno.test("an answer may be anything at all, no Status too", async () => {
  using test = faulty({ match: creates, times: 1, action: { status: 502, body: "<html>bad gateway</html>" } });
  const answer = await test.create("a");
  assertEquals([answer.status, await answer.text()], [502, "<html>bad gateway</html>"]);
});
