// Programs that tests run where they are installed: whether one is there, and what it says.

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Whether there is a program of this name on PATH. Where there is none, tests say so in their name and are left out. */
export function isOnPath(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
      throw error;
    }
  });
}

/** Runs a program to its end, with this on its standard input. */
export async function runToEnd(program: string, args: readonly string[], input = ""): Promise<Said> {
  const command = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
