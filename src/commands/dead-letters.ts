import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { assemble } from '../create-pipeline.ts';
import { DeadLetters } from '../dead-letters.ts';
import { groupedByReason, type KeptLetter } from '../letter.ts';
import { replay } from '../replay.ts';
import { EXIT, SidecarError } from '../util/errors.ts';
import { COMMON_FLAGS, type Command, configFrom, SINK_FLAGS, yargsOptions } from './options.ts';

const FLAGS = { ...SINK_FLAGS, ...COMMON_FLAGS };

/** `dead-letters`: what could not be stored: how much of it and why, in full, and once more. */
export const deadLettersCommand: Command = {
  builder: (yargs) =>
    yargs
      .command(listCommand)
      .command(showCommand)
      .command(replayCommand)
      .demandCommand(1, 'Name one of list, show, replay.'),
  handler: () => {},
};

function options(yargs: Argv): Argv {
  return yargs
    .options(yargsOptions(FLAGS))
    .option('reason', {
      type: 'string',
      requiresArg: true,
      describe: 'Only those whose reason holds this text',
    })
    .option('since', {
      type: 'string',
      requiresArg: true,
      describe: 'Only those written at or after this time (ISO 8601, UTC)',
    })
    .option('stage', {
      type: 'string',
      choices: ['parse', 'plugin', 'sink'],
      requiresArg: true,
      describe: 'Only those of this stage',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' });
}

function picker({ reason, since, stage }: ArgumentsCamelCase): (letter: KeptLetter) => boolean {
  const from = since === undefined ? 0 : Date.parse(String(since));
  if (Number.isNaN(from))
    throw new SidecarError(
      'config',
      `--since: "${since}" is no time; write it as 2026-11-24 or 2026-11-24T19:00:00Z`,
    );
  return (letter) =>
    (reason === undefined || letter.reason.includes(String(reason))) &&
    (stage === undefined || letter.stage === stage) &&
    Date.parse(letter.time) >= from;
}

async function* picked(args: ArgumentsCamelCase): AsyncIterable<KeptLetter> {
  const { dead_letters } = configFrom(args, FLAGS).config;
  const letters = new DeadLetters(dead_letters.path, dead_letters.max_bytes);
  const wanted = picker(args);
  for (const file of await letters.files()) {
    for await (const { text, letter } of letters.read(file)) {
      if (letter && wanted(letter)) yield letter;
      else if (!letter) process.stderr.write(`${file}: a line can't be read: ${text.slice(0, 100)}\n`);
    }
  }
}

const listCommand: CommandModule = {
  command: 'list',
  describe: 'Count them by stage and reason',
  builder: options,
  handler: async (args) => {
    const letters = [];
    for await (const letter of picked(args)) letters.push(letter);
    const rows = groupedByReason(letters);
    if (args.json) return void process.stdout.write(`${JSON.stringify(rows)}\n`);
    if (rows.length === 0) return void process.stdout.write('There are no dead letters.\n');
    for (const { count, stage, at, reason, first, last } of rows) {
      process.stdout.write(
        `${String(count).padStart(7)}  ${stage} ${at}: ${reason}\n         ${first} to ${last}\n`,
      );
    }
  },
};

const showCommand: CommandModule = {
  command: 'show',
  describe: 'Print them in full, with their entries',
  builder: options,
  handler: async (args) => {
    for await (const letter of picked(args)) {
      process.stdout.write(`${args.json ? JSON.stringify(letter) : JSON.stringify(letter, null, 2)}\n`);
    }
  },
};

const replayCommand: CommandModule = {
  command: 'replay',
  describe: "Send them through today's plugins again; what is stored is removed here",
  builder: options,
  handler: async (args) => {
    const { stages } = await assemble(configFrom(args, FLAGS), false);
    try {
      const { replayed, failed } = await replay(stages, picker(args), new AbortController().signal);
      const reasons = Object.entries(failed);
      if (args.json) process.stdout.write(`${JSON.stringify({ replayed, failed })}\n`);
      else {
        process.stdout.write(`Replayed: ${replayed}\n`);
        for (const [reason, count] of reasons) process.stdout.write(`Failed again: ${count}: ${reason}\n`);
      }
      if (reasons.length > 0) process.exitCode = EXIT.deadLetters;
    } finally {
      await stages.source.close();
      await stages.sink.close();
    }
  },
};
