const CODES = { red: 31, green: 32, yellow: 33, grey: 90 } as const;
export type Colour = keyof typeof CODES;

let isWanted = !process.env.NO_COLOR;

/** Leaves all text plain from now on, as the variable NO_COLOR does from the start (https://no-color.org). */
export function forgoColour(): void {
  isWanted = false;
}

/** The text in a colour, where it goes to a terminal, and colour is wanted. */
export function coloured(out: NodeJS.WriteStream, colour: Colour, text: string): string {
  return out.isTTY && isWanted ? `\x1b[${CODES[colour]}m${text}\x1b[39m` : text;
}
