// The stand-in Data Storage Service on a real port, so that connections can really be cut or left hanging. Over TLS when a
// certificate is given.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { DataStorage } from "./data_storage.ts";

export interface DataStorageServer extends AsyncDisposable {
  readonly url: string;
}

export async function serveDataStorage(
  storage: DataStorage,
  tls?: { cert: string; key: string },
): Promise<DataStorageServer> {
  const listener = (request: IncomingMessage, response: ServerResponse) => void answer(storage, request, response);
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(storage: DataStorage, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method = "GET", url = "/" } = request;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === "string") headers.set(name, value);
  const body = chunks.length > 0 ? await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text() : null;
  const result = await storage.handle(new Request(`http://stand-in${url}`, { method, headers, body }));
  if (result === "cut") return void request.socket.destroy();
  if (result === "hang") return;
  response.writeHead(result.status, Object.fromEntries(result.headers));
  response.end(await result.text());
}
