// What an API server says when it refuses, and what a transport says when it gets no answer at all.

/** The wire form of metav1.Status, as far as clients act on it. */
export interface StatusBody {
  kind: "Status";
  apiVersion: "v1";
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** The API server answered, and not with 2xx. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  constructor(
    /** HTTP status code. */
    readonly httpCode: number,
    /** The Status object, when the body was one; a bare 404 of a missing CRD has none. */
    readonly status: StatusBody | undefined,
    /** Retry-After, in milliseconds, when the answer carried one. */
    readonly retryAfterMs: number | undefined,
    /** Method and path, for the message. */
    readonly request: string,
  ) {
    super(
      `${request}: ${httpCode}${status?.reason ? ` ${status.reason}` : ""}${
        status?.message ? `: ${status.message}` : ""
      }`,
    );
  }

  get reason(): string {
    return this.status?.reason ?? "";
  }

  /** True only for a Status of reason NotFound that names kind and object: that very object does not exist. */
  get objectNotFound(): boolean {
    return this.httpCode === 404 && this.reason === "NotFound" && !!this.status?.details?.kind &&
      !!this.status.details.name;
  }

  get conflict(): boolean {
    return this.httpCode === 409 && this.reason === "Conflict";
  }

  get alreadyExists(): boolean {
    return this.httpCode === 409 && this.reason === "AlreadyExists";
  }
}

/** No answer: the request may or may not have been carried out. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}
