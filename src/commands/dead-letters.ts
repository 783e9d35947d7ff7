import type { Config } from '../config/schema.ts';
import { assemblePipeline } from '../create-pipeline.ts';
import { DeadLetters } from '../dead-letters.ts';
import { groupByReason, type KeptLetter } from '../letter.ts';
import { replay } from '../replay.ts';
import { t } from '../terminal/messages.ts';
import { EXIT } from '../util/errors.ts';
import { sinkFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { type OptionValues, oneOf, text, time } from './options.ts';

const CHOICE = {
  reason: text('Only those whose reason contains this text'),
  since: time('Only those written at or after this time, such as 24h or 2026-11-24'),
  stage: oneOf(['parse', 'plugin', 'sink'], 'Only those of this stage'),
} as const;

const listCommand = defineCommand({
  options: CHOICE,
  run: async ({ args, load, say, tell }) => {
    const letters = [];
    for await (const letter of readLetters(load().config, args)) letters.push(letter);
    const rows = groupByReason(letters);
    tell(rows);
    if (rows.length === 0) say(`${t('There are no dead letters.')}\n`);
    for (const { count, stage, at, reason, first, last } of rows)
      say(
        `${String(count).padStart(7)}  ${stage} ${at}: ${reason}\n         ${t('{first} to {last}', { first, last })}\n`,
      );
  },
});

const showCommand = defineCommand({
  options: CHOICE,
  run: async ({ args, load, say, tell }) => {
    for await (const letter of readLetters(load().config, args)) {
      say(`${JSON.stringify(letter, null, 2)}\n`);
      tell(letter);
    }
  },
});

const replayCommand = defineCommand({
  flags: sinkFlags(),
  options: CHOICE,
  exitCodes: { [EXIT.deadLetters]: 'some failed again' },
  run: async ({ args, load, say, tell }) => {
    const { stages } = await assemblePipeline(load(), false);
    try {
      const { replayed, failed } = await replay(stages, createFilter(args), new AbortController().signal);
      const reasons = Object.entries(failed);
      tell({ replayed, failed });
      say(`${t('Replayed: {count}', { count: replayed })}\n`);
      for (const [reason, count] of reasons)
        say(`${t('Failed again: {count}: {reason}', { count, reason })}\n`);
      return reasons.length > 0 ? EXIT.deadLetters : EXIT.ok;
    } finally {
      await stages.source.close();
      await stages.sink.close();
    }
  },
});

/** `dead-letters`: what could not be stored: how much of it and why, in full, and once more. */
export const command = defineCommand({
  commands: [
    ['list', 'Count them by stage and reason', listCommand],
    ['show', 'Print them in full, with their entries', showCommand],
    [
      'replay',
      "Send them through today's plugins again; those that are stored are removed here",
      replayCommand,
    ],
  ],
});

function createFilter({
  reason,
  since,
  stage,
}: OptionValues<typeof CHOICE>): (letter: KeptLetter) => boolean {
  return (letter) =>
    (reason === undefined || letter.reason.includes(reason)) &&
    (stage === undefined || letter.stage === stage) &&
    (since === undefined || Date.parse(letter.time) >= since);
}

async function* readLetters(
  { dead_letters }: Config,
  choice: OptionValues<typeof CHOICE>,
): AsyncIterable<KeptLetter> {
  const letters = new DeadLetters(dead_letters.path, dead_letters.max_bytes);
  const isWanted = createFilter(choice);
  for (const file of await letters.files()) {
    for await (const { text, letter } of letters.read(file)) {
      if (letter && isWanted(letter)) yield letter;
      else if (!letter) process.stderr.write(`${file}: a line can't be read: ${text.slice(0, 100)}\n`);
    }
  }
}
