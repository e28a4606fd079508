import { IdentifierExpression, type Node, PropertyAccessExpression } from 'assemblyscript';

const random = 'differs each time it is run; ctx.rng gives numbers that come out the same when a call is run again';
const clock = 'is a clock, which a module does not have; ctx.timestamp is when the call began';

/** What AssemblyScript offers but a module cannot have, by `object.property`, with what to do instead. */
const reasons: Readonly<Record<string, string>> = {
  'Math.random': random,
  'Mathf.random': random,
  'crypto.getRandomValues': random,
  'Date.now': clock,
  'performance.now': clock,
  'console.time': 'is not there; new LogStopwatch("…") measures for the log',
  'console.timeLog': 'is not there; new LogStopwatch("…") measures for the log',
  'console.timeEnd': 'is not there; new LogStopwatch("…") measures for the log',
  'console.assert': 'is not there; assert(…) ends the call as failed',
};

/** The reason for which an expression cannot stand in a module, if there is one. */
export function forbiddenAccess(node: Node): string | undefined {
  if (!(node instanceof PropertyAccessExpression) || !(node.expression instanceof IdentifierExpression))
    return undefined;
  const name = `${node.expression.text}.${node.property.text}`;
  const reason = reasons[name];
  if (reason !== undefined) return `${name} ${reason}`;
  return node.expression.text === 'process' ? 'a module has no process: no arguments, no files, no exit' : undefined;
}
