// One module → the text of its file, laid out as `deno fmt` would.
import { emitClient } from "./emit_client.ts";
import { emitStructs, type Imports } from "./emit_structs.ts";
import { type Module, modulePath } from "./model.ts";

/** The specifier that both import maps of a project give a meaning to. */
const packageName = "@cloudydeno/kubernetes-apis";

export function emitModule(module: Module): string {
  const imports: Imports = { modules: new Map(), codec: false };
  const body = [emitStructs(module, imports), emitClient(module)].filter(Boolean).join("\n");
  const hasClient = module.resources.length > 0;
  if (hasClient) imports.modules.set("MetaV1", "meta/v1");
  const up = "../".repeat(modulePath(module.name).split("/").length - 1);
  const modules = [...imports.modules].sort(([a], [b]) => a < b ? -1 : 1);
  return [
    `// ${modulePath(module.name)}: written by \`kubernaut-we generate\` from its schema, never by hand.`,
    `import type * as c from "${packageName}/common.ts";`.replace("type ", /\bc\.[a-z]/.test(body) ? "" : "type "),
    ...modules.map(([alias, path]) => `import * as ${alias} from "${packageName}/${path}";`),
    ...(imports.codec ? [`import * as k from "${up}codec.ts";`] : []),
    ...(hasClient ? [`import * as op from "${up}operations.ts";`] : []),
    "",
    body,
  ].join("\n");
}
