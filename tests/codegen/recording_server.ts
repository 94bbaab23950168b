// A server on a real port that keeps what it was sent and answers as the test says, with a client to it.
import { systemClock } from "../../lib/clock.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONValue } from "../../lib/kube/contract.ts";

/** Path with its query; content type and body where there is a body. */
export interface SentRequest {
  method: string;
  path: string;
  type?: string;
  body?: JSONValue;
}

export interface RecordingServer extends AsyncDisposable {
  readonly url: string;
  /** Closed with the server. */
  readonly client: KubeClient;
  /** Another client, which whoever asks for it closes. */
  connect(): Promise<KubeClient>;
  readonly requests: SentRequest[];
}

export function recordingServer(answer: (request: SentRequest) => Response): RecordingServer {
  const requests: SentRequest[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url);
    const sent: SentRequest = { method: request.method, path: url.pathname + url.search };
    const body = await request.text();
    if (body) {
      sent.body = JSON.parse(body);
      const type = request.headers.get("content-type");
      if (type) sent.type = type;
    }
    requests.push(sent);
    return answer(sent);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const open = () =>
    new KubeClient({
      baseUrl: url,
      httpClient: Deno.createHttpClient({ poolMaxIdlePerHost: 0 }),
      clock: systemClock,
    });
  const client = open();
  return {
    url,
    client,
    connect: () => Promise.resolve(open()),
    requests,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server.shutdown();
    },
  };
}
