import { formatJson, isJsonArray, isJsonObject } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';

/** JSON over several lines, two spaces per level, with exact integers. */
export function prettyJson(value: JsonValue, indent = ''): string {
  const deeper = `${indent}  `;
  if (isJsonArray(value) && value.length > 0) {
    return `[\n${value.map((item) => deeper + prettyJson(item, deeper)).join(',\n')}\n${indent}]`;
  }
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    const members = Object.entries(value).map(
      ([key, member]) => `${deeper}${JSON.stringify(key)}: ${prettyJson(member, deeper)}`,
    );
    return `{\n${members.join(',\n')}\n${indent}}`;
  }
  return formatJson(value);
}
