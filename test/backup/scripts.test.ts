import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backupIn, env } from '../commands/backup.ts';
import { TestIndices, Workspace } from '../helpers.ts';

/** `BACKUP_DOCUMENTS=10000` makes it thorough. */
const DOCUMENTS = Number(process.env.BACKUP_DOCUMENTS ?? 600);
const SCRIPTS = [
  'é€😀',
  '漢字かな한글',
  'العربية ‏و‎',
  'हिन्दी ไทย',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓂀',
  'e\u0301\u0000\u0007\u001b[2J\u007f\u0085\u2028\u2029\ufeff',
  '\\"/\b\f\n\r\t',
  '\ud83d',
  '\udc00x\ud83d\ude00',
];

/** A document's JSON: of one to four bytes a character, now escaped, now as they are. */
function documentOf(n: number): string {
  const text = Array.from(
    { length: 60 + (n % 97) },
    (_, at) => SCRIPTS[(n + at * (1 + (n % 7))) % SCRIPTS.length],
  );
  const json = JSON.stringify({
    timestamp: '2026-11-24T19:26:39.000Z',
    message: text.join(''),
    data: { n, [`clé ${n % 9} 鍵`]: text[0] },
  });
  return n % 3 > 0
    ? json
    : json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

test('what an export holds is `_source`, byte for byte, in whatever script', {
  timeout: 600_000,
}, async (t) => {
  const indices = new TestIndices(t);
  const workspace = new Workspace(t, indices.prefix);
  assert.equal((await workspace.run(['setup'], env)).code, 0);
  const index = `${indices.prefix}logs`;
  const url = `${env.ELASTICSEARCH_URL}/${index}`;
  const sent = new Map(Array.from({ length: DOCUMENTS }, (_, n) => [`id-${n}`, documentOf(n)]));
  for (let from = 0; from < DOCUMENTS; from += 500) {
    const part = [...sent].slice(from, from + 500);
    const body = part.map(([id, json]) => `{"create":{"_id":"${id}"}}\n${json}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await fetch(`${url}/_bulk`, { method: 'POST', headers, body });
    assert.equal(((await answer.json()) as { errors: boolean }).errors, false);
  }
  await indices.count('logs');
  const { code, stderr } = await workspace.run(['export', '--only', index], env);
  assert.equal(code, 0, stderr);
  const path = join(workspace.folder, backupIn(workspace), `indexes/${index}_documents.ndjson`);
  const bytes = readFileSync(path);
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  assert.equal(lines.length, 2 * DOCUMENTS);
  for (let n = 0; n < lines.length; n += 2) {
    const id = JSON.parse(lines[n] as string).create._id;
    const line = lines[n + 1] as string;
    assert.equal(line, Buffer.from(sent.get(id) as string).toString('latin1'), id);
    if (n % 20 > 0 && DOCUMENTS < 10_000) continue;
    const source = Buffer.from(await (await fetch(`${url}/_source/${id}`)).arrayBuffer());
    assert.equal(line, source.toString('latin1'), id);
  }
  const copy = `${index}-copy`;
  const restored = await workspace.run(
    ['import', '--input', backupIn(workspace), '--rename', `${index}=${copy}`],
    env,
  );
  assert.equal(restored.code, 0, restored.stderr);
  await indices.count('logs-copy');
  for (let n = 0; n < DOCUMENTS; n += 20) {
    const source = Buffer.from(
      await (await fetch(`${env.ELASTICSEARCH_URL}/${copy}/_source/id-${n}`)).arrayBuffer(),
    );
    assert.equal(source.toString(), sent.get(`id-${n}`));
  }
});
