// The bound on a server's connections. Where there is no place left, a further one takes the place of the one that has been
// idle longest: were it refused instead, whoever opens connections and leaves them would shut the kubelet out, which would then
// kill the process.

import type { Server } from "node:http";
import type { Socket } from "node:net";

interface Connection {
  readonly socket: Socket;
  /** Requests that have been read and not answered yet. */
  unanswered: number;
}

/** Keeps a server, plain or over TLS, to `max` connections. To be called before it listens. */
export function boundConnections(server: Server, max: number): void {
  /** By peer, because a request over TLS names another socket than its connection; the one idle longest is first. */
  const open = new Map<string, Connection>();
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    if (open.size >= max) makePlace(open);
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
}

/** Ends the connection that has been idle longest; where each has an answer under way, the one that has had it longest. */
function makePlace(open: Map<string, Connection>): void {
  const connections = [...open];
  const found = connections.find(([, { unanswered }]) => unanswered === 0) ?? connections[0];
  if (!found) return;
  const [peer, { socket }] = found;
  open.delete(peer);
  socket.destroy();
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
