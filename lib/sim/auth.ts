// Who a request comes from: bearer tokens that the caller configured, and service account tokens that this server minted.
import type { Clock } from "../clock.ts";
import { uuid } from "./objects.ts";
import { ApiError } from "./status.ts";

export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

interface Minted {
  user: UserInfo;
  audiences: string[];
  expiresAtMs: number;
  isAlive: () => boolean;
}

/** The audience of a token that was asked for without one. */
export const defaultAudience = "https://kubernetes.default.svc";

export const anonymous: UserInfo = { username: "system:anonymous", groups: ["system:unauthenticated"] };
/** Who everybody is while neither tokens nor authorization are configured. */
export const admin: UserInfo = { username: "admin", groups: ["system:masters", "system:authenticated"] };

export class Authentication {
  #given: Map<string, UserInfo>;
  #minted = new Map<string, Minted>();
  #clock: Clock;

  /** `tokens` from bearer token to user; a plain name is a user in no group of its own. */
  constructor(clock: Clock, tokens: Map<string, string | UserInfo> = new Map()) {
    this.#clock = clock;
    this.#given = new Map([...tokens].map(([token, user]) => [token, withGroup(user)]));
  }

  /** True when the caller configured tokens: then a request needs one. */
  get configured(): boolean {
    return this.#given.size > 0;
  }

  /** The user of a request; undefined when it carries no token. Throws 401 for a token that nobody has. */
  userOf(request: Request): UserInfo | undefined {
    const header = request.headers.get("authorization");
    if (!header) return undefined;
    const token = /^Bearer\s+(.+)$/i.exec(header)?.[1]?.trim() ?? "";
    const user = this.review(token, [defaultAudience])?.user;
    if (!user) throw unauthorized();
    return user;
  }

  /** The user that a token stands for, and which of the audiences it is good for; undefined when for none. */
  review(token: string, audiences: string[]): { user: UserInfo; audiences: string[] } | undefined {
    const given = this.#given.get(token);
    if (given) return { user: given, audiences: audiences.filter((audience) => audience === defaultAudience) };
    const minted = this.#minted.get(token);
    if (!minted || minted.expiresAtMs <= this.#clock.now() || !minted.isAlive()) return undefined;
    const shared = minted.audiences.filter((audience) => audiences.includes(audience));
    return shared.length > 0 ? { user: minted.user, audiences: shared } : undefined;
  }

  /** The audiences that a minted token is good for; undefined for any other, and for one that has ended. */
  audiencesOf(token: string): string[] | undefined {
    const minted = this.#minted.get(token);
    return minted && minted.expiresAtMs > this.#clock.now() && minted.isAlive() ? minted.audiences : undefined;
  }

  /** A new token of a service account; good until it expires, and as long as `isAlive` says so. */
  mint(
    namespace: string,
    name: string,
    uid: string,
    audiences: string[],
    seconds: number,
    isAlive: () => boolean = () => true,
  ): { token: string; expiresAtMs: number } {
    const id = uuid(() => this.#clock.random());
    const expiresAtMs = this.#clock.now() + seconds * 1000;
    const user: UserInfo = {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [`JTI=${id}`] },
    };
    const claims = { aud: audiences, exp: Math.floor(expiresAtMs / 1000), sub: user.username, jti: id };
    const token = [{ alg: "none", kid: "sim" }, claims].map((part) => base64Url(JSON.stringify(part))).join(".") +
      `.${id}`;
    this.#minted.set(token, { user, audiences, expiresAtMs, isAlive });
    return { token, expiresAtMs };
  }

  /** Makes a token unknown, as the deletion of its service account does. */
  revoke(token: string): void {
    this.#given.delete(token);
    this.#minted.delete(token);
  }
}

export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unauthorized");
}

function withGroup(user: string | UserInfo): UserInfo {
  if (typeof user === "string") return { username: user, groups: ["system:authenticated"] };
  return { ...user, groups: [...new Set([...user.groups, "system:authenticated"])] };
}

function base64Url(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
