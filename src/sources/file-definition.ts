import { open, stat } from 'node:fs/promises';
import { failed } from '../checks/result.ts';
import { type Contents, defineSource, NEWEST, OLDEST } from '../component.ts';
import { section, TEXT } from '../config/sections.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** How much of a file is looked at, at its start and at its end. */
const PROBED_BYTES = 256 << 10;

/** The source `file`. */
export const fileSource = defineSource({
  name: 'file',
  help: 'a file of log lines, oldest first',
  sections: {
    file: section('A file of log lines, oldest first.', {
      path: { ...TEXT, description: 'The file of log lines.', flag: 'path' },
    }),
  },
  configure({ file: { path }, pipeline }) {
    if (path === undefined)
      throw new SidecarError(
        'config',
        'the source "file" needs a file: give --path, or file.path in the YAML',
      );
    return {
      address: path,
      create: async () => {
        const { FileSource } = await import('./file.ts');
        return new FileSource({ path, intervalMs: pipeline.poll_interval * 1000 });
      },
      probe: async () => {
        try {
          return await readContents(path);
        } catch (error) {
          const says = `${path} could not be read: ${reasonOf(error)}`;
          return failed('file', says, 'Give another with file.path', 3);
        }
      },
    };
  },
});

async function readContents(path: string): Promise<Contents> {
  const { size } = await stat(path);
  const file = await open(path, 'r');
  try {
    let count = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }))
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++;
    const linesAt = async (position: number): Promise<string[]> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, PROBED_BYTES)), { position });
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      return lines.filter((line) => line !== '');
    };
    const oldest = await linesAt(0);
    const newest = await linesAt(Math.max(0, size - PROBED_BYTES));
    return { count, unit: 'line', newest: newest.slice(-NEWEST).reverse(), oldest: oldest.slice(0, OLDEST) };
  } finally {
    await file.close();
  }
}
