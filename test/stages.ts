import { join } from 'node:path';
import { DiskBuffer } from '../src/buffer/disk-buffer.ts';
import { Journal } from '../src/buffer/journal.ts';
import { Segments } from '../src/buffer/segments.ts';
import { DeadLetters } from '../src/dead-letters.ts';
import type { Stages } from '../src/stages.ts';
import { Lock } from '../src/util/lock.ts';

/** What a run keeps in a folder, beside the stages that a test is about. */
export function stagesIn(
  folder: string,
  stages: Pick<Stages, 'source' | 'parse' | 'plugins' | 'sink'>,
  { deadLetterBytes = 1 << 30, bufferBytes = 1 << 30 } = {},
): Stages {
  const state = join(folder, 'state');
  const segments = new Segments(state, bufferBytes);
  const journal = new Journal(join(state, 'journal'), () => segments.sync());
  return {
    ...stages,
    lock: new Lock(join(state, 'lock')),
    journal,
    buffer: new DiskBuffer(segments, journal, stages.parse, bufferBytes),
    deadLetters: new DeadLetters(join(folder, 'dead-letters'), deadLetterBytes),
  };
}
