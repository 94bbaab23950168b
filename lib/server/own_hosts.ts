// The names and addresses that a self-signed certificate is for: whatever somebody may reach this process by. A pod's address
// changes with every start, so the first name is one that stays: `tls_config.server_name` for Prometheus.

import { parseAddress } from "../config_values.ts";

export interface OwnHosts {
  /** A name that is the same in every process of this program. */
  readonly name: string;
  /** Where it listens, as `parseAddress` reads it. */
  readonly listen: string;
  /** The machine's name; in a pod the pod's. */
  readonly hostname: string;
  /** As of `Deno.networkInterfaces()`. */
  readonly interfaces: readonly { readonly address: string }[];
}

/** Each once: `name`, `localhost`, the machine's name, then the addresses that are listened on. */
export function ownHosts({ name, listen, hostname, interfaces }: OwnHosts): string[] {
  const { hostname: host } = parseAddress(listen);
  const everywhere = host === undefined || host === "0.0.0.0" || host === "::";
  // A link-local address means nothing without its interface, which no certificate names.
  const addresses = interfaces.map(({ address }) => address).filter((address) => !/^fe[89ab]/i.test(address));
  return [...new Set([name, "localhost", hostname, ...everywhere ? addresses : [host]])];
}
