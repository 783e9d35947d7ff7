import { createRequire } from 'node:module';
import type CATALOGUE from './french.json';

/** The languages that people are spoken to in. */
export type Language = 'en' | 'fr';

type Groups = (typeof CATALOGUE)['messages'];

/** What can be said: the English text, with `{names}` for what goes in. */
export type Message = { [G in keyof Groups]: keyof Groups[G] }[keyof Groups];

declare const SAID: unique symbol;

/** A text in the language that was chosen: only `t` makes it, and `quote` of what is in none. */
export type Said = string & { readonly [SAID]: true };

type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<Text> = [Names<Text>] extends [never] ? [] : [Readonly<Record<Names<Text>, string | number>>];

type Texts = Readonly<Record<string, string>>;

/** The French for what is said, and for what files that ship say; `undefined` where English is spoken. */
let french: { messages: Texts; titles: Texts } | undefined;

/**
 * Reads `french.json`, from English into French: what is said to people (what goes in stands in braces, by the same names),
 * and what files that ship say, with the names of checks. What a run says is as it is documented, word for word. Help,
 * errors and JSON stay English.
 */
export function readFrench(): { messages: Texts; titles: Texts } {
  const { messages, titles } = createRequire(import.meta.url)('./french.json') as typeof CATALOGUE;
  const join = (groups: object): Texts => Object.assign({}, ...Object.values(groups));
  return { messages: join(messages), titles: join(titles) };
}

/** Chooses the language; `auto` takes French where the locale is French, English elsewhere. */
export function setLanguage(wanted: Language | 'auto', env: NodeJS.ProcessEnv = process.env): void {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  const isFrench = wanted === 'fr' || (wanted === 'auto' && /^fr\b|^fr_/i.test(locale));
  french = isFrench ? readFrench() : undefined;
}

/** The language that was chosen; English until then. */
export const currentLanguage = (): Language => (french ? 'fr' : 'en');

/** The text in the language that was chosen, with what goes into it. */
export function t<Text extends Message>(text: Text, ...values: Values<Text>): Said {
  const [filled] = values as [Readonly<Record<string, string | number>>?];
  const said = french?.messages[text] ?? text;
  return quote(said.replace(/\{(\w+)\}/g, (_, name) => String(filled?.[name])));
}

/** A text that stays as it is in any language: a name, a figure, an error, what a server answers. */
export const quote = (text: string): Said => text as Said;

/** A title or a description of a file that ships, in the language that was chosen; any other text stays as it is. */
export const translateTitle = (text: string): string =>
  french && Object.hasOwn(french.titles, text) ? french.titles[text]! : text;

/** `1 log`, `2 logs`: for words that make their plural alike in both languages, and for errors. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
