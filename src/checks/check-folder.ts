import { access, constants, mkdir } from 'node:fs/promises';
import { t } from '../terminal/messages.ts';
import { type Check, failure, ok } from './result.ts';

/** Whether a folder can be written; makes it where it is missing. `setting` names another. */
export async function checkFolder(name: string, path: string, setting: string): Promise<Check> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
    return ok(name, t('{path} can be written', { path }));
  } catch (error) {
    return failure(
      name,
      error,
      t('Let this user write there, or choose another folder with {setting}', { setting }),
    );
  }
}
