// The API server itself: whether it answers, which version it is, and whether its clock and ours agree.

import { ConnectionError, StatusError } from "../../kube/errors.ts";
import { isObject } from "../../workflow/read.ts";
import type { Finding, Patient } from "./finding.ts";

const oldestMinor = 31;

/** Answers with a failure when nothing else can be looked at. */
export async function kubernetes({ client }: Patient): Promise<Finding> {
  const check = "kubernetes";
  try {
    const json = await client.performRequest({ method: "GET", path: "/version", expectJson: true });
    const version = isObject(json) ? json : {};
    const told = String(version["gitVersion"] ?? "an unknown version");
    const minor = parseInt(String(version["minor"] ?? ""), 10);
    if (String(version["major"]) === "1" && minor < oldestMinor) {
      return {
        check,
        status: "fail",
        message: `${told} is too old: 1.${oldestMinor} or later is needed`,
        mend: "upgrade the cluster",
      };
    }
    return { check, status: "ok", message: told };
  } catch (error) {
    if (error instanceof ConnectionError) {
      return { check, status: "fail", message: error.message, mend: "kubectl cluster-info" };
    }
    if (!(error instanceof StatusError)) throw error;
    const refused = error.httpCode === 401;
    return {
      check,
      status: "fail",
      message: refused ? `the credentials are not accepted: ${error.message}` : error.message,
      mend: refused ? "kubectl auth whoami" : "kubectl get --raw '/readyz?verbose'",
    };
  }
}

/** A cooldown is reckoned from times that others wrote: Tekton's, and those of another replica. */
const skewAllowedMs = 5_000;

export function clocks({ clock, serverTime }: Patient): Finding {
  const check = "clock";
  const server = serverTime();
  if (!server) return { check, status: "unknown", message: "the API server told no time (no Date header)" };
  // The header has whole seconds, cut off.
  const skewMs = Math.max(0, Math.abs(server.readAtMs - server.atMs - 500) - 500);
  const seconds = (skewMs / 1000).toFixed(1);
  if (skewMs <= skewAllowedMs) {
    return {
      check,
      status: "ok",
      message: `this machine and the API server agree within ${Math.ceil(skewMs / 1000)} s`,
    };
  }
  return {
    check,
    status: "fail",
    message: `this machine is ${seconds} s ${clock.now() > server.atMs ? "ahead of" : "behind"} the API server`,
    mend: "set both clocks by NTP: timedatectl set-ntp true",
  };
}
