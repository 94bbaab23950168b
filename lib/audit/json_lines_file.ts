// Appends whole lines to a file, durably: they are on the disk when it returns, all of them or none. A torn last line, left
// by a crash or a full disk, is cut off before the next is written: nobody was told that it had been kept. Several processes
// may append to one file; an advisory lock keeps their lines apart.

import { type Clock, sleep, systemClock } from "../clock.ts";
import type { Logger } from "../log.ts";

const newline = 0x0a;
/** Nobody writes for longer. Who keeps a lock longer (a stopped process, a backup) is told of. */
const lockedAtMostMs = 5_000;
const lockedAgainMs = 50;

/**
 * Appends the lines; the result says why it could not, in words for a log, and is undefined when they are kept. Rejects only
 * with the signal's reason, while another process has the file locked.
 */
export async function appendLines(
  path: string,
  lines: readonly string[],
  log: Logger,
  o: { clock?: Clock; signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(lines.map((line) => line + "\n").join(""));
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "." : path.slice(0, slash) || "/";
  try {
    const fresh = !await exists(path);
    if (fresh) await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
    using file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o640 });
    await lock(file, o);
    const endsAt = await repair(file, path, log);
    try {
      await file.seek(endsAt, Deno.SeekMode.Start);
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
      await file.sync();
    } catch (error) {
      await cutBack(file, endsAt);
      throw error;
    }
    if (fresh) await syncDirectory(directory);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || (o.signal?.aborted && error === o.signal.reason)) throw error;
    return `${path}: ${error.message}`;
  }
}

/** @throws {Error} when another has it for too long: a lock that is waited for could not be given up */
async function lock(
  file: Deno.FsFile,
  { clock = systemClock, signal }: { clock?: Clock; signal?: AbortSignal },
): Promise<void> {
  for (let waitedMs = 0; !await file.tryLock(true); waitedMs += lockedAgainMs) {
    if (waitedMs >= lockedAtMostMs) throw new Error("it is locked by another process");
    await sleep(clock, lockedAgainMs, signal);
  }
}

/** Takes back what was written of lines that could not be kept. Where that fails, the next write repairs it. */
async function cutBack(file: Deno.FsFile, endsAt: number): Promise<void> {
  try {
    await file.truncate(endsAt);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Cuts off what follows the last newline; the result is the file's length. */
async function repair(file: Deno.FsFile, path: string, log: Logger): Promise<number> {
  const { size } = await file.stat();
  const endsAt = await afterLastNewline(file, size);
  if (endsAt < size) {
    await file.truncate(endsAt);
    log.warn("audit file ended within a line, cut off: its event is sent again", { path, bytes: size - endsAt });
  }
  return endsAt;
}

async function afterLastNewline(file: Deno.FsFile, size: number): Promise<number> {
  const block = new Uint8Array(64 * 1024);
  // Nearly always the last byte is the newline.
  for (let end = size, length = 1; end > 0; end -= length, length = Math.min(block.length, end)) {
    await file.seek(end - length, Deno.SeekMode.Start);
    for (let at = 0; at < length;) {
      const read = await file.read(block.subarray(at, length));
      if (read === null) {
        throw new Error(`ended at ${end - length + at} bytes while it was read, ${size} were expected`);
      }
      at += read;
    }
    const found = block.subarray(0, length).lastIndexOf(newline);
    if (found >= 0) return end - length + found + 1;
  }
  return 0;
}

/** A new file's name is durable only with its directory. Not every system can: then the file's own sync has to do. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    using handle = await Deno.open(directory, { read: true });
    await handle.sync();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
