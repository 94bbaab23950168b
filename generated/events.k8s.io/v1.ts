// events.k8s.io/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as CoreV1 from "@cloudydeno/kubernetes-apis/core/v1";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface Event {
  apiVersion?: "events.k8s.io/v1";
  kind?: "Event";
  action?: string | null;
  eventTime: c.MicroTime;
  metadata?: MetaV1.ObjectMeta | null;
  note?: string | null;
  reason?: string | null;
  regarding?: CoreV1.ObjectReference | null;
  related?: CoreV1.ObjectReference | null;
  reportingController?: string | null;
  reportingInstance?: string | null;
  series?: EventSeries | null;
  type?: string | null;
}
export function toEvent(input: c.JSONValue): Event & c.ApiKind {
  return k.readKind<Event>("events.k8s.io/v1", "Event", input, {
    required: {
      eventTime: c.toMicroTime,
    },
    optional: {
      action: c.checkStr,
      metadata: MetaV1.toObjectMeta,
      note: c.checkStr,
      reason: c.checkStr,
      regarding: CoreV1.toObjectReference,
      related: CoreV1.toObjectReference,
      reportingController: c.checkStr,
      reportingInstance: c.checkStr,
      series: toEventSeries,
      type: c.checkStr,
    },
  });
}
export function fromEvent(input: Event): c.JSONValue {
  return k.writeKind("events.k8s.io/v1", "Event", input, {
    eventTime: c.fromMicroTime,
    metadata: MetaV1.fromObjectMeta,
    regarding: CoreV1.fromObjectReference,
    related: CoreV1.fromObjectReference,
    series: fromEventSeries,
  });
}

/** EventList is a list of Event. */
export interface EventList {
  apiVersion?: "events.k8s.io/v1";
  kind?: "EventList";
  items: Array<Event>;
  metadata: MetaV1.ListMeta;
}
export function toEventList(input: c.JSONValue): EventList & c.ApiKind {
  return k.readKind<EventList>("events.k8s.io/v1", "EventList", input, {
    required: {
      items: k.list(toEvent),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromEventList(input: EventList): c.JSONValue {
  return k.writeKind("events.k8s.io/v1", "EventList", input, {
    items: k.writeList(fromEvent),
    metadata: MetaV1.fromListMeta,
  });
}

export interface EventSeries {
  count: number;
  lastObservedTime: c.MicroTime;
}
export function toEventSeries(input: c.JSONValue): EventSeries {
  return k.readStruct<EventSeries>(input, {
    required: {
      count: c.checkNum,
      lastObservedTime: c.toMicroTime,
    },
    optional: {},
  });
}
export function fromEventSeries(input: EventSeries): c.JSONValue {
  return k.writeStruct(input, {
    lastObservedTime: c.fromMicroTime,
  });
}

/** events.k8s.io/v1, cluster-wide. */
export class EventsV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/events.k8s.io/v1/");
  }

  namespace(name: string): EventsV1NamespacedApi {
    return new EventsV1NamespacedApi(this.#target.client, name);
  }

  /** The namespace that the client was set up with. */
  myNamespace(): EventsV1NamespacedApi {
    const name = this.#target.client.defaultNamespace;
    if (!name) throw new Error("The client has no default namespace: name one with namespace()");
    return this.namespace(name);
  }

  getEventListForAllNamespaces(opts: op.ListOpts = {}): Promise<EventList & c.ApiKind> {
    return op.get(this.#target, ["events"], opts, toEventList);
  }

  watchEventListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Event>> {
    return op.watch(this.#target, ["events"], opts, toEvent, MetaV1.toStatus);
  }
}

/** events.k8s.io/v1, in one namespace. */
export class EventsV1NamespacedApi {
  readonly #target: op.Target;
  constructor(client: c.RestClient, namespace: string) {
    this.#target = op.inNamespace(client, "/apis/events.k8s.io/v1/", namespace);
  }

  getEventList(opts: op.ListOpts = {}): Promise<EventList & c.ApiKind> {
    return op.get(this.#target, ["events"], opts, toEventList);
  }

  watchEventList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Event>> {
    return op.watch(this.#target, ["events"], opts, toEvent, MetaV1.toStatus);
  }

  createEvent(body: Event, opts: op.PutOpts = {}): Promise<Event & c.ApiKind> {
    return op.send(this.#target, "POST", ["events"], fromEvent(body), opts, toEvent);
  }

  deleteEventList(opts: op.DeleteListOpts = {}): Promise<(EventList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["events"], opts, op.statusOr(MetaV1.toStatus, toEventList));
  }

  getEvent(name: string, opts: op.GetOpts = {}): Promise<Event & c.ApiKind> {
    return op.get(this.#target, ["events", name], opts, toEvent);
  }

  deleteEvent(name: string, opts: op.DeleteOpts = {}): Promise<(Event | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["events", name], opts, op.statusOr(MetaV1.toStatus, toEvent));
  }

  replaceEvent(name: string, body: Event, opts: op.PutOpts = {}): Promise<Event & c.ApiKind> {
    return op.send(this.#target, "PUT", ["events", name], fromEvent(body), opts, toEvent);
  }

  patchEvent(
    name: string,
    type: c.PatchType,
    body: Partial<Event> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<Event & c.ApiKind> {
    return op.patch(this.#target, ["events", name], type, body, opts, fromEvent, toEvent);
  }
}
