import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { createParser } from '../src/commands/parser.ts';
import { listLeaves } from '../src/config/schema.ts';
import { root } from './services/service.ts';

const pages = [root, join(root, 'docs'), join(root, 'bench')]
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ name: relative(root, path), text: readFileSync(path, 'utf8') }));

const scripts = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts);

/** A command line of a page: its words, without comments and without what the shell does with it. */
interface CommandLine {
  page: string;
  line: string;
  variables: string[];
  words: string[];
}

/** Every command line of the blocks of a page that are marked `sh`, or begin with a prompt, and of its `inline code`. */
function commandLines(): CommandLine[] {
  return pages.flatMap(({ name, text }) => {
    const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
    const lines = blocks.flatMap(([, kind, block]) =>
      kind === 'sh'
        ? block!.replaceAll('\\\n', ' ').split('\n')
        : block!.split('\n').flatMap((line) => (line.startsWith('$ ') ? line.slice(2) : [])),
    );
    const prose = text.replace(/^```[\s\S]*?^```/gm, '');
    const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
    return [...lines, ...inline].flatMap((line) => readCommandLine(name, line));
  });
}

function readCommandLine(page: string, line: string): CommandLine | [] {
  const words = [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word!.replace(/['"]/g, ''),
  );
  const comment = words.findIndex((word) => word.startsWith('#'));
  if (comment >= 0) words.length = comment;
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  if (first < 0) return [];
  const variables = words.slice(0, first).map((word) => word.slice(0, word.indexOf('=')));
  return { page, line, variables, words: words.slice(first) };
}

/** What follows a program's name in every documented command line that calls it. */
function callsOf(...program: string[]): { where: string; args: string[] }[] {
  return commandLines()
    .filter(({ words }) => program.every((word, n) => words[n] === word))
    .map(({ page, line, words }) => ({ where: `${page}: ${line}`, args: words.slice(program.length) }));
}

class Parsed extends Error {}

test('every documented command line of the program is one that it takes', async () => {
  const program = [...callsOf('npx', 'ml-log-sidecar'), ...callsOf('ml-log-sidecar')];
  // `run --sink vector` in a table is such a line, too; a name alone, or a word with an ellipsis, is not.
  const commands = new Set(program.map(({ args }) => args[0]!));
  const short = [...commands].flatMap((name) =>
    callsOf(name)
      .filter(({ args }) => args.some((word) => word.startsWith('--')))
      .map(({ where, args }) => ({ where, args: [name, ...args] })),
  );
  const all = [...program, ...short].filter(
    ({ args }) => args.length > 0 && !/^(COMMAND|--help)$/.test(args[0]!),
  );
  assert.ok(all.length > 40, `${all.length} command lines`);
  for (const { where, args } of all) {
    const parser = createParser(args.map((word) => word.replace('…', 'x'))).middleware(() => {
      throw new Parsed();
    });
    await assert.rejects(async () => parser.parseAsync(), Parsed, where);
  }
});

test('each README has a line for each command', async () => {
  const help = await createParser([]).getHelp();
  const commands = [...help.matchAll(/^ {2}ml-log-sidecar ([a-z-]+)/gm)].map(([, name]) => name!);
  assert.ok(commands.includes('run'));
  for (const file of ['README.md', 'README.fr.md']) {
    const table = readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    for (const name of commands)
      assert.ok(
        table.some((line) => line.split(' | ')[0]!.includes(`\`${name}\``)),
        `${file}: ${name}`,
      );
  }
});

test('every documented target of make and script of npm exists', () => {
  const targets = callsOf('make').flatMap(({ args }) => args);
  assert.ok(targets.includes('demo'));
  const { status, stderr } = spawnSync('make', ['--dry-run', ...targets], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  for (const { where, args } of callsOf('npm', 'run')) {
    const name = args.find((word) => !word.startsWith('-'));
    assert.ok(scripts.includes(name!), where);
  }
  for (const { where, args } of callsOf('npm', 'start')) assert.ok(args.includes('--silent'), where);
});

test('every variable in a documented command line is known', () => {
  const known = listLeaves().flatMap(({ schema }) =>
    schema.variable === undefined ? [] : [schema.variable, `${schema.variable}_FILE`],
  );
  const others = /^(TEST|VECTOR|FLUENT_BIT|BENCH|NODE|FAULT|ML_LOG_SIDECAR|LOG_FILES)(_|$)/;
  for (const { page, line, variables } of commandLines()) {
    for (const name of variables) assert.ok(known.includes(name) || others.test(name), `${page}: ${line}`);
  }
});

test('every path in a documented command line exists, and what node runs is compiled from a source', () => {
  for (const { page, line, words } of commandLines()) {
    for (const word of words.slice(1)) {
      const path = word.replace(/^@/, '').replace(/^dist\/(.*)\.js$/, '$1.ts');
      if (!/^(configs|src|test|bench|demo|samples)\/[\w./-]+\.\w+$/.test(path)) continue;
      assert.ok(existsSync(join(root, path)), `${page}: ${line}`);
    }
  }
});

/** How GitHub names the place of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

test('every link within the repository leads somewhere, and every page is linked', () => {
  const linked = new Set<string>();
  for (const { name, text } of pages) {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path = '', anchor] = target!.split('#');
      const file = path === '' ? name : join(dirname(name), path);
      assert.ok(existsSync(join(root, file)), `${name}: ${target}`);
      if (file !== name) linked.add(file);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.+)$/gm)].map(
        ([, heading]) => anchorOf(heading!),
      );
      assert.ok(headings.includes(anchor), `${name}: ${target}`);
    }
  }
  const alone = pages.map(({ name }) => name).filter((name) => name !== 'README.md' && !linked.has(name));
  assert.deepEqual(alone, []);
});
