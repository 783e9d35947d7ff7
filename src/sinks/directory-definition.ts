import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defineSink } from '../component.ts';
import { section, TEXT } from '../config/sections.ts';

/** The sink `directory`. */
export const directorySink = defineSink({
  name: 'directory',
  help: 'one NDJSON file an index',
  label: { en: 'Folder', fr: 'Dossier' },
  sections: {
    directory: section('The sink that writes one NDJSON file an index.', {
      path: { ...TEXT, default: './data', description: 'The folder of NDJSON files.', flag: 'out' },
    }),
  },
  configure: ({ directory: { path } }) => ({
    address: path,
    create: async () => {
      const { DirectorySink } = await import('./directory.ts');
      return new DirectorySink(path);
    },
    lingerMs: 3,
    async *probe() {
      const { checkFolder } = await import('../checks/check-folder.ts');
      yield await checkFolder('folder', path, '--out');
    },
    lookUp: async (indices) => {
      const { directoryLookup } = await import('./directory-lookup.ts');
      return directoryLookup(path, indices);
    },
    isEmpty: async (indices) => {
      const files = indices.map(({ name }) => stat(join(path, `${name}.ndjson`)).catch(() => undefined));
      return (await Promise.all(files)).every((file) => !file || file.size === 0);
    },
  }),
});
