// The metrics that a PromQL expression names, as far as our own queries need it: selectors with their label names, and the
// labels that aggregations group by.

export interface Selector {
  readonly metric: string;
  /** Labels matched, and (for every selector of the expression) grouped by. */
  readonly labels: readonly string[];
}

/** Words of PromQL that stand where a metric could. */
const words = new Set(["and", "or", "unless", "by", "without", "on", "ignoring", "bool", "inf", "nan"]);

/** Every metric that is asked for. Strings and durations are none; neither is what is called like a function. */
export function selectorsOf(expr: string): Selector[] {
  const grouped = [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) => namesIn(list));
  const bare = expr.replaceAll(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, " ").replaceAll(/\[[^\]]*\]/g, " ");
  return [...bare.matchAll(/(?<![\w"])([a-zA-Z_:][\w:]*)\s*(\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\})?(\s*\()?/g)].flatMap(
    ([, metric = "", braces, inside = "", call]) => {
      if (!braces && (call || words.has(metric.toLowerCase()))) return [];
      const matched = [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, name = ""]) => name);
      return [{ metric, labels: [...matched, ...grouped] }];
    },
  );
}

function namesIn(list: string): string[] {
  return list.split(",").map((name) => name.trim()).filter((name) => name !== "");
}
