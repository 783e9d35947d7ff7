/** Control characters, those of C1 included, line separators, and marks that turn the direction of text. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text from outside, fit for a terminal: what would move the cursor, ring, rename the window or turn text around stands
 * there as an escape, `\x1b` or `\u202e`; so does the end of a line.
 */
export function makeVisible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same for a text of several lines, whose ends stay. */
export function makeLinesVisible(text: string): string {
  return text.split('\n').map(makeVisible).join('\n');
}
