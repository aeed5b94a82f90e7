// `node --test bench`
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSteady, median, ratio } from './stats.mjs';

test('a median is the middle, or between the two middles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([10, 9, 100]), 10);
});

test('a ratio pairs rounds, so that noise which hits both systems cancels', () => {
  const ours = [200, 100, 400];
  const theirs = [100, 50, 200];
  assert.deepEqual(ratio(ours, theirs), { median: 2, min: 2, max: 2 });
});

test('rounds that differ by more than 15 % are not steady', () => {
  assert.equal(isSteady({ median: 1, min: 0.95, max: 1.05 }), true);
  assert.equal(isSteady({ median: 1, min: 0.9, max: 1.06 }), false);
});
