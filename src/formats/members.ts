import { isObject, type Json, type JsonObject, setOwn } from '../util/json.ts';

/**
 * The members of an object and, beside them, those of `inner`, which stood in it under `name`. None is lost: of two with
 * one name, the outer one moves to `other`, and an `inner` that is not an object stays under its own.
 */
export function mergeMembers(
  members: JsonObject,
  name: string,
  inner: Json | undefined,
): JsonObject | undefined {
  const added: JsonObject = isObject(inner) ? inner : inner == null ? {} : { [name]: inner };
  const data: JsonObject = {};
  let other: JsonObject | undefined;
  for (const key of Object.keys(members)) {
    if (Object.hasOwn(added, key)) {
      other ??= {};
      setOwn(other, key, members[key]);
    } else setOwn(data, key, members[key]);
  }
  for (const key of Object.keys(added)) setOwn(data, key, added[key]);
  if (other) setOwn(data, freeName(data, 'other'), other);
  return Object.keys(data).length > 0 ? data : undefined;
}

function freeName(object: JsonObject, name: string): string {
  return Object.hasOwn(object, name) ? freeName(object, `${name}_`) : name;
}
