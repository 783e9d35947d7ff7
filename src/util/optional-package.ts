import { SidecarError } from './errors.ts';

/**
 * Loads what needs packages that are not installed with this one, since few need them. Where one is missing, throws
 * `SidecarError` (`config`) with the command that installs them: `packages`, as npm takes them, for `purpose`.
 */
export async function importOptional<Module>(
  load: () => Promise<Module>,
  purpose: string,
  packages: string,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && /^Cannot find package /.test(message);
    if (!isMissing) throw cause;
    throw new SidecarError('config', `${purpose}: run \`npm install ${packages}\` beside ml-log-sidecar`, {
      cause,
    });
  }
}
