// `kubernaut-we version`.

import manifest from "../../deno.json" with { type: "json" };
import { lineWriter } from "../log.ts";

export const version: string = manifest.version;

export function printVersion(_args: string[]): Promise<number> {
  lineWriter(Deno.stdout)(`kubernaut-we ${version} (Deno ${Deno.version.deno}, V8 ${Deno.version.v8})`);
  return Promise.resolve(0);
}
