// The bound on a server's connections. Where there is no place left, a further one takes the place of the one that has been
// idle longest: were it refused instead, whoever opens connections and leaves them would shut the kubelet out, which would then
// kill the process. Places change hands only so often: beyond that a connection is refused before it has cost anything, for a
// flood of ten thousand that were all let in for a moment took 100 MB.

import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../clock.ts";

interface Connection {
  readonly socket: Socket;
  /** Requests that have been read and not answered yet. */
  unanswered: number;
}

/** So many places may change hands in that time. */
const turnover = 64;
const turnoverMs = 250;

/** Keeps a server, plain or over TLS, to `max` connections. To be called before it listens, disposed of when it has closed. */
export function boundConnections(server: Server, max: number, clock: Clock): Disposable {
  /** By peer, because a request over TLS names another socket than its connection; the one idle longest is first. */
  const open = new Map<string, Connection>();
  let handedOver = 0;
  let timer: Disposable | undefined;
  // Of those that made place, some are still being closed: the server counts them, too.
  server.maxConnections = max + turnover;

  const makePlace = () => {
    const connections = [...open];
    const found = connections.find(([, { unanswered }]) => unanswered === 0) ?? connections[0];
    if (!found) return;
    const [peer, { socket }] = found;
    open.delete(peer);
    socket.destroy();
    if (++handedOver === turnover) server.maxConnections = max;
    timer ??= clock.timer(turnoverMs, () => {
      timer = undefined;
      handedOver = 0;
      server.maxConnections = max + turnover;
    });
  };
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    if (open.size >= max) makePlace();
    open.set(peer, { socket, unanswered: 0 });
    socket.once("close", () => {
      if (open.get(peer)?.socket === socket) open.delete(peer);
    });
  });
  server.on("request", (request, response) => {
    const peer = peerOf(request.socket);
    const touch = (unanswered: number) => {
      const connection = open.get(peer);
      if (!connection) return;
      connection.unanswered += unanswered;
      open.delete(peer);
      open.set(peer, connection);
    };
    touch(1);
    response.once("close", () => touch(-1));
  });
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
