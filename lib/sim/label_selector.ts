// Label selectors in their text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Read token by token as the API server does,
// so that what it refuses is refused with its words. Source: k8s.io/apimachinery pkg/labels/selector.go.
import { labelKeyFaults, labelValueFaults } from "./metadata_validation.ts";
import { badRequest } from "./status.ts";

type Labels = Record<string, string>;
type LabelTest = (labels: Labels) => boolean;

const operators = ["in", "notin", "=", "==", "!=", ">", "<"];
const symbols = "=!(),><";

/** What the labels of an object must fulfil. Throws BadRequest on text that is no selector. */
export function parseLabelSelector(text: string): LabelTest {
  const tests = [...new Parser(text).requirements()];
  return (labels) => tests.every((test) => test(labels));
}

interface Token {
  text: string;
  /** A name: in a place for values, `in` and `notin` are names too. */
  name: boolean;
}

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.length;) {
    const letter = text.charAt(at);
    if (/[ \t\r\n]/.test(letter)) at++;
    else if (symbols.includes(letter)) {
      const two = text.slice(at, at + 2);
      const symbol = two === "==" || two === "!=" ? two : letter;
      found.push({ text: symbol, name: false });
      at += symbol.length;
    } else {
      const [name = ""] = /^[^=!(),>< \t\r\n]+/.exec(text.slice(at)) ?? [];
      found.push({ text: name, name: true });
      at += name.length;
    }
  }
  return found;
}

class Parser {
  #tokens: Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  *requirements(): Generator<LabelTest> {
    while (this.#next.name || this.#next.text === "!") {
      yield this.#requirement();
      const after = this.#take();
      if (after.text === "") return;
      if (after.text !== ",") throw badRequest(`found '${after.text}', expected: ',' or 'end of string'`);
      if (!this.#next.name && this.#next.text !== "!") {
        throw badRequest(`found '${this.#next.text}', expected: identifier after ','`);
      }
    }
    if (this.#next.text !== "") {
      throw badRequest(`found '${this.#next.text}', expected: !, identifier, or 'end of string'`);
    }
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { text: "", name: false };
  }

  #take(): Token {
    const token = this.#next;
    this.#at++;
    return token;
  }

  #requirement(): LabelTest {
    const negated = this.#next.text === "!";
    if (negated) this.#take();
    const key = this.#take();
    if (!key.name) throw unparsable(`found '${key.text}', expected: identifier`);
    for (const why of labelKeyFaults(key.text)) throw unparsable(`<nil>: Invalid value: ${quoted(key.text)}: ${why}`);
    if (negated) return (labels) => labels[key.text] === undefined;
    if (["", ","].includes(this.#next.text)) return (labels) => labels[key.text] !== undefined;
    const operator = this.#take().text;
    if (!operators.includes(operator)) {
      throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator.endsWith("in") ? this.#set() : [this.#single()];
    if (operator === ">" || operator === "<") return compares(key.text, operator, values[0] ?? "");
    for (const [i, value] of values.entries()) {
      for (const why of labelValueFaults(value)) {
        throw unparsable(`values[${i}][${key.text}]: Invalid value: ${quoted(value)}: ${why}`);
      }
    }
    const among = (labels: Labels) => {
      const value = labels[key.text];
      return value !== undefined && values.includes(value);
    };
    return operator === "notin" || operator === "!=" ? (labels) => !among(labels) : among;
  }

  /** `(a,b)`; an empty place between commas is the empty value. */
  #set(): string[] {
    const open = this.#take();
    if (open.text !== "(") throw unparsable(`found '${open.text}' expected: '('`);
    if (![",", ")"].includes(this.#next.text) && !this.#next.name) {
      throw unparsable(`found '${this.#next.text}', expected: ',', ')' or identifier`);
    }
    const values = [""];
    for (let token = this.#take(); token.text !== ")"; token = this.#take()) {
      if (token.text === ",") values.push("");
      else if (!token.name) throw unparsable(`found '${token.text}', expected: ',', or identifier`);
      else {
        values[values.length - 1] = token.text;
        if (this.#next.text !== "," && this.#next.text !== ")") {
          throw unparsable(`found '${this.#next.text}', expected: ',' or ')'`);
        }
      }
    }
    return [...new Set(values)].sort();
  }

  #single(): string {
    if (["", ","].includes(this.#next.text)) return "";
    const token = this.#take();
    if (!token.name) throw unparsable(`found '${token.text}', expected: identifier`);
    return token.text;
  }
}

function compares(key: string, operator: string, value: string): LabelTest {
  if (!/^[+-]?\d+$/.test(value)) {
    const why = "for 'Gt', 'Lt' operators, the value must be an integer";
    throw unparsable(`values[0]: Invalid value: ${quoted(value)}: ${why}`);
  }
  return (labels) => {
    const own = labels[key];
    if (own === undefined || !/^[+-]?\d+$/.test(own)) return false;
    return operator === ">" ? Number(own) > Number(value) : Number(own) < Number(value);
  };
}

function unparsable(why: string) {
  return badRequest(`unable to parse requirement: ${why}`);
}

const quoted = (text: string) => JSON.stringify(text);
