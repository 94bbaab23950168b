// The command line's entry: which command, and its exit code. Everything else is in lib/cli.

import { main } from "./lib/cli/main.ts";

if (import.meta.main) Deno.exitCode = await main(Deno.args);
