// metav1.MicroTime: RFC 3339 with six digits after the seconds, as Lease and Event want it.

/** @param atMs milliseconds since the epoch */
export function microTime(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000Z");
}
