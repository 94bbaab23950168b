// Clients that mean no good, on both ports of a running controller: it goes on reconciling and answering its probes, its memory
// stays bounded, and what they leave behind is dropped.

import { assert, assertEquals } from "@std/assert";
import { sleep, systemClock } from "../../lib/clock.ts";
import { runToEnd } from "../support/commands.ts";
import { type Cluster, e2e } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";

const connections = 10_000;
/** What a server has at once (those that it keeps, and those that it is closing), and what the process has open beside it. */
const mostOpen = 128 + 64;
const openAnyway = 60;
const slowClients = 100;
const largeHeaders = 50;
/** The heap's limit in a container; without one V8 takes memory as it finds it. */
const env = { DENO_V8_FLAGS: "--max-old-space-size=64,--optimize-for-size" };
/** By which its memory may grow at its highest; a process without the bound on connections grew by 230. */
const mostGrowthMiB = 100;

const encode = (text: string) => new TextEncoder().encode(text);

e2e("hostile clients", async (cluster, t) => {
  await using controller = await ControllerProcess.start(cluster, [], env);
  const { health, metrics } = await controller.addresses() ?? { health: "", metrics: "" };
  const [told = {}] = await controller.logged("metrics certificate, self-signed");
  const caCert = String(told.certificate);
  await cluster.execute("before");
  await cluster.untilPhase("before", "Completed");
  const before = await memoryMiB(controller, "VmRSS");
  for (const [name, address] of [["health", health], ["metrics", metrics]] as const) {
    const [hostname = "", port = ""] = address.split(":");
    const attack: Attack = { hostname, port: Number(port), ...(name === "metrics" ? { caCert } : {}) };

    await t.step(`${connections} connections to the ${name} port, opened and left`, async () => {
      const count = Math.min(connections, await descriptors() - 1_000);
      using left = new DisposableStack();
      await withWork(cluster, controller, `${name}-left`, () => openAndLeave(attack, count, left));
      const open = await openFiles(controller);
      assert(open <= mostOpen + openAnyway, `${open} files are open with ${count} connections left`);
      await cluster.until("what was left is dropped", 20_000, async () => await openFiles(controller) <= openAnyway);
    });

    await t.step(`${slowClients} clients of the ${name} port that send a byte at a time`, async () => {
      const ends = await withWork(cluster, controller, `${name}-slow`, () => dribble(attack));
      assertEquals(ends, Array(slowClients).fill("cut"));
    });

    await t.step(`${largeHeaders} requests to the ${name} port with a header of 1 MB`, async () => {
      const ends = await withWork(cluster, controller, `${name}-large`, () => overfill(attack));
      assertEquals(ends.filter((end) => end !== "431" && end !== "cut"), []);
    });
  }
  const grownBy = await memoryMiB(controller, "VmHWM") - before;
  assert(grownBy < mostGrowthMiB, `from ${before} MiB its memory grew by ${grownBy} at its highest`);
  assertEquals((await controller.log()).split("\n").filter((line) => /"level":"(warn|error)"/.test(line)), []);
});

interface Attack {
  readonly hostname: string;
  readonly port: number;
  /** Where it speaks TLS, the certificate to trust. */
  readonly caCert?: string;
}

/** Attacks while an execution runs and is followed to its end, and while the kubelet's probes are answered. */
async function withWork<T>(
  cluster: Cluster,
  controller: ControllerProcess,
  name: string,
  attack: () => Promise<T>,
): Promise<T> {
  const under = attack();
  await cluster.execute(name);
  const [result] = await Promise.all([under, cluster.untilPhase(name, "Completed")]);
  // Before anything of it is dropped by its age.
  await cluster.until("a probe is answered", 2_000, () => isReady(controller));
  return result;
}

/** Undefined where its connection was refused, which may be while a flood goes on. */
async function isReady(controller: ControllerProcess): Promise<boolean | undefined> {
  try {
    return await controller.ready();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function openAndLeave({ hostname, port }: Attack, count: number, left: DisposableStack): Promise<void> {
  const batch = 250;
  for (let i = 0; i < count; i += batch) {
    const more = Array.from({ length: Math.min(batch, count - i) }, () => Deno.connect({ hostname, port }));
    for (const connection of await Promise.all(more)) left.use(connection);
  }
}

/** How each client's connection ends that never gets to the end of its request, or of its handshake. */
async function dribble({ hostname, port, caCert }: Attack): Promise<string[]> {
  // The first bytes of a TLS record that announces a handshake of 512 bytes; the rest comes as slowly.
  const head = caCert
    ? [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]
    : [...encode("GET /healthz HTTP/1.1\r\nX: ")];
  return await Promise.all(
    Array.from({ length: slowClients }, async () => {
      using connection = await Deno.connect({ hostname, port });
      const ended = endOf(connection);
      let over = false;
      void ended.then(() => over = true);
      for (let i = 0; i < 300 && !over; i++) {
        await connection.write(Uint8Array.of(head[i] ?? 0x61)).catch(ignoreEnd);
        await Promise.race([ended, sleep(systemClock, 100)]);
      }
      return over ? "cut" : "still open";
    }),
  );
}

/** How each client's request ends that has far too large a header: the status, or "cut". */
async function overfill({ hostname, port, caCert }: Attack): Promise<string[]> {
  const head = encode(`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`);
  return await Promise.all(
    Array.from({ length: largeHeaders }, async () => {
      using connection = caCert
        ? await Deno.connectTls({ hostname: "localhost", port, caCerts: [caCert] })
        : await Deno.connect({ hostname, port });
      const ended = endOf(connection);
      for (let sent = 0; sent < head.length;) {
        const written = await connection.write(head.subarray(sent)).catch(ignoreEnd);
        if (!written) break;
        sent += written;
      }
      return await ended;
    }),
  );
}

/** Reads until the other side ends it: the status that it answered, or "cut". */
async function endOf(connection: Deno.Conn): Promise<string> {
  let text = "";
  const chunk = new Uint8Array(1_024);
  for (let read: number | null | undefined = 1; read;) {
    read = await connection.read(chunk).catch(ignoreEnd);
    text += new TextDecoder().decode(chunk.subarray(0, read ?? 0));
  }
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? "cut";
}

/** A server that closes while bytes are still on their way to it resets the connection. */
function ignoreEnd(error: unknown): undefined {
  const ends = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.UnexpectedEof];
  if (!ends.some((end) => error instanceof end)) throw error;
}

/** How many files this process may have open; Deno raises the limit as far as it may. */
async function descriptors(): Promise<number> {
  const { out } = await runToEnd("sh", ["-c", "ulimit -n"]);
  return out.trim() === "unlimited" ? Infinity : Number(out);
}

async function openFiles({ pid }: ControllerProcess): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
}

/** Resident memory, now (VmRSS) or at its highest so far (VmHWM). */
async function memoryMiB({ pid }: ControllerProcess, of: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(new RegExp(`^${of}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1_024);
}
