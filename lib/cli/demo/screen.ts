// How the demo shows what happens: on a terminal a table that is drawn again in its place, elsewhere one plain line a change.

import { formatDuration } from "../../workflow/duration.ts";
import { type Execution, statusTimeMs } from "../../workflow/execution.ts";

export interface Screen {
  /** A sentence about what comes next. */
  say(text: string): void;
  /** The executions as they are now. */
  show(executions: readonly Execution[], nowMs: number): void;
  /** The last state stays; what follows is printed below it. */
  end(): void;
}

export function createScreen(write: (text: string) => void, o: { terminal: boolean; columns: number }): Screen {
  return o.terminal ? new LiveTable(write, o.columns) : new PlainLines(write);
}

const header = ["NAME", "PHASE", "WORKFLOW", "TARGET", "DURATION", "REASON"];
const colours: Readonly<Record<string, string>> = {
  Running: "\x1b[36m",
  Completed: "\x1b[32m",
  Failed: "\x1b[31m",
  Skipped: "\x1b[33m",
  Deleting: "\x1b[35m",
};

class PlainLines implements Screen {
  readonly #write: (text: string) => void;
  #known = new Map<string, string>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(text: string): void {
    this.#write(`\n# ${text}\n`);
  }

  show(executions: readonly Execution[], nowMs: number): void {
    const names = new Set(executions.map(({ name }) => name));
    for (const name of this.#known.keys()) {
      if (names.has(name)) continue;
      this.#known.delete(name);
      this.#write(`${name.padEnd(12)} is gone\n`);
    }
    for (const execution of executions) {
      const [name = "", phase = "", workflow = "", target = "", duration = "", reason = ""] = row(execution, nowMs);
      if (this.#known.get(name) === phase) continue;
      this.#known.set(name, phase);
      const ended = duration && phase !== "Running" ? ` after ${duration}` : "";
      this.#write(
        `${name.padEnd(12)} ${phase.padEnd(10)} ${workflow} on ${target}${ended}${reason && ` (${reason})`}\n`,
      );
    }
  }

  end(): void {}
}

class LiveTable implements Screen {
  readonly #write: (text: string) => void;
  readonly #columns: number;
  #drawn = 0;
  #saying = "";

  constructor(write: (text: string) => void, columns: number) {
    this.#write = write;
    this.#columns = columns;
  }

  say(text: string): void {
    this.#saying = text;
  }

  show(executions: readonly Execution[], nowMs: number): void {
    const rows = executions.map((execution) => row(execution, nowMs));
    const widths = header.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]?.length ?? 0)));
    const line = (cells: readonly string[], colour = "") => {
      const text = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").slice(0, this.#columns - 1)
        .trimEnd();
      return colour ? `${colour}${text}\x1b[0m` : text;
    };
    const lines = [
      ...wrap(this.#saying, this.#columns - 1),
      "",
      line(header),
      ...rows.map((cells) => line(cells, colours[cells[1] ?? ""])),
    ];
    this.#write(`${this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ""}\x1b[J${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  end(): void {
    this.#drawn = 0;
  }
}

function row(execution: Execution, nowMs: number): string[] {
  const { name, spec, status, deletedAtMs } = execution;
  const startMs = statusTimeMs(status, "startTime");
  const running = status.phase === "Running" && startMs !== undefined;
  return [
    name,
    deletedAtMs === undefined ? status.phase ?? "Pending" : "Deleting",
    spec.workflowId,
    spec.targetResource,
    running ? formatDuration(Math.max(0, nowMs - startMs)) : status.duration ?? "",
    status.skipDetails?.reason ?? status.failureReason ?? "",
  ];
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] ?? "";
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
