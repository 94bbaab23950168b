// The values of Kubernetes' API that JSON has no type for: times, quantities, durations, numbers that may be text.
// Each has a reader (to…) that throws a TypeError saying what is there and what should be, and a writer (from…).
import { checkStr, describeJson, type JSONValue } from "../../kube/contract.ts";

/** metav1.Time: RFC 3339 on the wire. */
export type Time = Date;

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)$/;

export function toTime(input: JSONValue | undefined): Time {
  const text = checkStr(input);
  const time = new Date(rfc3339.test(text) ? text : NaN);
  if (Number.isNaN(time.valueOf())) throw new TypeError(`is ${describeJson(text)}, must be an RFC 3339 time`);
  return time;
}

/** RFC 3339 in UTC, as Go writes it: no fraction where there is none. */
export function fromTime(input: Time): string {
  return input.toISOString().replace(".000Z", "Z");
}

/** metav1.MicroTime: a time to the microsecond. */
export class MicroTime {
  constructor(
    /** The time, to the second. */
    public baseDate: Date,
    /** Microseconds beyond that second, 0 to 999,999. */
    public micros: number,
  ) {}

  toISOString(): string {
    return `${this.baseDate.toISOString().slice(0, 19)}.${String(this.micros).padStart(6, "0")}Z`;
  }
}

export function toMicroTime(input: JSONValue | undefined): MicroTime {
  const text = checkStr(input);
  const time = toTime(text);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return new MicroTime(new Date(Math.floor(time.valueOf() / 1000) * 1000), Number(fraction.slice(0, 6).padEnd(6, "0")));
}

export function fromMicroTime(input: MicroTime): string {
  return input.toISOString();
}

/** resource.Quantity: `1.5Gi`, `100m`, `2e3`. */
export class Quantity {
  constructor(public number: number, public suffix: string) {}

  serialize(): string {
    return `${this.number}${this.suffix}`;
  }
}

export function toQuantity(input: JSONValue | undefined): Quantity {
  const text = typeof input === "number" ? String(input) : checkStr(input);
  const parts = /^([-+]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?$/.exec(text);
  if (!parts) throw new TypeError(`is ${describeJson(input)}, must be a quantity such as 500m or 1.5Gi`);
  return new Quantity(Number(parts[1]), parts[2] ?? "");
}

export function fromQuantity(input: Quantity): string {
  return input.serialize();
}

/** metav1.Duration, kept as it was written: `1h30m`. */
export class Duration {
  constructor(public text: string) {}

  serialize(): string {
    return this.text;
  }
}

export function toDuration(input: JSONValue | undefined): Duration {
  const text = checkStr(input);
  if (!/^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) {
    throw new TypeError(`is ${describeJson(text)}, must be a Go duration such as 30m or 1h30m`);
  }
  return new Duration(text);
}

export function fromDuration(input: Duration): string {
  return input.serialize();
}

export type IntOrString = number | string;

export function toIntOrString(input: JSONValue | undefined): IntOrString {
  if (typeof input === "string" || typeof input === "number") return input;
  throw new TypeError(`is ${describeJson(input)}, must be a number or a string`);
}
