// What can be sent as a bearer token. Looked at before it is put into a header: what the runtime says of one that it refuses
// repeats the token, and that would end in a log.

/** What is wrong with a token, without the token itself; undefined when nothing is. */
export function tokenFault(token: string): string | undefined {
  if (token === "") return "is empty";
  return /^[!-~]+$/.test(token) ? undefined : "holds a blank, a line break or another character that no token has";
}
