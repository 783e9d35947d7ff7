import { ok } from '../checks/result.ts';
import { type ConfiguredSource, defineSource } from '../component.ts';
import { section, TEXT } from '../config/sections.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';

/** The path that stands for stdin. */
const STDIN = '-';

/** The source `file`. */
export const fileSource = defineSource({
  name: 'file',
  help: 'files of log lines, oldest first, through their rotations, or stdin',
  sections: {
    file: section('Files of log lines, oldest first.', {
      path: {
        type: 'array',
        items: TEXT,
        default: [],
        description:
          'The files of log lines: paths, or patterns such as logs/*.log. Their rotated files are found beside them. A lone - is stdin.',
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
    if (paths.includes(STDIN)) return configureStdin(paths);
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

function configureStdin(paths: readonly string[]): ConfiguredSource {
  if (paths.length > 1)
    throw new SidecarError(
      'config',
      'file.path: - is stdin, which is read alone. Leave the files out, or send them through the pipe (cat)',
    );
  return {
    address: 'stdin',
    isReadOnce: true,
    create: async () => {
      const { StdinSource } = await import('./stdin.ts');
      return new StdinSource(process.stdin);
    },
    probe: async () => ok('file', t('stdin is read when it is run: `try -` shows how its logs are read')),
  };
}
