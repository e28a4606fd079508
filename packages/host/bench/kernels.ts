/** Compute-heavy functions `run(n: i32) -> i32` in the text format: each stresses another shape of code. */
export const KERNELS: Readonly<Record<string, { readonly wat: string; readonly n: number }>> = {
  // The tightest loop that does anything: the worst case for a counter per iteration.
  'xorshift loop': {
    n: 50_000_000,
    wat: `(func (export "run") (param $n i32) (result i32) (local $x i32)
      (local.set $x (i32.const 1))
      (loop $l
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
        (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x))`,
  },
  'sum of bytes': {
    n: 1500,
    wat: `(memory 1)
    (func (export "run") (param $n i32) (result i32) (local $s i32) (local $i i32)
      (loop $rep
        (local.set $i (i32.const 0))
        (loop $l
          (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $i))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 65000))))
        (br_if $rep (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s))`,
  },
  'FNV-1a over bytes': {
    n: 600,
    wat: `(memory 1)
    (func (export "run") (param $n i32) (result i32) (local $h i64) (local $i i32)
      (local.set $h (i64.const 0xcbf29ce484222325))
      (loop $rep
        (local.set $i (i32.const 0))
        (loop $l
          (local.set $h (i64.mul (i64.xor (local.get $h) (i64.load8_u (local.get $i))) (i64.const 0x100000001b3)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 65000))))
        (br_if $rep (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.wrap_i64 (local.get $h)))`,
  },
  sieve: {
    n: 40,
    wat: `(memory 16)
    (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
      (loop $rep
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000000))
        (local.set $count (i32.const 0))
        (local.set $i (i32.const 2))
        (loop $outer
          (if (i32.load8_u (local.get $i)) (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $j (i32.shl (local.get $i) (i32.const 1)))
            (block $done (loop $inner
              (br_if $done (i32.ge_u (local.get $j) (i32.const 1000000)))
              (i32.store8 (local.get $j) (i32.const 0))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $inner)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $outer (i32.lt_u (local.get $i) (i32.const 1000000))))
        (br_if $rep (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $count))`,
  },
  'matrix product f64': {
    n: 6,
    wat: `(memory 32)
    (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $k i32) (local $s f64)
      (loop $rep
        (local.set $i (i32.const 0))
        (loop $li
          (local.set $j (i32.const 0))
          (loop $lj
            (local.set $k (i32.const 0))
            (local.set $s (f64.const 0))
            (loop $lk
              (local.set $s (f64.add (local.get $s) (f64.mul
                (f64.load (i32.add (i32.mul (local.get $i) (i32.const 2048)) (i32.shl (local.get $k) (i32.const 3))))
                (f64.load (i32.add (i32.const 524288) (i32.add (i32.mul (local.get $k) (i32.const 2048)) (i32.shl (local.get $j) (i32.const 3))))))))
              (br_if $lk (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 256))))
            (f64.store (i32.add (i32.const 1048576) (i32.add (i32.mul (local.get $i) (i32.const 2048)) (i32.shl (local.get $j) (i32.const 3)))) (local.get $s))
            (br_if $lj (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 256))))
          (br_if $li (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
        (br_if $rep (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.trunc_sat_f64_s (f64.load (i32.const 1048576))))`,
  },
  // Nothing but calls: the worst case for a charge per function.
  'fibonacci (calls)': {
    n: 33,
    wat: `(func $fib (param $n i32) (result i32)
      (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
        (then (local.get $n))
        (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
    (func (export "run") (param i32) (result i32) (call $fib (local.get 0)))`,
  },
  // Many small regions per iteration: an interpreter's dispatch.
  'interpreter (br_table)': {
    n: 12_000_000,
    wat: `(func (export "run") (param $n i32) (result i32) (local $a i32) (local $x i32)
      (local.set $x (i32.const 12345))
      (loop $l
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1103515245)) (i32.const 12345)))
        (block $end (block $d (block $c (block $b (block $a0
          (br_table $a0 $b $c $d (i32.and (i32.shr_u (local.get $x) (i32.const 16)) (i32.const 3))))
          (local.set $a (i32.add (local.get $a) (i32.const 1))) (br $end))
          (local.set $a (i32.xor (local.get $a) (local.get $x))) (br $end))
          (if (i32.and (local.get $a) (i32.const 1)) (then (local.set $a (i32.sub (local.get $a) (i32.const 3)))))
          (br $end))
          (local.set $a (i32.rotl (local.get $a) (i32.const 5))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $a))`,
  },
  quicksort: {
    n: 30,
    wat: `(memory 8)
    (func $sort (param $lo i32) (param $hi i32) (local $i i32) (local $j i32) (local $p i32) (local $t i32)
      (if (i32.ge_s (local.get $lo) (local.get $hi)) (then (return)))
      (local.set $p (i32.load (i32.shl (i32.shr_u (i32.add (local.get $lo) (local.get $hi)) (i32.const 1)) (i32.const 2))))
      (local.set $i (local.get $lo)) (local.set $j (local.get $hi))
      (block $out (loop $l
        (loop $a (if (i32.lt_u (i32.load (i32.shl (local.get $i) (i32.const 2))) (local.get $p))
          (then (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $a))))
        (loop $b (if (i32.gt_u (i32.load (i32.shl (local.get $j) (i32.const 2))) (local.get $p))
          (then (local.set $j (i32.sub (local.get $j) (i32.const 1))) (br $b))))
        (if (i32.le_s (local.get $i) (local.get $j)) (then
          (local.set $t (i32.load (i32.shl (local.get $i) (i32.const 2))))
          (i32.store (i32.shl (local.get $i) (i32.const 2)) (i32.load (i32.shl (local.get $j) (i32.const 2))))
          (i32.store (i32.shl (local.get $j) (i32.const 2)) (local.get $t))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))))
        (br_if $l (i32.le_s (local.get $i) (local.get $j)))))
      (call $sort (local.get $lo) (local.get $j))
      (call $sort (local.get $i) (local.get $hi)))
    (func (export "run") (param $n i32) (result i32) (local $i i32) (local $x i32)
      (local.set $x (i32.const 1))
      (loop $rep
        (local.set $i (i32.const 0))
        (loop $l
          (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
          (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
        (call $sort (i32.const 0) (i32.const 99999))
        (br_if $rep (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.load (i32.const 0)))`,
  },
};
