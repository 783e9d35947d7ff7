import { errors } from '@elastic/elasticsearch';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** Why an answer is a refusal, which trying again won't change, and what to do about it. */
export interface Refusal {
  says: string;
  action: string;
}

/** Reads an error of the client; `undefined` where it is no refusal. `what`: `Elasticsearch at … refused to …`. */
export function refusalOf(error: unknown, what: string): Refusal | undefined {
  const notElasticsearch = {
    says: `${what}: what answers there is no Elasticsearch`,
    action: 'Check ELASTICSEARCH_URL (or _HOST and _PORT)',
  };
  if (error instanceof errors.ProductNotSupportedError) return notElasticsearch;
  if (!(error instanceof errors.ResponseError)) return undefined;
  const { statusCode = 0, headers } = error;
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
  if (headers?.['x-elastic-product'] !== 'Elasticsearch') return notElasticsearch;
  return { says, action: "Elasticsearch's own log may say more" };
}

/** That refusal as an error (`config`). */
export function refused({ says, action }: Refusal, cause: unknown): SidecarError {
  return new SidecarError('config', `${says}. ${action}`, { cause });
}
