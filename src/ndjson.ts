import { createReadStream } from 'node:fs';

/**
 * The lines of a file, without their ends. Node's own `readline` would also cut at U+2028, which JSON holds
 * unescaped.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
