/** What `check` and `validate` find, and what to do about it: that part of the catalogue `FRENCH`. */
export const FRENCH_CHECKS = {
  '{count} days': '{count} jours',
  '{source} to {sink}': '{source} vers {sink}',
  'Put that right and check again': 'Corrigez cela, puis relancez check',
  'Put that right and validate again': 'Corrigez cela, puis relancez validate',
  "{path} can't be read: {why}": '{path} est illisible : {why}',
  '{address} could not be reached: {why}': "{address} n'a pas pu être joint : {why}",
  '{address} answers {status}': '{address} répond {status}',
  '{address} refused: {why}': '{address} a refusé : {why}',
  '{server} at {address}': '{server} à {address}',
  'Run `setup`': 'Lancez `setup`',

  // The configuration, plugins, types
  '{plugins}, and {formats}': '{plugins}, et {formats}',
  '{count} alerts': '{count} alertes',
  '{count} fields, of known types': '{count} champs, de types connus',
  '{path} has the unknown type "{type}"': '{path} a le type inconnu « {type} »',
  '{path} has the unknown type "{type}"; did you mean {near}?':
    '{path} a le type inconnu « {type} » ; vouliez-vous dire {near} ?',
  '{path} is an alias of {target}, which is not there': "{path} est un alias de {target}, qui n'existe pas",
  "Correct the plugin's fields": 'Corrigez les champs du plugin',
  'no plugin of your own is configured': "aucun plugin à vous n'est configuré",
  'not checked: no TypeScript compiler is installed here (npm install --save-dev typescript)':
    "non vérifiés : aucun compilateur TypeScript n'est installé ici (npm install --save-dev typescript)",
  '{files}: no errors': '{files} : aucune erreur',
  'Correct the plugin; it may run all the same, and do something else':
    'Corrigez le plugin ; il peut tourner quand même, et faire autre chose que ce qui était voulu',

  // Files, folders, the buffer, the position, dead letters
  '{path} can be written': 'on peut écrire dans {path}',
  'Let this user write there, or choose another folder with {setting}':
    'Permettez à cet utilisateur d’y écrire, ou choisissez un autre dossier avec {setting}',
  'A run needs it: give it the rights to that folder':
    'Une exécution en a besoin : donnez-lui les droits sur ce dossier',
  '{path} is damaged: some logs in it are lost': '{path} est abîmé : certains de ses logs sont perdus',
  'Look after the disk; a run tells how many, and goes on behind them':
    'Examinez le disque ; une exécution dira combien, et continuera derrière eux',
  'nothing waits for the sink': "rien n'attend la destination",
  '{logs} wait for the sink, the oldest for {age}: {used} of {bound} MB in {folder}':
    '{logs} en attente de la destination, le plus ancien depuis {age} : {used} de {bound} Mo dans {folder}',
  'See why the sink does not take them, or raise buffer.max_bytes: when it is full, nothing more is read, and what its source forgets is lost':
    "Voyez pourquoi la destination ne les prend pas, ou augmentez buffer.max_bytes : quand il est plein, plus rien n'est lu, et ce que la source oublie est perdu",
  'nothing was read yet: the first run begins at the start':
    "rien n'a encore été lu : la première exécution commencera au début",
  '{logs} of {address} were read so far': '{logs} de {address} lus jusqu’ici',
  '{logs} of {address} were read so far, but {index} holds none: a continuous run goes on behind them':
    "{logs} de {address} lus jusqu'ici, mais {index} n'en contient aucun : une exécution continue reprendra derrière eux",
  '`run --continuous --from-start` reads all that the source still holds again, and so does `run --once`':
    '`run --continuous --from-start` relit tout ce que la source contient encore, et `run --once` aussi',
  'none in {path}': 'aucune dans {path}',
  '{logs} could not be stored; kept in {path}': "{logs} n'ont pas pu être enregistrés ; gardés dans {path}",
  '`dead-letters list` says why; `dead-letters replay` tries again once that is put right':
    '`dead-letters list` dit pourquoi ; `dead-letters replay` réessaie une fois que c’est corrigé',

  // Elasticsearch
  '{server} at {address}, cluster "{cluster}"': '{server} à {address}, cluster « {cluster} »',
  'This program is tested with {servers}': 'Ce programme est testé avec {servers}',
  '{status}; data nodes: {nodes}; unassigned shards: {open}':
    '{status} ; nœuds de données : {nodes} ; shards non assignés : {open}',
  '{says}: some data can neither be read nor written':
    '{says} : certaines données ne peuvent être ni lues ni écrites',
  '{says}: one node can hold no replicas, so yellow is normal':
    '{says} : un nœud seul ne peut porter de réplicas, donc yellow est normal',
  '{says}: some replicas are missing': '{says} : des réplicas manquent',
  'GET /_cluster/allocation/explain says why': 'GET /_cluster/allocation/explain dit pourquoi',
  'GET /_cluster/allocation/explain says why; look at the disks first':
    "GET /_cluster/allocation/explain dit pourquoi ; regardez d'abord les disques",
  'Make room: `prune`, delete other indices, or enlarge the disk':
    "Faites de la place : `prune`, supprimez d'autres index, ou agrandissez le disque",
  '{node}: {free} of {total} free; watermarks are switched off there':
    '{node} : {free} libres sur {total} ; les seuils y sont désactivés',
  '{node}: {free} of {total} free, within the watermarks':
    '{node} : {free} libres sur {total}, sous les seuils',
  '{node}: {free} of {total} free, beyond the low watermark: no new index gets a shard there':
    '{node} : {free} libres sur {total}, au-delà du seuil low : aucun nouvel index n’y reçoit de shard',
  '{node}: {free} of {total} free, beyond the high watermark: shards are moved away':
    '{node} : {free} libres sur {total}, au-delà du seuil high : des shards sont déplacés ailleurs',
  '{node}: {free} of {total} free, beyond the flood-stage watermark: indices are read-only':
    '{node} : {free} libres sur {total}, au-delà du seuil flood_stage : les index sont en lecture seule',
  'Give the plugin another `index:`': 'Donnez au plugin un autre `index:`',
  '{other} was created with a different indices.rotation than "{rotation}"':
    '{other} a été créé avec un autre indices.rotation que « {rotation} »',
  'Set INDICES_ROTATION back, or empty the indices with clear-indexes, which recreates them':
    'Remettez INDICES_ROTATION comme avant, ou videz les index avec clear-indexes, qui les recrée',
  'The first run creates it, and so does `setup`': 'La première exécution le crée, et `setup` aussi',
  'not there': 'pas là',
  'Run `setup`: Elasticsearch would guess the fields of what a shipper sends':
    'Lancez `setup` : Elasticsearch devinerait les champs de ce qu’un shipper envoie',
  '{documents}, mapping as expected': '{documents}, mapping comme attendu',
  '{documents} in {count} indices, mapping as expected':
    '{documents} dans {count} index, mapping comme attendu',
  "it can't be written to (index.blocks.{blocks})": 'on ne peut pas y écrire (index.blocks.{blocks})',
  'Elasticsearch sets read_only_allow_delete when the disk is full, and lifts it once there is room again. Otherwise: {request}':
    'Elasticsearch pose read_only_allow_delete quand le disque est plein, et le lève quand il y a de nouveau de la place. Sinon : {request}',
  '{field} is {is}, not {wanted}': '{field} est {is}, non {wanted}',
  'its mapping differs: {fields}': 'son mapping diffère : {fields}',
  'Something else created it; documents that do not fit become dead letters. Rename or reindex it, or empty all indices with clear-indexes':
    "Autre chose l'a créé ; les documents qui n'y vont pas deviennent des lettres mortes. Renommez-le ou réindexez-le, ou videz tous les index avec clear-indexes",
  'the alias {name} does not point to it, so searches by that name miss it':
    "l'alias {name} ne pointe pas vers lui, donc les recherches sous ce nom le manquent",
  'it lacks the fields {fields}': 'il lui manque les champs {fields}',
  'ids of another pipeline: {foreign} of the newest {documents}':
    "ids d'un autre pipeline : {foreign} des {documents} les plus récents",
  'Logs may be stored twice: `deduplicate` finds out. Stop the other pipeline, or give one of the two different index names':
    "Des logs sont peut-être enregistrés deux fois : `deduplicate` le dira. Arrêtez l'autre pipeline, ou donnez à l'un des deux d'autres noms d'index",
  'it covers other indices': "il couvre d'autres index",
  'Run `setup`: without it, an index that is deleted gets fields that Elasticsearch guesses':
    "Lancez `setup` : sans lui, un index supprimé puis recréé reçoit des champs qu'Elasticsearch devine",
  'Run `setup`: without it, a new period gets fields that Elasticsearch guesses':
    "Lancez `setup` : sans lui, une nouvelle période reçoit des champs qu'Elasticsearch devine",

  // Kibana, Vector
  "Kibana takes Elasticsearch's credentials: ELASTICSEARCH_API_KEY, or _USERNAME and _PASSWORD":
    "Kibana prend les identifiants d'Elasticsearch : ELASTICSEARCH_API_KEY, ou _USERNAME et _PASSWORD",
  'Wait until it has started; else its own log says why':
    'Attendez qu’il ait démarré ; sinon son propre log dit pourquoi',
  'Is Kibana running there, and is KIBANA_URL right?':
    'Kibana tourne-t-il là, et KIBANA_URL est-elle juste ?',
  'what answers at {address} is not Kibana': "ce qui répond à {address} n'est pas Kibana",
  'Check KIBANA_URL': 'Vérifiez KIBANA_URL',
  'takes logs at {address}': 'prend les logs à {address}',
  "Set VECTOR_USERNAME and VECTOR_PASSWORD to those of the http_server source's `auth`":
    'Donnez à VECTOR_USERNAME et VECTOR_PASSWORD les valeurs de `auth` de la source http_server',
  "VECTOR_URL must be the address and path of Vector's http_server source, as in vector.toml":
    "VECTOR_URL doit être l'adresse et le chemin de la source http_server de Vector, comme dans vector.toml",
  'Is Vector running there with vector.toml, and is VECTOR_URL right?':
    'Vector tourne-t-il là avec vector.toml, et VECTOR_URL est-elle juste ?',

  // Sources
  log: 'log',
  line: 'ligne',
  '{address} holds no logs': '{address} ne contient aucun log',
  'Does the API write its logs there? Make a call to it and look again':
    "L'API y écrit-elle ses logs ? Appelez-la, puis regardez de nouveau",
  '{address} holds {held}; none of those examined names a time':
    '{address} contient {held} ; aucun de ceux examinés ne nomme une heure',
  '{address} holds {held}, {from} to {to} UTC; the newest is {age} old':
    '{address} contient {held}, de {from} à {to} UTC ; le plus récent a {age}',
  '{address} holds {held}, {from} to {to} UTC, {rate} a minute; the newest is {age} old':
    '{address} contient {held}, de {from} à {to} UTC, {rate} par minute ; le plus récent a {age}',
  'what should be the newest log is {span} older than what should be the oldest':
    'ce qui devrait être le log le plus récent a {span} de plus que ce qui devrait être le plus ancien',
  'of the newest {logs}, {odd} have no time or no level that can be read, such as {example}':
    "des {logs} les plus récents, {odd} n'ont pas d'heure ou pas de niveau lisibles, par exemple {example}",
  '`try` shows how each log is read; docs/formats.md says how to have others read':
    '`try` montre comment chaque log est lu ; docs/formats.md dit comment en faire lire d’autres',
  'the newest log is {span} ahead of now': 'le log le plus récent a {span} d’avance sur maintenant',
  'Its times name no zone: set PIPELINE_TIMEZONE to the one that the API logs in, such as Europe/Paris. Otherwise, correct the clocks':
    "Ses heures ne nomment pas de fuseau : donnez à PIPELINE_TIMEZONE celui où l'API écrit, par exemple Europe/Paris. Sinon, réglez les horloges",
  'of the newest {logs}, lines of metrics aside, {passing} pass; the others go to the index of all logs only':
    "des {logs} les plus récents, hors lignes de métriques, {passing} passent ; les autres ne vont que dans l'index de tous les logs",
  'Compare PIPELINE_FILTER_PATTERN ({pattern}) with the messages':
    'Comparez PIPELINE_FILTER_PATTERN ({pattern}) avec les messages',
  'Compare PIPELINE_FILTER_PATTERN ({pattern}) and PIPELINE_FILTER_METHODS ({methods}) with the messages':
    'Comparez PIPELINE_FILTER_PATTERN ({pattern}) et PIPELINE_FILTER_METHODS ({methods}) avec les messages',
  'Give another with file.path': 'Donnez-en un autre avec file.path',
  'a log file could not be read: {why}': "un fichier de logs n'a pas pu être lu : {why}",
  'no file is named by {names}': '{names} ne nomme aucun fichier',
  'in {count} files': 'dans {count} fichiers',
  '{count} rotated beside, of which those that come from now on are read to their end; earlier ones only if file.path names them':
    '{count} fichiers archivés à côté : ceux qui viendront désormais sont lus jusqu’à leur fin ; les précédents seulement si file.path les nomme',
  'stdin is read when it is run: `try -` shows how its logs are read':
    "stdin est lu lors de l'exécution : `try -` montre comment ses logs sont lus",
  'something takes connections at {listen}, such as a sidecar that runs':
    'quelque chose accepte des connexions à {listen}, par exemple un sidecar qui tourne',
  'nothing listens at {listen} now; `run --source http --continuous` will':
    "rien n'écoute à {listen} pour le moment ; `run --source http --continuous` le fera",
  "Look at the Space's own logs": 'Regardez les logs du Space lui-même',
  'the Space at {address} could not be read: {why}': "le Space à {address} n'a pas pu être lu : {why}",
  'read through {form}': 'lu par {form}',
  'read through {form}, which shows the newest only': 'lu par {form}, qui ne montre que les plus récents',
  'Of that type, this Redis has {names}: set REDIS_LOGS_KEY to one of them':
    "De ce type, ce Redis a {names} : donnez à REDIS_LOGS_KEY l'un d'eux",
  'no list has such a name yet': "aucune liste n'a encore un tel nom",
  'in {names}': 'dans {names}',
  'It is written with {command}, then: set redis.order (REDIS_ORDER) to {order}, or leave it out':
    'Elle est donc écrite avec {command} : donnez à redis.order (REDIS_ORDER) la valeur {order}, ou omettez-le',
  'written with {command}, by their times': "écrite avec {command}, d'après leurs heures",
  'their times do not tell whether it is written with LPUSH or RPUSH: a run sees that by how it grows':
    'leurs heures ne disent pas si elle est écrite avec LPUSH ou RPUSH : une exécution le voit à la façon dont elle grandit',
  'the group "{group}" holds {count} unconfirmed': 'le groupe « {group} » en tient {count} non confirmés',
  'the group "{group}" begins with the first run':
    'le groupe « {group} » commence avec la première exécution',
} as const;
