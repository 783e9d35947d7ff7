import { type Client, errors } from '@elastic/elasticsearch';
import { adaptIndex } from '../elasticsearch/adapt.ts';
import { countDocuments, findPresentIndices } from '../elasticsearch/indices.ts';
import { compareMappings } from '../elasticsearch/set-up.ts';
import { serverOf } from '../elasticsearch/transport.ts';
import { isOwnId } from '../event.ts';
import type { IndexDefinition } from '../plugin.ts';
import { belongsTo, fits, listPeriodPatterns, listTemplatePatterns, type Rotation } from '../rotation.ts';
import { plural, t } from '../terminal/messages.ts';
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
    if (error instanceof SidecarError) return [failure(thing, error, t('Give the plugin another `index:`'))];
    throw error;
  }
  const other = present.find((index) => !fits(name, index, rotation));
  if (other !== undefined) {
    return [
      failed(
        thing,
        t('{other} was created with a different indices.rotation than "{rotation}"', { other, rotation }),
        t('Set INDICES_ROTATION back, or empty the indices with clear-indexes, which recreates them'),
        2,
      ),
    ];
  }
  if (present.length === 0) {
    return setsUp
      ? [warning(thing, t('not there yet'), t('The first run creates it, and so does `setup`'))]
      : [
          failed(
            thing,
            t('not there'),
            t('Run `setup`: Elasticsearch would guess the fields of what a shipper sends'),
          ),
        ];
  }
  const documents = await countDocuments(client, name);
  const problems = [
    ...(await readSettingsAndMappings(client, rotation, definition)),
    ...(await findForeignIds(client, name)),
    ...(await checkTemplate(client, rotation, name)),
  ];
  if (problems.length > 0) return problems;
  const held = { documents: plural(documents, 'document'), count: present.length };
  return [
    ok(
      thing,
      present.length === 1
        ? t('{documents}, mapping as expected', held)
        : t('{documents} in {count} indices, mapping as expected', held),
    ),
  ];
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
          t("it can't be written to (index.blocks.{blocks})", { blocks: blocks.join(', ') }),
          t(
            'Elasticsearch sets read_only_allow_delete when the disk is full, and lifts it once there is room again. Otherwise: {request}',
            { request: `PUT /${index}/_settings {"index.blocks.${blocks[0]}": null}` },
          ),
        ),
      );
    }
    const { conflicts, missing } = compareMappings(adapted, mappings as Record<string, unknown>);
    if (conflicts.length > 0) {
      const fields = conflicts
        .map(({ field, is, wanted }) => t('{field} is {is}, not {wanted}', { field, is, wanted }))
        .join('; ');
      checks.push(
        failed(
          thing,
          t('its mapping differs: {fields}', { fields }),
          t(
            'Something else created it; documents that do not fit become dead letters. Rename or reindex it, or empty all indices with clear-indexes',
          ),
        ),
      );
    }
    if (rotation !== 'none' && !(name in aliases))
      checks.push(
        failed(
          thing,
          t('the alias {name} does not point to it, so searches by that name miss it', { name }),
          t('Run `setup`'),
        ),
      );
    const names = Object.keys(missing);
    if (names.length > 0)
      checks.push(
        warning(thing, t('it lacks the fields {fields}', { fields: names.join(', ') }), t('Run `setup`')),
      );
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
      t('ids of another pipeline: {foreign} of the newest {documents}', {
        foreign,
        documents: plural(hits.hits.length, 'document'),
      }),
      t(
        'Logs may be stored twice: `deduplicate` finds out. Stop the other pipeline, or give one of the two different index names',
      ),
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
      patterns.length === 0 ? t('not there') : t('it covers other indices'),
      rotation === 'none'
        ? t('Run `setup`: without it, an index that is deleted gets fields that Elasticsearch guesses')
        : t('Run `setup`: without it, a new period gets fields that Elasticsearch guesses'),
    ),
  ];
}
