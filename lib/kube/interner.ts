// One string in place of many equal ones. JSON.parse makes each anew, and of ten thousand objects most carry the same few
// namespaces, versions and messages.

/** Beyond so many different texts they are hardly the same few: it starts afresh. */
const atMost = 4_096;

export class Interner {
  readonly #texts = new Map<string, string>();

  /** An equal text, the same one each time. */
  readonly of = (text: string): string => {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= atMost) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  };
}
