/** The titles and descriptions of configs/dashboards, in French. */
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
} as const;
