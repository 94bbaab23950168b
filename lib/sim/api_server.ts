// A Kubernetes API server in this process: storage, watches, access control and faults behind one `handle(request)`, which
// `serve` puts on a real port. It stands in for kube-apiserver and for the controllers that empty namespaces, collect garbage,
// count quotas, make default service accounts and confirm the end of pods. Time and chance come from the given Clock alone, so that it runs on a virtual clock too.
import { yaml } from "../../deps.ts";
import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { admin, anonymous, Authentication, unauthorized, type UserInfo } from "./auth.ts";
import { aggregatedType, discoverAggregated, wantsAggregated } from "./aggregated_discovery.ts";
import { CustomResources } from "./custom_resources.ts";
import { discover } from "./discovery.ts";
import { noEscalation } from "./escalation.ts";
import { Faults } from "./faults.ts";
import { FaultyTransport } from "./faulty_transport.ts";
import { GarbageCollector } from "./garbage_collector.ts";
import { bareNotFound, errorResponse, jsonResponse, readBody } from "./http_body.ts";
import { impersonated } from "./impersonation.ts";
import { asObject, textAt } from "./objects.ts";
import { inForm, negotiate } from "./negotiation.ts";
import { openApi } from "./openapi.ts";
import { confirmPodEnds } from "./pod_ends.ts";
import { keepQuotas } from "./quota_status.ts";
import { accessDenied, type Attributes, attributesOf, authorize, everything, rulesFor } from "./rbac.ts";
import { Registry } from "./registry.ts";
import { type RequestInfo, requestInfo } from "./request_info.ts";
import { ResourceApi } from "./resource_api.ts";
import { Resources } from "./resources.ts";
import { type Judge, review, tokenRequest } from "./reviews.ts";
import { makeDefaultServiceAccounts } from "./service_accounts.ts";
import { serve, type ServedApi } from "./serve.ts";
import { ApiError, gone, methodNotAllowed, unknownResource } from "./status.ts";
import { Storage } from "./storage.ts";
import { WatchHub } from "./watch_hub.ts";

/** One answered request, for tests that count writes. */
export interface RequestLogEntry {
  verb: string;
  path: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  user: string;
  code: number;
  /** The body of a write, as sent. */
  body?: JSONValue;
  /** metadata.resourceVersion of the answer to a write. */
  resourceVersion?: string;
}

export interface ApiServerOptions {
  clock: Clock;
  /** Bearer tokens and their users. With any configured, a request without a token is anonymous, or 401 without RBAC. */
  tokens?: Map<string, string | UserInfo>;
  /** `rbac` evaluates Roles and Bindings; `allow` (the default) lets everybody do everything. */
  authorization?: "allow" | "rbac";
  onRequest?: (entry: RequestLogEntry) => void;
  /** How long the garbage collector waits; absent: it acts at once. */
  garbageCollectionDelayMs?: number;
  /** How often a watch that asked for bookmarks gets one. */
  bookmarkEveryMs?: number;
  /** Changes of a resource that are kept for watches and lists of the past. */
  historyLimit?: number;
}

/** The one flow schema and priority level that this server has: it holds nobody back, except where a fault says so. */
const flowSchemaUid = "00000000-0000-4000-a000-000000000001";
const priorityLevelUid = "00000000-0000-4000-a000-000000000002";

export class ApiServer implements Disposable {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly resources = new Resources();
  readonly registry: Registry;
  readonly watches: WatchHub;
  readonly faults: Faults;
  readonly authentication: Authentication;
  #options: ApiServerOptions;
  #custom: CustomResources;
  #garbageCollector: GarbageCollector;
  /** What other controllers of a cluster do, as far as clients rely on it. */
  #controllers: Disposable[];
  #api: ResourceApi;
  #transport: FaultyTransport;
  #answered = 0;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.storage = new Storage(options.historyLimit);
    this.registry = new Registry(this.storage, this.resources, this.clock);
    this.watches = new WatchHub(this.storage, this.clock, options.bookmarkEveryMs);
    this.faults = new Faults(() => this.clock.random());
    this.authentication = new Authentication(this.clock, options.tokens);
    this.#custom = new CustomResources(this.registry);
    this.#garbageCollector = new GarbageCollector(this.registry, options.garbageCollectionDelayMs);
    this.#api = new ResourceApi(this.registry, this.watches, this.clock);
    this.#transport = new FaultyTransport(this.faults, this.watches, this.clock);
    this.#controllers = [
      makeDefaultServiceAccounts(this.registry),
      keepQuotas(this.registry),
      confirmPodEnds(this.registry),
    ];
    for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
      this.install({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
  }

  /**
   * Answers a request in process. Rejects with a TypeError, as `fetch` does, where a fault loses the connection.
   */
  async handle(request: Request): Promise<Response> {
    const info = requestInfo(request.method, new URL(request.url), request.headers.get("user-agent") ?? "");
    return await this.#transport.carry(info, request, () => this.#answer(info, request));
  }

  /** Serves this on a real port; 0, the default, takes any that is free. */
  serve(address: { hostname?: string; port?: number } = {}): Promise<ServedApi> {
    return serve((request) => this.handle(request), address);
  }

  /** Stores an object as an administrator would; a CustomResourceDefinition is served from then on. */
  install(manifest: JSONObject): void {
    const object = asObject(manifest);
    const type = this.resources.ofKind(object.apiVersion, object.kind);
    if (!type) {
      throw new Error(
        `cannot install ${object.kind}: ${object.apiVersion} is not served; install its CustomResourceDefinition first`,
      );
    }
    this.registry.create(type, type.namespaced ? object.metadata.namespace ?? "default" : "", object);
  }

  /** Forgets history: watches and continue tokens from before answer 410; open watches go on. */
  compact(): void {
    this.storage.compact();
  }

  /** As `compact`, and open watches end with the ERROR event that says so. */
  compactAndExpire(match?: (info: RequestInfo) => boolean): void {
    const before = this.storage.revision;
    this.storage.compact();
    this.watches.expire(gone(`too old resource version: ${before} (${this.storage.revision})`).body(), match);
  }

  /** A kubeconfig for this server at the given URL, in YAML; `namespace` is where kubectl works unless told otherwise. */
  kubeconfig(url: string, { token, namespace }: { token?: string; namespace?: string } = {}): string {
    return yaml.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "sim", cluster: { server: url } }],
      users: [{ name: "sim", user: token ? { token } : {} }],
      contexts: [{ name: "sim", context: { cluster: "sim", user: "sim", ...(namespace && { namespace }) } }],
      "current-context": "sim",
    });
  }

  [Symbol.dispose](): void {
    this.#garbageCollector[Symbol.dispose]();
    this.#custom[Symbol.dispose]();
    this.#transport[Symbol.dispose]();
    for (const controller of this.#controllers) controller[Symbol.dispose]();
    this.watches[Symbol.dispose]();
  }

  async #answer(info: RequestInfo, request: Request): Promise<Response> {
    const watched = this.#options.onRequest && info.verb !== "watch" ? await request.clone().text() : "";
    const response = await this.#respond(info, request);
    this.#stamp(response.headers);
    if (this.#options.onRequest) await this.#record(info, watched, response);
    return response;
  }

  /** What every answer says: that it is of now, which request it belongs to, and which flow it was counted to. */
  #stamp(headers: Headers): void {
    headers.set("cache-control", "no-cache, private");
    headers.set("audit-id", `00000000-0000-4000-8000-${(++this.#answered).toString(16).padStart(12, "0")}`);
    headers.set("x-kubernetes-pf-flowschema-uid", flowSchemaUid);
    headers.set("x-kubernetes-pf-prioritylevel-uid", priorityLevelUid);
  }

  async #respond(info: RequestInfo, request: Request): Promise<Response> {
    return await inForm(request, info.verb, await this.#respondInJson(info, request));
  }

  async #respondInJson(info: RequestInfo, request: Request): Promise<Response> {
    try {
      const wanted = attributesOf(info);
      const allowed = (who: UserInfo, what: Attributes) => this.#decide(who, what).allowed;
      const user = impersonated(this.#userOf(request), request.headers, wanted, allowed);
      info.user = user.username;
      if (!this.#decide(user, wanted).allowed) throw accessDenied(user, wanted);
      await this.#custom.ready();
      return await this.#route(info, request, user);
    } catch (error) {
      if (error instanceof ApiError) return errorResponse(error);
      const why = error instanceof Error ? error.message : String(error);
      return errorResponse(
        new ApiError(500, "InternalError", `Internal error occurred: ${why}`, { causes: [{ message: why }] }),
      );
    }
  }

  async #route(info: RequestInfo, request: Request, user: UserInfo): Promise<Response> {
    if (!info.resource) return this.#nonResource(info, request);
    const type = this.resources.get(info.group, info.version, info.resource);
    if (!type) {
      return this.resources.serves(info.group, info.version) ? errorResponse(unknownResource()) : bareNotFound();
    }
    if (type.verbs.length === 1 && info.verb === "create") {
      const judge: Judge = {
        decide: (who, wanted) => this.#decide(who, wanted),
        rules: (namespace) =>
          this.#options.authorization === "rbac" ? rulesFor(this.storage, user, namespace) : everything,
      };
      const { value } = await readBody(request);
      return jsonResponse(201, review(type, value, user, this.authentication, judge, info.namespace));
    }
    if (type.resource === "serviceaccounts" && info.subresource === "token" && info.verb === "create") {
      const account = this.registry.get(type, info.namespace, info.name);
      const { value } = await readBody(request);
      return jsonResponse(201, tokenRequest(value, account, this.registry, this.authentication));
    }
    const rbac = this.#options.authorization === "rbac";
    return await this.#api.answer(type, info, request, rbac ? noEscalation(this.storage, user) : () => {});
  }

  #nonResource(info: RequestInfo, request: Request): Response {
    if (["/healthz", "/livez", "/readyz"].includes(info.path)) return new Response("ok");
    if (info.path.startsWith("/openapi/")) {
      const document = openApi(this.resources, this.storage, info.path);
      return document ? jsonResponse(200, document) : bareNotFound();
    }
    const aggregated = wantsAggregated(request.headers.get("accept") ?? "")
      ? discoverAggregated(this.resources, info.path)
      : undefined;
    if (aggregated) return jsonResponse(200, aggregated, { "content-type": aggregatedType });
    const document = discover(this.resources, info.path);
    if (!document) return bareNotFound();
    if (!["GET", "HEAD"].includes(request.method)) throw methodNotAllowed();
    if (/^\/apis?(\/|$)/.test(info.path)) negotiate(request, { custom: false, verb: "get" });
    return jsonResponse(200, document);
  }

  #userOf(request: Request): UserInfo {
    const rbac = this.#options.authorization === "rbac";
    const user = this.authentication.userOf(request);
    if (user) return user;
    if (!rbac && this.authentication.configured) throw unauthorized();
    return rbac ? anonymous : admin;
  }

  #decide(user: UserInfo, wanted: Attributes): { allowed: boolean; reason: string } {
    if (this.#options.authorization !== "rbac") return { allowed: true, reason: "" };
    return authorize(this.storage, user, wanted);
  }

  async #record(info: RequestInfo, sent: string, response: Response): Promise<void> {
    const { verb, path, group, resource, subresource, namespace, name, user } = info;
    const entry: RequestLogEntry = {
      verb,
      path,
      group,
      resource,
      subresource,
      namespace,
      name,
      user,
      code: response.status,
    };
    if (sent) entry.body = parsed(sent);
    if (sent && response.ok) {
      const version = textAt(await response.clone().json(), "metadata", "resourceVersion");
      if (version) entry.resourceVersion = version;
    }
    this.#options.onRequest?.(entry);
  }
}

function parsed(text: string): JSONValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
