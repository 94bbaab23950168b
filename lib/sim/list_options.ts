// The options of a list or watch request, read from its query and checked as the API server checks them: which combinations of
// resourceVersion, resourceVersionMatch, continue and sendInitialEvents make sense.
// Source: k8s.io/apimachinery pkg/apis/meta/internalversion/validation, kubernetes.io "API concepts".
import { isTrue } from "./request_info.ts";
import { badRequest, type FieldFault, forbiddenField, invalid, notSupported } from "./status.ts";

export interface ListOptions {
  labelSelector: string;
  fieldSelector: string;
  /** 0 when there is no limit. */
  limit: number;
  continueToken: string;
  /** As given: empty, "0", a number, or what is none. */
  resourceVersion: string;
  resourceVersionMatch: string;
  sendInitialEvents: boolean | undefined;
  allowWatchBookmarks: boolean;
  /** 0 when the server chooses. */
  timeoutSeconds: number;
}

/** Throws BadRequest for what cannot be read, Invalid for what contradicts itself. */
export function readListOptions(query: URLSearchParams): ListOptions {
  const sendInitialEvents = query.get("sendInitialEvents");
  return {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    limit: integer(query.get("limit")),
    continueToken: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    sendInitialEvents: sendInitialEvents === null ? undefined : isTrue(sendInitialEvents),
    allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
    timeoutSeconds: integer(query.get("timeoutSeconds")),
  };
}

function integer(text: string | null): number {
  if (!text) return 0;
  const isNumber = /^[+-]?\d+$/.test(text);
  if (isNumber && Math.abs(Number(text)) < 2 ** 63) return Number(text);
  const why = isNumber ? "value out of range" : "invalid syntax";
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
}

const subject = { group: "meta.k8s.io", resource: "listoptions", kind: "ListOptions" };
const field = "resourceVersionMatch";

/** Throws Invalid for a list with options that contradict each other. */
export function checkList(options: ListOptions): void {
  const { resourceVersionMatch: match, resourceVersion, continueToken, sendInitialEvents } = options;
  const faults: FieldFault[] = [];
  if (match) {
    if (!resourceVersion) {
      faults.push(forbiddenField(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (continueToken) {
      faults.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      faults.push(notSupported(field, match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && resourceVersion === "0") {
      faults.push(forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) {
    faults.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (faults.length > 0) throw invalid(subject, "", faults);
}

/** Throws Invalid for a watch with options that contradict each other. */
export function checkWatch(options: ListOptions): void {
  const { resourceVersionMatch: match, continueToken, sendInitialEvents } = options;
  const faults: FieldFault[] = [];
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    faults.push(forbiddenField(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match) {
    if (sendInitialEvents === undefined) {
      faults.push(
        forbiddenField(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
      );
    }
    if (match !== "NotOlderThan") faults.push(notSupported(field, match, ["NotOlderThan"]));
  }
  // The words are those of another rule; a watch takes no token, with a match or without.
  if (continueToken) {
    faults.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
  }
  if (faults.length > 0) throw invalid(subject, "", faults);
}
