/**
 * What files that ship say, in French: titles, descriptions and words of charts in configs/dashboards, alerts in
 * configs/alerts.yaml, plugins and formats; and the names of checks.
 */
export const FRENCH_TITLES = {
  Errors: 'Erreurs',
  'How many calls go wrong, how, and when.': "Combien d'appels échouent, comment, et quand.",
  Overview: "Vue d'ensemble",
  'What the API logs, and where it is called.': "Ce que l'API journalise, et où elle est appelée.",
  Performance: 'Performances',
  'How fast the model answers, and what that costs.': 'À quelle vitesse le modèle répond, et à quel coût.',
  Predictions: 'Prédictions',
  'What the model answers, and whether its inputs change.':
    'Ce que le modèle répond, et si ses entrées changent.',
  'CPU usage': 'Usage du processeur',
  'CPU time over latency, of all calls in an interval together. 100 % is one core, busy for the whole call.':
    "Temps processeur rapporté à la latence, pour tous les appels d'un intervalle. 100 % est un cœur, occupé pendant tout l'appel.",
  'Kinds of errors': "Genres d'erreurs",
  'Calls answered with 400 or more, by status, and logs of level ERROR or CRITICAL that name no status.':
    'Appels avec une réponse de 400 ou plus, par statut, et logs de niveau ERROR ou CRITICAL qui ne nomment pas de statut.',
  'Error rate': "Taux d'erreur",
  'The share of the calls that were refused (4xx) or failed (5xx).':
    'La part des appels refusés (4xx) ou en échec (5xx).',
  'Timeline of errors': 'Chronologie des erreurs',
  'When calls were refused or failed, and when logs of level ERROR or CRITICAL were written beside them.':
    'Quand des appels ont été refusés ou ont échoué, et quand des logs de niveau ERROR ou CRITICAL ont été écrits à côté.',
  'Drift of each feature': 'Dérive de chaque variable',
  "How far a feature's mean in an interval lies from its mean over the whole time, in percent of the span from its smallest value to its largest.":
    "À quelle distance la moyenne d'une variable dans un intervalle se trouve de sa moyenne sur toute la période, en pour cent de l'étendue entre sa plus petite valeur et sa plus grande.",
  'Mean of each feature': 'Moyenne de chaque variable',
  "The mean of each input. A bar is as long as the mean's share of the largest value seen, so that an age can stand beside a yes or no.":
    'La moyenne de chaque entrée. Une barre est aussi longue que la part de la moyenne dans la plus grande valeur vue, afin qu’un âge puisse figurer à côté d’un oui ou non.',
  Latency: 'Latence',
  'The latency that 50, 95 and 99 percent of the calls did not exceed.':
    "La latence que 50, 95 et 99 pour cent des appels n'ont pas dépassée.",
  Levels: 'Niveaux',
  'How many logs have each level.': 'Combien de logs ont chaque niveau.',
  'Logs over time': 'Logs au fil du temps',
  'How many logs were written, by level.': 'Combien de logs ont été écrits, par niveau.',
  Memory: 'Mémoire',
  'The memory that the API held, mean and largest of each interval.':
    "La mémoire que l'API occupait, moyenne et maximum de chaque intervalle.",
  'How many calls were answered with each class.': "Combien d'appels ont reçu chaque classe en réponse.",
  Probabilities: 'Probabilités',
  'How many answers gave which probability, in steps of 0.05. Answers that list one for every class are not in it.':
    "Combien de réponses ont donné quelle probabilité, par pas de 0,05. Les réponses qui en donnent une par classe n'y sont pas.",
  'Top 10 endpoints': 'Les 10 chemins les plus appelés',
  'The methods and paths that were called most.': 'Les méthodes et chemins le plus souvent appelés.',
  'Costliest functions': 'Fonctions les plus coûteuses',
  'The 10 functions in which most time was spent, those that they call included.':
    "Les 10 fonctions où le plus de temps a été passé, celles qu'elles appellent comprises.",
  'No call was refused or failed, and no error was logged.':
    "Aucun appel n'a été refusé ni n'a échoué, et aucune erreur n'a été journalisée.",

  // Words of charts
  '% of the calls': '% des appels',
  Below: 'En dessous de',
  'CPU %': 'Processeur %',
  'CPU ms': 'Processeur ms',
  Calls: 'Appels',
  Drift: 'Dérive',
  Endpoint: 'Chemin',
  Feature: 'Variable',
  Figure: 'Chiffre',
  File: 'Fichier',
  From: 'De',
  Function: 'Fonction',
  Kind: 'Genre',
  Largest: 'Maximum',
  'Latency ms': 'Latence ms',
  Level: 'Niveau',
  Logs: 'Logs',
  Mean: 'Moyenne',
  'Mean over all': 'Moyenne de tout',
  Percentile: 'Percentile',
  Prediction: 'Prédiction',
  'Rate %': 'Taux %',
  Share: 'Part',
  'Without callees': 'Sans ce qu’elle appelle',
  calls: 'appels',
  errors: 'erreurs',
  logs: 'logs',
  'of its largest': 'de son maximum',
  predictions: 'prédictions',
  probability: 'probabilité',
  'largest value': 'valeur maximale',
  'mean value': 'valeur moyenne',
  'refused (4xx)': 'refusés (4xx)',
  'failed (5xx)': 'en échec (5xx)',
  'ERROR logs': 'logs ERROR',
  'ERROR, no status': 'ERROR, sans statut',
  'under 10 calls': 'moins de 10 appels',
  'below −30 %': 'sous −30 %',
  '−30 to −10 %': '−30 à −10 %',
  'within ±10 %': 'entre ±10 %',
  '10 to 30 %': '10 à 30 %',
  'above 30 %': 'plus de 30 %',

  // Alerts
  'Mean latency': 'Latence moyenne',
  'Check the model pool': 'Vérifiez le pool de modèles',
  'Check the logs': 'Regardez les logs',
  'CPU usage (cpu_time_ms / latency_ms)': 'Usage du processeur (cpu_time_ms / latency_ms)',
  'Scale out, with more instances': 'Ajoutez des instances',
  'Optimise the model pool': 'Optimisez le pool de modèles',
  'Drift (largest PSI)': 'Dérive (plus grand PSI)',
  'Look at it with `ml-log-sidecar drift`': 'Regardez-la avec `ml-log-sidecar drift`',

  // Plugins and formats
  'every log': 'chaque log',
  'predictions with their inputs and result': 'les prédictions, avec leurs entrées et leur résultat',
  'performance metrics of each measured call': 'les mesures de performance de chaque appel mesuré',
  'one document per profiled function of a call': 'un document par fonction profilée d’un appel',
  'drops, masks or hashes fields before anything is stored':
    'écarte, masque ou hache des champs avant que quoi que ce soit ne soit enregistré',
  'access logs of gunicorn, aiohttp, uWSGI, werkzeug, Django, Apache, nginx and Envoy':
    "logs d'accès de gunicorn, aiohttp, uWSGI, werkzeug, Django, Apache, nginx et Envoy",
  'bunyan and pino': 'bunyan et pino',
  "Kubernetes' container logs (CRI)": 'logs de conteneurs de Kubernetes (CRI)',
  "Docker's json-file": 'json-file de Docker',
  "the API's own JSON objects and text lines": "les objets JSON et lignes de texte de l'API elle-même",
  'what Vector, Fluent Bit, Logstash, Filebeat and streams put around a log: the log in it':
    "ce que Vector, Fluent Bit, Logstash, Filebeat et les streams mettent autour d'un log : le log dedans",
  "journald's JSON": 'JSON de journald',
  'pairs of key and value: slog, logrus, Heroku': 'paires de clé et valeur : slog, logrus, Heroku',
  'JSON objects: python-json-logger, structlog, ECS, zap, Google, or with keys of your own':
    'objets JSON : python-json-logger, structlog, ECS, zap, Google, ou avec vos propres clés',
  "loguru's serialize=True": 'serialize=True de loguru',
  'lines of the workers of Ray, vLLM and torchrun': 'lignes des workers de Ray, vLLM et torchrun',
  'syslog (RFC 5424 and 3164), its files, and Heroku': 'syslog (RFC 5424 et 3164), ses fichiers, et Heroku',
  'text lines with a time, a level, or both: Python, loguru, structlog, gunicorn, uvicorn, Flask':
    'lignes de texte avec une heure, un niveau, ou les deux : Python, loguru, structlog, gunicorn, uvicorn, Flask',
  'levels of one letter: absl, glog, klog, TensorFlow, PyTorch, Ray, Tornado, Jupyter, Ruby, Redis; logrus, MySQL':
    "niveaux d'une lettre : absl, glog, klog, TensorFlow, PyTorch, Ray, Tornado, Jupyter, Ruby, Redis ; logrus, MySQL",
  'texts by a regular expression with named groups': 'textes, par une expression régulière à groupes nommés',

  // Names of checks
  configuration: 'configuration',
  plugins: 'plugins',
  types: 'types',
  alerts: 'alertes',
  file: 'fichier',
  folder: 'dossier',
  state: 'état',
  buffer: 'tampon',
  position: 'position',
  'dead letters': 'lettres mortes',
  filter: 'filtre',
  formats: 'formats',
  clock: 'horloge',
  health: 'santé',
  disk: 'disque',
  redis: 'redis',
  'redis-stream': 'redis-stream',
  gradio: 'gradio',
  http: 'http',
  elasticsearch: 'elasticsearch',
  kibana: 'kibana',
  vector: 'vector',
} as const;
