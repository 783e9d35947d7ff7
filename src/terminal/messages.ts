/** The languages that summaries are printed in. */
export type Language = 'en' | 'fr';

/** The texts of summaries. The French ones are the documented ones, word for word. */
export interface Messages {
  language: Language;
  once: string;
  dryRun: string;
  continuous: (seconds: number) => string;
  source: string;
  batchSize: string;
  collected: (logs: number) => string;
  filtered: (logs: number) => string;
  indexed: string;
  documents: (count: number) => string;
  perTransaction: (mean: string) => string;
  existing: (count: number) => string;
  refused: (count: number) => string;
  deadLetters: (count: number, path: string) => string;
  wouldBeLetters: (count: number) => string;
  firstLetter: (at: string, reason: string) => string;
  allLetters: string;
  waiting: (time: string, logs: number) => string;
  gaps: (count: number) => string;
  duration: (seconds: string) => string;
  batch: (time: string, number: number, logs: number) => string;
  trouble: (existing: number, deadLetters: number, gaps: number) => string;
  progress: (logs: number, seconds: string) => string;
  stopping: string;
}

/** `1 log`, `2 logs`. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const en: Messages = {
  language: 'en',
  once: '📊 Log pipeline - Single run',
  dryRun: '📊 Log pipeline - Dry run: nothing is stored',
  continuous: (seconds) => `🔄 Log pipeline - Continuous mode (interval: ${seconds}s)`,
  source: 'Source',
  batchSize: 'Batch size',
  collected: (logs) => `✅ Collected: ${plural(logs, 'log')}`,
  filtered: (logs) => `✅ Filtered: ${plural(logs, 'log')} kept`,
  indexed: '✅ Indexed:',
  documents: (count) => plural(count, 'document'),
  perTransaction: (mean) => `(${mean} per transaction)`,
  existing: (count) => `♻️  Already there: ${plural(count, 'document')}`,
  refused: (count) => `⚠️  Refused: ${plural(count, 'document')}`,
  deadLetters: (count, path) => `⚠️  Dead letters: ${count}, with their reasons in ${path}`,
  wouldBeLetters: (count) => `⚠️  Would be dead letters: ${count}`,
  firstLetter: (at, reason) => `   The first, at ${at}: ${reason}`,
  allLetters: '   All of them: ml-log-sidecar dead-letters list',
  waiting: (time, logs) => `[${time}] ⏳ ${plural(logs, 'log')} waiting for the sink`,
  gaps: (count) => `⚠️  Gaps: ${count} (logs may have been trimmed before they could be read)`,
  duration: (seconds) => `Total time: ${seconds}s`,
  batch: (time, number, logs) =>
    `[${time}] ✅ Batch #${number}: ${logs === 0 ? '0 logs (nothing new)' : `${plural(logs, 'log')} indexed`}`,
  trouble: (existing, deadLetters, gaps) =>
    [
      existing && `${existing} already there`,
      deadLetters && `${deadLetters} dead letters`,
      gaps && `${gaps} gaps`,
    ]
      .filter(Boolean)
      .join(', '),
  progress: (logs, seconds) => `… ${plural(logs, 'log')} in ${seconds}s`,
  stopping: 'Finishing the current batch; press Ctrl-C again to stop at once.',
};

const fr: Messages = {
  language: 'fr',
  once: '📊 Pipeline de logs - Exécution unique',
  dryRun: "📊 Pipeline de logs - Essai à blanc : rien n'est enregistré",
  continuous: (seconds) => `🔄 Pipeline de logs - Mode continu (interval: ${seconds}s)`,
  source: 'Source',
  batchSize: 'Batch size',
  collected: (logs) => `✅ Collecte: ${logs} logs récupérés`,
  filtered: (logs) => `✅ Filtrage: ${logs} logs filtrés`,
  indexed: '✅ Indexation:',
  documents: (count) => `${count} documents`,
  perTransaction: (mean) => `(${mean} par transaction)`,
  existing: (count) => `♻️  Déjà présents: ${count} documents`,
  refused: (count) => `⚠️  Refusés: ${count} documents`,
  deadLetters: (count, path) => `⚠️  Lettres mortes: ${count}, avec leurs raisons dans ${path}`,
  wouldBeLetters: (count) => `⚠️  Seraient des lettres mortes: ${count}`,
  firstLetter: (at, reason) => `   La première, à ${at} : ${reason}`,
  allLetters: '   Toutes : ml-log-sidecar dead-letters list',
  waiting: (time, logs) => `[${time}] ⏳ ${logs} logs attendent la destination`,
  gaps: (count) => `⚠️  Trous: ${count} (des logs ont pu être effacés avant d'être lus)`,
  duration: (seconds) => `Durée totale: ${seconds}s`,
  batch: (time, number, logs) =>
    `[${time}] ✅ Batch #${number}: ${logs} logs ${logs === 0 ? '(aucun nouveau)' : 'indexés'}`,
  trouble: (existing, deadLetters, gaps) =>
    [
      existing && `${existing} déjà présents`,
      deadLetters && `${deadLetters} lettres mortes`,
      gaps && `${gaps} trous`,
    ]
      .filter(Boolean)
      .join(', '),
  progress: (logs, seconds) => `… ${logs} logs en ${seconds}s`,
  stopping: 'Le batch en cours se termine ; Ctrl-C encore une fois pour arrêter tout de suite.',
};

/** The texts in a language; `auto` takes French where the locale is French, English elsewhere. */
export function messagesIn(language: Language | 'auto', env: NodeJS.ProcessEnv = process.env): Messages {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return language === 'fr' || (language === 'auto' && /^fr\b|^fr_/i.test(locale)) ? fr : en;
}
