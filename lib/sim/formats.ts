// String formats of a structural schema, as far as an API server enforces them. Unknown formats are accepted, as there.
// Source: k8s.io/kube-openapi pkg/validation/strfmt.
import { parseGoDuration } from "./go_duration.ts";

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}([.,]\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const ipv4 = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$/;
const hostname = /^([\p{L}\d](-?[\p{L}\d]{0,62})?|([\p{L}\d]([\p{L}\d-]{0,61}[\p{L}\d])?\.)+\p{L}{2,63})$/u;
const mac = /^[\da-f]{2}([:-][\da-f]{2}){5}([:-][\da-f]{2}){0,2}$|^[\da-f]{4}(\.[\da-f]{4}){2,3}$/i;
const timeUnits = /^(ns|nanos?|us|µs|micros?|ms|millis?|s|secs?|m|mins?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$/i;

const checks: Record<string, (text: string) => boolean> = {
  "date-time": (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: isDuration,
  byte: (text) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  hostname: (text) => hostname.test(text),
  uri: (text) => !/\s/.test(text) && (text.startsWith("/") || URL.canParse(text)),
  mac: (text) => mac.test(text),
  ipv4: (text) => ipv4.test(text),
  ipv6: isIpv6,
  cidr: isCidr,
};

/** The name of the format that the text does not have; undefined when it has it. */
export function formatFault(format: string, text: string): string | undefined {
  const check = checks[format];
  return check && !check(text) ? format : undefined;
}

/** A Go duration, or numbers with a unit each, anywhere in the text: the API server's library takes `1 day` and `P1D`. */
function isDuration(text: string): boolean {
  if (parseGoDuration(text) !== undefined) return true;
  const parts = [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)];
  return parts.length > 0 && parts.every(([, unit = ""]) => timeUnits.test(unit));
}

function isIpv6(text: string): boolean {
  return text.includes(":") && URL.canParse(`http://[${text}]/`);
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return ipv4.test(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
}
