import { defineSource } from '../component.ts';
import { section, TEXT } from '../config/sections.ts';
import { SidecarError } from '../util/errors.ts';

/** The source `file`. */
export const fileSource = defineSource({
  name: 'file',
  help: 'files of log lines, oldest first, through their rotations',
  sections: {
    file: section('Files of log lines, oldest first.', {
      path: {
        type: 'array',
        items: TEXT,
        default: [],
        description:
          'The files of log lines: paths, or patterns such as logs/*.log. Their rotated files are found beside them.',
        flag: 'path',
      },
    }),
  },
  configure({ file: { path: paths }, pipeline }) {
    if (paths.length === 0)
      throw new SidecarError(
        'config',
        'the source "file" needs a file: give --path, or file.path in the YAML',
      );
    return {
      address: paths.join(', '),
      create: async () => {
        const { FileSource } = await import('./file.ts');
        return new FileSource({ paths, intervalMs: pipeline.poll_interval * 1000 });
      },
      probe: async () => {
        const { probeFiles } = await import('./file-probe.ts');
        return probeFiles(paths);
      },
    };
  },
});
