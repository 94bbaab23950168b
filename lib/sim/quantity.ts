// Quantities of Kubernetes as numbers: enough to tell a whole one, and to compare counts. Source: apimachinery's resource.Quantity.

/** The number that a quantity stands for: 1k, 1e3 and 1000000m are 1000, 1Ki is 1024; NaN for what is no quantity. */
export function quantityValue(quantity: unknown): number {
  const [, number = "", suffix = ""] = /^([+-]?[\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  if (/^([eE][+-]?\d+)?$/.test(suffix)) return Number.parseFloat(number + suffix);
  const [, unit = "", binary = ""] = /^([numkKMGTPE])(i?)$/.exec(suffix) ?? [];
  const parts = ["m", "u", "n"].indexOf(unit) + 1;
  if (parts > 0) return Number(number) / 1000 ** parts;
  const times = "kMGTPE".indexOf(unit.replace("K", "k")) + 1;
  return unit === "" ? NaN : Number(number) * (binary ? 1024 : 1000) ** times;
}
