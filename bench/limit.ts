/**
 * The bare limit of the transform: `node limit.js FILE` splits the lines, and parses and serialises the JSON in them with the
 * engine's own functions. Nothing is looked at, made or written.
 */
import { readFileSync } from 'node:fs';

const INPUT = ' - Input: ';
const RESULT = ' - Result: ';

const text = readFileSync(process.argv[2]!, 'utf8');
let chars = 0;
const there = (json: string): void => {
  chars += JSON.stringify(JSON.parse(json)).length;
};
for (let at = 0; at < text.length; ) {
  const end = text.indexOf('\n', at);
  const line = text.slice(at, end);
  at = end + 1;
  const input = line.indexOf(INPUT);
  if (input < 0) there(line.slice(line.indexOf('{')));
  else {
    const result = line.indexOf(RESULT, input);
    there(line.slice(input + INPUT.length, result));
    there(line.slice(result + RESULT.length));
  }
}
console.log(chars);
