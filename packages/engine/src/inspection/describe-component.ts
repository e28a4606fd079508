import type { ComponentReading } from './component-facts.ts';

const MAX_WIT_LENGTH = 4000;

/** What a component is, for those whose publish is refused: its world, and the tools that made it. */
export function describeComponent(reading: ComponentReading): string {
  switch (reading.tag) {
    case 'noTools':
      return `Install ${reading.packageName} beside the server to see here what the component is.`;
    case 'malformed':
      return `It is damaged: ${reading.reason}`;
    case 'read': {
      const { wit, parts } = reading;
      const makers = new Set(
        parts.flatMap(({ producers }) => producers.map(({ name, version }) => `${name} ${version}`.trim())),
      );
      const madeBy = makers.size === 0 ? '' : `\nMade by: ${[...makers].join(', ')}`;
      const isLong = wit.length > MAX_WIT_LENGTH;
      return `Its world is:\n${isLong ? `${wit.slice(0, MAX_WIT_LENGTH)}…` : wit.trimEnd()}${madeBy}`;
    }
  }
}
