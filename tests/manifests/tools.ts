// Programs that not every machine has (kubectl, helm, promtool): a test that needs one is ignored, with a word, where it is not
// on PATH.

/** Whether it is on PATH. */
export function has(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return folder !== "" && Deno.statSync(`${folder}/${program}`).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
      throw error;
    }
  });
}

export function testWith(program: string, name: string, run: () => Promise<void>): void {
  if (has(program)) Deno.test(name, run);
  else Deno.test.ignore(`${name} (needs ${program} on PATH)`, () => {});
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program at the root of the repository. */
export async function ran(program: string, args: readonly string[], stdin = ""): Promise<Ran> {
  const cwd = new URL("../../", import.meta.url);
  const child = new Deno.Command(program, { args: [...args], cwd, stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** What a program writes when it succeeds. */
export async function output(program: string, ...args: string[]): Promise<string> {
  const { code, out, err } = await ran(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${err || out}`);
  return out;
}

/** The Kubernetes version that templates are rendered for. */
export const kubeVersion = "1.36.0";

export function helmTemplate(...more: string[]): Promise<string> {
  const release = ["template", "kubernaut", "deploy/helm", "--namespace", "kubernaut-system"];
  return output("helm", ...release, "--kube-version", kubeVersion, ...more);
}
