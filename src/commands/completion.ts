import yargs from 'yargs';
import { defineCommand } from './define.ts';

/** `completion`: the script that asks this program what may stand next; for zsh where that is the shell. */
export const command = defineCommand({
  run: async () => {
    yargs().scriptName('ml-log-sidecar').showCompletionScript();
  },
});
