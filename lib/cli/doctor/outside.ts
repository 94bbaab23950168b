// What lies outside the cluster's API: the Data Storage Service, and this machine's ports.

import { dataStorageTakenBy } from "../../audit/data_storage.ts";
import { HttpPost } from "../../audit/http_post.ts";
import { addressText, describeSink, parseAddress } from "../../config_values.ts";
import type { Finding, Patient } from "./finding.ts";

/**
 * One line an http sink. The service is sent an empty batch: it lets in whoever may write, then refuses the batch as empty
 * (400), and nothing is stored.
 */
export async function dataStorage({ config, clock }: Patient): Promise<Finding[]> {
  const check = "data-storage";
  const findings: Finding[] = [];
  for (const sink of config.audit.sinks) {
    if (sink.kind !== "http") continue;
    using post = new HttpPost({
      url: `${sink.url}/api/v1/audit/events/batch`,
      contentType: "application/json",
      takenBy: dataStorageTakenBy,
      tokenFile: config.audit.tokenFile,
      caFile: config.audit.caFile,
      clock,
    });
    const answer = await post.send("[]", new AbortController().signal);
    const name = describeSink(sink);
    if (answer.outcome !== "failed") {
      findings.push({ check, status: "ok", message: `${name} takes events from this account` });
    } else {
      findings.push({ check, status: "fail", message: `${name}: ${answer.reason}`, mend: advice(answer.reason) });
    }
  }
  const kept = "audit.sinks names no Data Storage Service";
  return findings.length > 0 ? findings : [{ check, status: "ok", message: kept }];
}

function advice(reason: string): string {
  if (/^401/.test(reason)) return "set audit.tokenFile to a file with a token that the service accepts";
  if (/^403/.test(reason)) {
    return "let the account create services/data-storage-service: kubectl create role audit-writer --verb=create,get " +
      "--resource=services --resource-name=data-storage-service --namespace <its namespace>, and bind it";
  }
  if (/^404/.test(reason)) return "set audit.sinks to the service's base URL, without a path";
  if (/certificate/i.test(reason)) return "set audit.caFile to the certificate authority of the service";
  return "kubectl get pods,endpoints --all-namespaces --selector app=data-storage-service; check the URL in audit.sinks";
}

/** One line an address that cannot be had; one good line when all can. A controller that runs here already has them rightly. */
export async function ports({ config, clock }: Patient): Promise<Finding[]> {
  const check = "ports";
  const addresses = { "health.address": config.health.address, "metrics.address": config.metrics.address };
  const faulty = Object.entries(addresses).flatMap(([key, address]) => {
    const fault = listenFault(address);
    return fault === undefined ? [] : [{ key, address, fault }];
  });
  if (faulty.length === 0) {
    return [{ check, status: "ok", message: Object.values(addresses).join(" and ") }];
  }
  const { hostname = "127.0.0.1", port } = parseAddress(config.health.address);
  const allTaken = faulty.every(({ fault }) => fault instanceof Deno.errors.AddrInUse);
  if (allTaken && await isController(`http://${addressText({ hostname, port })}/readyz?verbose`, clock)) {
    return [{ check, status: "ok", message: `a controller runs here: ${config.health.address}` }];
  }
  return faulty.map(({ key, address, fault }) => {
    const flag = `--${key.replace(".", "-")}`;
    return fault instanceof Deno.errors.AddrInUse
      ? {
        check,
        status: "fail",
        message: `${address} (${key}) is taken by another program`,
        mend: `end it, or choose another: ${flag} :0 (ss -ltnp shows who listens)`,
      }
      : {
        check,
        status: "fail",
        message: `${address} (${key}) cannot be listened on: ${fault.message}`,
        mend: `choose an address of this machine, and a port that this account may use: ${flag} :PORT`,
      };
  });
}

/** Why an address cannot be listened on; undefined where it can. */
function listenFault(address: string): Error | undefined {
  const { hostname, port } = parseAddress(address);
  try {
    Deno.listen({ port, ...(hostname ? { hostname } : {}) }).close();
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

async function isController(url: string, clock: Patient["clock"]): Promise<boolean> {
  const late = new AbortController();
  using _timer = clock.timer(2_000, () => late.abort(new Error("no answer")));
  try {
    const response = await fetch(url, { signal: late.signal });
    return /^\[[+-]\]workflowexecutions /m.test(await response.text());
  } catch (error) {
    if (error instanceof TypeError || late.signal.aborted) return false;
    throw error;
  }
}
