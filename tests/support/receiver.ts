// A server that takes whatever JSON is posted to it, keeps it, and answers as it is told: an audit sink or a webhook, over TLS
// where it is given a certificate.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { KeyPairPem } from "../../lib/server/self_signed.ts";

export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  /** What it answers. */
  status = 201;
  readonly #server;

  private constructor(tls: KeyPairPem | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response);
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
  }

  static async start(tls?: KeyPairPem): Promise<Receiver> {
    const receiver = new Receiver(tls);
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of request) chunks.push(chunk);
    this.received.push({ headers: request.headers, body: JSON.parse(await new Blob(chunks).text()) });
    response.writeHead(this.status).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
