import { FRENCH } from './french.ts';
import { FRENCH_TITLES } from './french-titles.ts';

/** The languages that people are spoken to in. */
export type Language = 'en' | 'fr';

/** What can be said: the English text, with `{names}` for what goes in. */
export type Message = keyof typeof FRENCH;

declare const SAID: unique symbol;

/** A text in the language that was chosen: only `t` makes it, and `quote` of what is in none. */
export type Said = string & { readonly [SAID]: true };

type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<Text> = [Names<Text>] extends [never] ? [] : [Readonly<Record<Names<Text>, string | number>>];

let language: Language = 'en';

/** Chooses the language; `auto` takes French where the locale is French, English elsewhere. */
export function setLanguage(wanted: Language | 'auto', env: NodeJS.ProcessEnv = process.env): void {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  language = wanted === 'fr' || (wanted === 'auto' && /^fr\b|^fr_/i.test(locale)) ? 'fr' : 'en';
}

/** The language that was chosen; English until then. */
export const currentLanguage = (): Language => language;

/** The text in the language that was chosen, with what goes into it. */
export function t<Text extends Message>(text: Text, ...values: Values<Text>): Said {
  const [filled] = values as [Readonly<Record<string, string | number>>?];
  const said = language === 'fr' ? FRENCH[text] : text;
  return quote(said.replace(/\{(\w+)\}/g, (_, name) => String(filled?.[name])));
}

/** A text that stays as it is in any language: a name, a figure, an error, what a server answers. */
export const quote = (text: string): Said => text as Said;

/** A title or a description of a file that ships, in the language that was chosen; any other text stays as it is. */
export const translateTitle = (text: string): string =>
  language === 'fr' && Object.hasOwn(FRENCH_TITLES, text)
    ? FRENCH_TITLES[text as keyof typeof FRENCH_TITLES]
    : text;

/** `1 log`, `2 logs`: for words that make their plural alike in both languages, and for errors. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
