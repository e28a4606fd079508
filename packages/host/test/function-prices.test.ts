import { expect, test } from 'vitest';
import { wat } from './support/wat.ts';
import { FunctionPrices } from '../src/wasm/function-prices.ts';
import { readModuleShape } from '../src/wasm/module-shape.ts';

/** What becomes of the function 0 of a module, or of another one. */
function priceOf(text: string, index = 0): { price: number; is: 'free' | 'prepaid' | 'paying' } {
  const prices = FunctionPrices.of(readModuleShape(wat(`(module ${text})`)));
  const is = prices.isFree(index) ? 'free' : prices.isPrepaid(index) ? 'prepaid' : 'paying';
  return { price: prices.prices[index]!, is };
}

const nops = (count: number): string => '(drop (i32.const 0))'.repeat(count / 2); // units

test.each([
  { name: 'a leaf', text: `(func ${nops(4)})`, price: 4, is: 'free' },
  { name: 'the largest leaf', text: `(func ${nops(64)})`, price: 64, is: 'free' },
  { name: 'a larger one', text: `(func ${nops(66)})`, price: 0, is: 'paying' },
  { name: 'an empty function', text: '(func)', price: 0, is: 'free' },
  { name: 'a loop', text: '(func (loop))', price: 0, is: 'paying' },
  {
    name: 'bulk work',
    text: '(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))',
    price: 0,
    is: 'paying',
  },
  { name: 'growing memory', text: '(memory 1) (func (drop (memory.grow (i32.const 1))))', price: 0, is: 'paying' },
  { name: 'a few locals', text: `(func (local ${'i32 '.repeat(256)}))`, price: 0, is: 'free' },
  { name: 'many locals', text: `(func (local ${'i32 '.repeat(600)}))`, price: 0, is: 'paying' },
  { name: 'a throw', text: '(tag $t) (func (throw $t))', price: 0, is: 'paying' },
  { name: 'calls of leaves', text: `(func (call $l) (call $l)) (func $l ${nops(4)})`, price: 14, is: 'free' },
  {
    name: 'calls of calls of leaves',
    text: `(func (call $m)) (func $m (call $l)) (func $l ${nops(4)})`,
    price: 10,
    is: 'free',
  },
  {
    name: 'calls whose sum is too much',
    text: `(func (call $l) (call $l)) (func $l ${nops(30)})`,
    price: 6,
    is: 'prepaid',
  },
  { name: 'recursion', text: '(func $f (call $f))', price: 3, is: 'prepaid' },
  { name: 'recursion in turns', text: '(func $f (call $g)) (func $g (call $f))', price: 3, is: 'prepaid' },
  { name: 'a call of what pays for itself', text: '(func (call $g)) (func $g (loop))', price: 3, is: 'prepaid' },
  {
    name: 'a call of an import',
    text: '(import "a" "b" (func $i)) (func (call $i))',
    index: 1,
    price: 3,
    is: 'prepaid',
  },
  { name: 'an import', text: '(import "a" "b" (func))', price: 0, is: 'paying' },
  { name: 'a tail call', text: `(func (return_call $l)) (func $l ${nops(4)})`, price: 3, is: 'prepaid' },
  {
    name: 'an indirect call',
    text: '(type $t (func)) (table 1 funcref) (func (call_indirect (type $t) (i32.const 0)))',
    price: 4,
    is: 'prepaid',
  },

  { name: 'an exported function', text: `(func (export "f") ${nops(4)})`, price: 0, is: 'paying' },
  { name: 'a start function', text: `(func $f ${nops(4)}) (start $f)`, price: 0, is: 'paying' },
  {
    name: 'a function in a table',
    text: `(table 1 funcref) (func $f ${nops(4)}) (elem (i32.const 0) $f)`,
    price: 0,
    is: 'paying',
  },
  {
    name: 'in a passive segment',
    text: `(table 1 funcref) (func $f ${nops(4)}) (elem func $f)`,
    price: 0,
    is: 'paying',
  },
  {
    name: 'in a declared one',
    text: `(func $f ${nops(4)}) (func (drop (ref.func $f))) (elem declare func $f)`,
    price: 0,
    is: 'paying',
  },
  {
    name: 'in a segment of expressions',
    text: `(table 1 funcref) (func $f ${nops(4)}) (elem funcref (ref.null func) (ref.func $f))`,
    price: 0,
    is: 'paying',
  },
  { name: 'in a global', text: `(func $f ${nops(4)}) (global funcref (ref.func $f))`, price: 0, is: 'paying' },
] as const)('$name', ({ text, price, is, ...rest }) => {
  expect(priceOf(text, 'index' in rest ? rest.index : 0)).toEqual({
    price,
    is: price === 0 && is === 'free' ? 'free' : is,
  });
});

test('a chain of calls is free as far as a price goes', () => {
  const chain = Array.from({ length: 40 }, (_, i) => `(func $f${i} ${i < 39 ? `(call $f${i + 1})` : ''})`).join('');
  expect(priceOf(chain, 39)).toEqual({ price: 0, is: 'free' });
  expect(priceOf(chain, 38)).toEqual({ price: 3, is: 'free' });
  expect(priceOf(chain, 18)).toEqual({ price: 63, is: 'free' });
  expect(priceOf(chain, 17)).toEqual({ price: 3, is: 'prepaid' });
});
