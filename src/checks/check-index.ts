import { type Client, errors } from '@elastic/elasticsearch';
import { adaptIndex } from '../elasticsearch/adapt.ts';
import { countDocuments, findPresentIndices } from '../elasticsearch/indices.ts';
import { compareMappings } from '../elasticsearch/set-up.ts';
import { serverOf } from '../elasticsearch/transport.ts';
import { isOwnId } from '../event.ts';
import type { IndexDefinition } from '../plugin.ts';
import { belongsTo, fits, listPeriodPatterns, listTemplatePatterns, type Rotation } from '../rotation.ts';
import { plural } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { type Check, failed, failure, ok, warning } from './result.ts';

const SAMPLED = 1000;

/** What an index is checked against. */
interface ExpectedIndex {
  rotation: Rotation;
  /** A run makes indices that are missing. */
  setsUp: boolean;
}

/** One configured index: whether it is there and as it should be, its template, and who else writes to it. */
export async function checkIndex(
  client: Client,
  { rotation, setsUp }: ExpectedIndex,
  definition: IndexDefinition,
): Promise<Check[]> {
  const { name } = definition;
  const thing = `index ${name}`;
  let present: string[];
  try {
    present = (await findPresentIndices(client, [name])).map(({ index }) => index);
  } catch (error) {
    if (error instanceof SidecarError) return [failure(thing, error, 'Give the plugin another `index:`')];
    throw error;
  }
  const other = present.find((index) => !fits(name, index, rotation));
  if (other !== undefined) {
    const action = 'Set INDICES_ROTATION back, or empty the indices with clear-indexes, which recreates them';
    return [
      failed(thing, `${other} was created with a different indices.rotation than "${rotation}"`, action, 2),
    ];
  }
  if (present.length === 0) {
    return setsUp
      ? [warning(thing, 'not there yet', 'The first run creates it, and so does `setup`')]
      : [
          failed(
            thing,
            'not there',
            'Run `setup`: Elasticsearch would guess the fields of what a shipper sends',
          ),
        ];
  }
  const documents = await countDocuments(client, name);
  const parts = present.length === 1 ? '' : ` in ${present.length} indices`;
  const state = `${plural(documents, 'document')}${parts}`;
  const problems = [
    ...(await readSettingsAndMappings(client, rotation, definition)),
    ...(await findForeignIds(client, name)),
    ...(await checkTemplate(client, rotation, name)),
  ];
  return problems.length > 0 ? problems : [ok(thing, `${state}, mapping as expected`)];
}

async function readSettingsAndMappings(
  client: Client,
  rotation: Rotation,
  definition: IndexDefinition,
): Promise<Check[]> {
  const name = definition.name;
  const { mappings: adapted } = adaptIndex(await serverOf(client), definition);
  const checks: Check[] = [];
  const found = await client.indices.get({
    index: [name, ...listPeriodPatterns(name)],
    ignore_unavailable: true,
    flat_settings: true,
  });
  for (const [index, { mappings = {}, settings = {}, aliases = {} }] of Object.entries(found)) {
    if (!belongsTo(name, index)) continue;
    const thing = `index ${index}`;
    const flat = settings as Record<string, unknown>;
    const blocks = ['read_only_allow_delete', 'read_only', 'write'].filter(
      (block) => `${flat[`index.blocks.${block}`]}` === 'true',
    );
    if (blocks.length > 0) {
      checks.push(
        failed(
          thing,
          `it can't be written to (index.blocks.${blocks.join(', ')})`,
          `Elasticsearch sets read_only_allow_delete when the disk is full, and lifts it once there is room again. Otherwise: PUT /${index}/_settings {"index.blocks.${blocks[0]}": null}`,
        ),
      );
    }
    const { conflicts, missing } = compareMappings(adapted, mappings as Record<string, unknown>);
    if (conflicts.length > 0) {
      const fields = conflicts.map(({ field, is, wanted }) => `${field} is ${is}, not ${wanted}`).join('; ');
      const action =
        'Something else created it; documents that do not fit become dead letters. Rename or reindex it, or empty all indices with clear-indexes';
      checks.push(failed(thing, `its mapping differs: ${fields}`, action));
    }
    if (rotation !== 'none' && !(name in aliases))
      checks.push(
        failed(
          thing,
          `the alias ${name} does not point to it, so searches by that name miss it`,
          'Run `setup`',
        ),
      );
    const names = Object.keys(missing);
    if (names.length > 0)
      checks.push(warning(thing, `it lacks the fields ${names.join(', ')}`, 'Run `setup`'));
  }
  return checks;
}

async function findForeignIds(client: Client, name: string): Promise<Check[]> {
  const { hits } = await client.search({
    index: name,
    ignore_unavailable: true,
    size: SAMPLED,
    _source: false,
    sort: [{ timestamp: { order: 'desc', unmapped_type: 'date' } }],
  });
  const foreign = hits.hits.filter(({ _id }) => !isOwnId(_id as string)).length;
  if (foreign === 0) return [];
  return [
    warning(
      `index ${name}`,
      `ids of another pipeline: ${foreign} of the newest ${plural(hits.hits.length, 'document')}`,
      'Logs may be stored twice: `deduplicate` finds out. Stop the other pipeline, or give one of the two different index names',
    ),
  ];
}

async function checkTemplate(client: Client, rotation: Rotation, name: string): Promise<Check[]> {
  const wanted = listTemplatePatterns(name, rotation);
  let patterns: string | string[] = [];
  try {
    const { index_templates: templates } = await client.indices.getIndexTemplate({ name });
    patterns = templates[0]?.index_template.index_patterns ?? [];
  } catch (error) {
    if (!(error instanceof errors.ResponseError) || error.statusCode !== 404) throw error;
  }
  if (JSON.stringify([patterns].flat()) === JSON.stringify(wanted)) return [];
  return [
    warning(
      `template ${name}`,
      patterns.length === 0 ? 'not there' : 'it covers other indices',
      `Run \`setup\`: without it, ${rotation === 'none' ? 'an index that is deleted' : 'a new period'} gets fields that Elasticsearch guesses`,
    ),
  ];
}
