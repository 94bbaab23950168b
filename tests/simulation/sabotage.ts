// The seam for mutations: what one part of the protocol does is undone on its way between the controllers and the server, as
// if the code did not do it. An unsabotaged world changes nothing.

import type { Answer, Call } from "./direct_api.ts";

export interface Sabotage {
  /** What the server gets in place of this request. */
  request(call: Call): Call;
  /** An answer that is made up: the server never sees the request. */
  instead(call: Call): Answer | undefined;
  /** What the controller gets in place of this answer. */
  answer(call: Call, given: Answer): Answer;
  /** What the controller gets in place of this line of a watch. */
  event(call: Call, line: string): string;
}

export const honest: Sabotage = {
  request: (call) => call,
  instead: () => undefined,
  answer: (_, given) => given,
  event: (_, line) => line,
};
