import { FRENCH_CHECKS } from './french-checks.ts';
import { FRENCH_PAGES } from './french-pages.ts';

/**
 * What is said to people, from English into French: in braces is what goes in, by the same names. What a run says is as it
 * is documented, word for word. Help, errors and JSON stay English.
 */
export const FRENCH = {
  // run
  '📊 Log pipeline - Single run': '📊 Pipeline de logs - Exécution unique',
  '📊 Log pipeline - Dry run: nothing is stored':
    "📊 Pipeline de logs - Essai à blanc : rien n'est enregistré",
  '🔄 Log pipeline - Continuous mode (interval: {seconds}s)':
    '🔄 Pipeline de logs - Mode continu (interval: {seconds}s)',
  'Source: {source}': 'Source: {source}',
  'Batch size: {count}': 'Batch size: {count}',
  '✅ Collected: {logs}': '✅ Collecte: {logs} récupérés',
  '✅ Filtered: {logs} kept': '✅ Filtrage: {logs} filtrés',
  '✅ Indexed:': '✅ Indexation:',
  '({mean} per transaction)': '({mean} par transaction)',
  '♻️  Already there: {documents}': '♻️  Déjà présents: {documents}',
  '⚠️  Refused: {documents}': '⚠️  Refusés: {documents}',
  '⚠️  Dead letters: {count}, with their reasons in {path}':
    '⚠️  Lettres mortes: {count}, avec leurs raisons dans {path}',
  '⚠️  Would be dead letters: {count}': '⚠️  Seraient des lettres mortes: {count}',
  '   The first, at {at}: {reason}': '   La première, à {at} : {reason}',
  '   All of them: ml-log-sidecar dead-letters list': '   Toutes : ml-log-sidecar dead-letters list',
  '⚠️  Gaps: {count} (logs may have been trimmed before they could be read)':
    "⚠️  Trous: {count} (des logs ont pu être effacés avant d'être lus)",
  'Total time: {seconds}s': 'Durée totale: {seconds}s',
  '[{time}] ✅ Batch #{number}: 0 logs (nothing new)': '[{time}] ✅ Batch #{number}: 0 logs (aucun nouveau)',
  '[{time}] ✅ Batch #{number}: {logs} indexed': '[{time}] ✅ Batch #{number}: {logs} indexés',
  '[{time}] ⏳ {logs} waiting for the sink': '[{time}] ⏳ {logs} en attente de la destination',
  '[{time}] ⏳ waiting for {server}': '[{time}] ⏳ en attente de {server}',
  '{documents} already there': '{documents} déjà présents',
  '{count} dead letters': '{count} lettres mortes',
  '{count} gaps': '{count} trous',
  '… {logs} in {seconds}s': '… {logs} en {seconds}s',
  'Finishing the current batch; press Ctrl-C again to stop at once.':
    'Le batch en cours se termine ; Ctrl-C encore une fois pour arrêter tout de suite.',

  // Tables
  index: 'index',
  documents: 'documents',
  bytes: 'octets',
  size: 'taille',
  stored: 'enregistrés',
  'already there': 'déjà présents',
  refused: 'refusés',
  alert: 'alerte',
  state: 'état',
  value: 'valeur',
  warning: 'avertissement',
  critical: 'critique',
  window: 'fenêtre',
  'to do': 'à faire',
  ok: 'ok',
  'no data': 'sans données',
  setting: 'réglage',
  origin: 'origine',

  // Deleting
  'Delete these documents for good? [y/N] ': 'Supprimer ces documents définitivement ? [o/N] ',
  'There is nothing to clear.': "Il n'y a rien à vider.",
  'Cleared.': 'Vidé.',
  'Deleted.': 'Supprimé.',
  'Nothing was deleted.': "Rien n'a été supprimé.",
  'Nothing is older than {time}.': "Rien n'est antérieur à {time}.",
  'Older than {time}:': 'Antérieurs à {time} :',
  'the whole index': "tout l'index",
  '1 stays': '1 reste',
  '{count} stay': '{count} restent',
  'What was read and is not stored yet is kept in {folder}: start the next continuous run with --from-start, so that it reads all again.':
    "Ce qui a été lu et n'est pas encore enregistré est gardé dans {folder} : lancez la prochaine exécution continue avec --from-start, pour qu'elle relise tout.",
  'The next run reads all that its source still has.':
    'La prochaine exécution lira tout ce que la source contient encore.',

  // config show
  'Flags win over the environment, that over .env, that over {file}, and that over the defaults.':
    "Les options l'emportent sur l'environnement, celui-ci sur .env, celui-ci sur {file}, et celui-ci sur les valeurs par défaut.",

  // dashboards, setup, report
  '{output}: {dataviews} data views, {dashboards} dashboards':
    '{output} : {dataviews} vues de données, {dashboards} tableaux de bord',
  '{index}: ready': '{index} : prêt',
  '{output}: {charts} charts, from {from} to {to}, in {source}':
    '{output} : {charts} graphiques, du {from} au {to}, dans {source}',
  '{output}: {charts} charts, and {empty} without data, from {from} to {to}, in {source}':
    '{output} : {charts} graphiques, et {empty} sans données, du {from} au {to}, dans {source}',
  'data views': 'vues de données',
  'left as they are': 'laissés tels quels',
  dashboards: 'tableaux de bord',

  // dead-letters
  'There are no dead letters.': "Il n'y a pas de lettres mortes.",
  '{first} to {last}': '{first} à {last}',
  'Replayed: {count}': 'Rejoués : {count}',
  'Failed again: {count}: {reason}': 'De nouveau en échec : {count} : {reason}',

  // deduplicate
  own: 'propres',
  foreign: 'étrangers',
  copies: 'copies',
  undecided: 'indécis',
  unique: 'uniques',
  'There is no index to search.': "Il n'y a pas d'index à fouiller.",
  '{index}: {id} is a copy of {original}': '{index} : {id} est une copie de {original}',
  '{index}: {count} of the copies could not be deleted: {reason}. Run it again':
    "{index} : {count} des copies n'ont pas pu être supprimées : {reason}. Relancez la commande",
  'There are no copies.': "Il n'y a pas de copies.",
  'Deleted: {count}': 'Supprimés : {count}',
  'Nothing was deleted. Delete the {count} with --yes.':
    "Rien n'a été supprimé. Supprimez les {count} avec --yes.",
  'Undecided documents are kept: they name no transaction, and logs of their time exist that this program has not read, so each may be a log of its own. `run --once` reads what the source still holds; then run this again.':
    "Les documents indécis sont gardés : ils ne nomment aucune transaction, et il existe des logs de la même heure que ce programme n'a pas lus, si bien que chacun peut être un log à part entière. `run --once` lit ce que la source contient encore ; relancez ensuite cette commande.",
  '{documents} without a time, or too many at one, were left alone.':
    '{documents} sans heure, ou trop nombreux à la même, laissés tels quels.',

  // drift
  'reference: {window}, {count} documents': 'référence : {window}, {count} documents',
  'current:   {window}, {count} documents': 'actuelle :  {window}, {count} documents',
  '{from} to {to}': '{from} à {to}',
  'There is nothing to compare in {index}.': "Il n'y a rien à comparer dans {index}.",
  'No feature has enough values to be judged.': "Aucune variable n'a assez de valeurs pour être jugée.",
  'Too few values (--min-count {count}): {features}':
    'Trop peu de valeurs (--min-count {count}) : {features}',
  'Too few values (--min-count {count}): {features}, and {more} more':
    'Trop peu de valeurs (--min-count {count}) : {features}, et {more} autres',
  'Texts with too many different values: {features}': 'Textes aux valeurs trop nombreuses : {features}',
  'reading {from} to {to}': 'lecture du {from} au {to}',
  feature: 'variable',
  kind: 'genre',
  drift: 'dérive',
  'by chance': 'par hasard',
  mean: 'moyenne',
  missing: 'manquants',
  values: 'valeurs',
  number: 'nombre',
  category: 'catégorie',
  stable: 'stable',
  moderate: 'modérée',
  major: 'majeure',

  // export, import
  'Kibana: {dataviews} data views, {dashboards} dashboards':
    'Kibana : {dataviews} vues de données, {dashboards} tableaux de bord',
  '{count} documents in {folder}, {seconds} s': '{count} documents dans {folder}, {seconds} s',
  'Restore them with: ml-log-sidecar import --input {folder}':
    'Pour les restaurer : ml-log-sidecar import --input {folder}',
  '{path}: {rows} rows, {columns} columns': '{path} : {rows} lignes, {columns} colonnes',
  'reading columns': 'lecture des colonnes',
  writing: 'écriture',
  '{index}: nothing was imported: {reason}. Import it under another name with --rename':
    "{index} : rien n'a été importé : {reason}. Importez-le sous un autre nom avec --rename",
  'Kibana: {count} objects': 'Kibana : {count} objets',

  // init, plugins
  'Where do logs come from?': "D'où viennent les logs ?",
  'Where do documents go?': 'Où vont les documents ?',
  'Wrote {file}': 'Écrit : {file}',
  '{file} is there already, and stays as it is': '{file} existe déjà, et reste tel quel',
  'Next: ml-log-sidecar validate, then check, then run --dry-run':
    'Ensuite : ml-log-sidecar validate, puis check, puis run --dry-run',
  'Test it: {node} --test {file}': 'Pour le tester : {node} --test {file}',
  'Switch it on: put `- use: {file}` first under {list} in configs/pipeline.yaml':
    "Pour l'activer : mettez `- use: {file}` en premier sous {list} dans configs/pipeline.yaml",
  'all events to {index}': 'tous les événements vers {index}',
  'filtered events to {index}': 'les événements filtrés vers {index}',
  'reshapes events': 'transforme des événements',
  'reads entries': 'lit des entrées',

  // stats
  'newest (UTC)': 'le plus récent (UTC)',
  'per hour': 'par heure',
  'last hour': 'dernière heure',
  'not there yet': 'pas encore là',
  'Since {time}:': 'Depuis {time} :',
  'Of all time:': 'De tout temps :',
  '"per hour" is the mean from the oldest document to the newest.':
    '« par heure » est la moyenne entre le plus ancien document et le plus récent.',
  latency: 'latence',
  'error rate': "taux d'erreur",
  predictions: 'prédictions',
  'costly functions': 'fonctions coûteuses',
  file: 'fichier',
  profiles: 'profils',
  calls: 'appels',
  'total ms': 'total ms',
  'mean ms': 'moyenne ms',
  'nothing was measured': "rien n'a été mesuré",
  '{figures} ({count} measured)': '{figures} ({count} mesures)',
  'no calls': 'aucun appel',
  '{share} of {total} calls: {client} answered 4xx, {server} answered 5xx':
    '{share} de {total} appels : {client} réponses 4xx, {server} réponses 5xx',
  none: 'aucune',

  // try
  format: 'format',
  filter: 'filtre',
  'none: it is kept as a message': 'aucun : gardé comme message',
  'it passes': 'il passe',
  'it does not pass: it reaches the indices of all logs only':
    "il ne passe pas : il n'atteint que les index de tous les logs",
  'dead letter ({at}): {reason}': 'lettre morte ({at}) : {reason}',
  'There are no logs to try.': "Il n'y a pas de logs à essayer.",
  'Waiting for a change; Ctrl+C ends.': 'En attente de changements ; Ctrl+C pour finir.',

  // verify
  '{count} logs of {address}': '{count} logs de {address}',
  dropped: 'écartés',
  waiting: 'en attente',
  dead_letter: 'lettre morte',
  doubled: 'doublés',
  'every document is there, once': 'chaque document est là, une fois',
  'no document is made of it: so plugins and filter want it':
    "aucun document n'en est fait : plugins et filtre le veulent ainsi",
  'not read yet, or in the buffer': 'pas encore lu, ou dans le tampon',
  'could not be stored: `dead-letters list` says why':
    "n'a pas pu être enregistré : `dead-letters list` dit pourquoi",
  'read, and not there: `run --from-start` stores it again':
    "lu, et absent : `run --from-start` l'enregistre de nouveau",
  'a document is there more than once: was indices.rotation changed?':
    "un document est là plus d'une fois : indices.rotation a-t-il changé ?",

  ...FRENCH_CHECKS,
  ...FRENCH_PAGES,
} as const;
