import { errors } from '@elastic/elasticsearch';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject } from '../util/json.ts';
import { tlsHint } from '../util/tls-hint.ts';

/** What to do about a server that does not answer. */
const HINT = 'Is Elasticsearch running there, and is ELASTICSEARCH_URL (or _HOST and _PORT) right?';

const TLS = {
  prefix: 'ELASTICSEARCH',
  plain: 'write http:// instead of https:// in ELASTICSEARCH_URL',
  encrypted: 'https://',
};

/** What to do about a server that could not be reached, or about what a client's error says. */
export function hintFor(error: unknown): string {
  const reason = reasonOf(error);
  if (error instanceof errors.TimeoutError)
    return 'It takes connections and does not answer: look at its log; where it does nothing any more, restart it';
  if (/fingerprint does not match/.test(reason))
    return 'Set ELASTICSEARCH_CA_FINGERPRINT to that of the authority that signed it';
  return tlsHint(reason, TLS) ?? HINT;
}

/** Why a request was refused, which trying again won't change, and what to do about it. */
export interface RequestRefusal {
  says: string;
  action: string;
}

/**
 * Reads an error of the client; `undefined` where it is not a refusal. `what`: `Elasticsearch at … refused to …`.
 */
export function findRefusal(error: unknown, what: string): RequestRefusal | undefined {
  const notElasticsearch = {
    says: `${what}: what answers there is not Elasticsearch`,
    action: 'Check ELASTICSEARCH_URL (or _HOST and _PORT)',
  };
  if (error instanceof errors.ProductNotSupportedError) return notElasticsearch;
  if (!(error instanceof errors.ResponseError)) return undefined;
  const { statusCode = 0, body } = error;
  if (statusCode < 400 || statusCode >= 500 || statusCode === 429) return undefined;
  const says = `${what}: ${reasonOf(error)}`;
  if (statusCode === 401)
    return {
      says,
      action: 'Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD',
    };
  if (statusCode === 403)
    return {
      says,
      action:
        'The user needs the privileges create_index, manage and create_doc on the indices, and manage_index_templates and monitor on the cluster',
    };
  if (!isObject(body) || body.error === undefined) return notElasticsearch;
  return { says, action: "Elasticsearch's own log may say more" };
}

/** That refusal as an error (`config`). */
export function createRefusalError({ says, action }: RequestRefusal, cause: unknown): SidecarError {
  return new SidecarError('config', `${says}. ${action}`, { cause });
}

/** An error as Elasticsearch and OpenSearch answer it: of a request, or of one item of a bulk request. */
export interface ServerError {
  type?: string;
  reason?: string | null;
  caused_by?: ServerError;
  root_cause?: ServerError[];
}

/**
 * A server's error in one line, its causes included: `mapper_parsing_exception: Failed to parse mapping: The mapper type
 * [intger] declared on field [n] does not exist`. `undefined` where it has none of that form.
 */
export function reasonIn(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (!isObject(error)) return undefined;
  const { type, root_cause: roots } = error as ServerError;
  const reasons: string[] = [];
  const add = ({ reason, caused_by: cause }: ServerError): void => {
    // Behind it the server quotes the document.
    const text = reason
      ?.split(/\n? at \[Source: /, 1)[0]
      ?.replace(/\s+/g, ' ')
      .trim();
    if (text && !reasons.some((said) => said.includes(text))) reasons.push(text);
    if (cause) add(cause);
  };
  add(error as ServerError);
  for (const root of roots?.slice(0, 1) ?? []) add(root);
  return [type, ...reasons].filter((part) => part !== undefined).join(': ');
}
