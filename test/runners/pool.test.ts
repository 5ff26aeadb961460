import { expect, test } from 'vitest';
import { newPool } from '../../runners/stack/pool.ts';

/** A pool of numbered things, and what was opened and closed so far. */
function pool() {
  const done: string[] = [];
  let count = 0;
  let release: () => void = () => {};
  const closing = new Promise<void>((resolve) => {
    release = resolve;
  });
  const things = newPool<number>(async (thing) => {
    done.push(`closing ${thing}`);
    await closing;
    done.push(`closed ${thing}`);
  });
  const open = async () => {
    done.push(`opened ${++count}`);
    return count;
  };
  return { things, open, done, release };
}

test('it opens once for all who ask at the same time, and the last one closes', async () => {
  const { things, open, done, release } = pool();
  release();
  expect(await Promise.all([things.acquire('a', open), things.acquire('a', open)])).toEqual([1, 1]);
  expect(await things.acquire('b', open)).toBe(2);
  await things.release('a');
  expect(done).toEqual(['opened 1', 'opened 2']);
  expect(await things.find('a')).toBe(1);
  await things.release('a');
  await things.release('nobody has this');
  expect(done).toEqual(['opened 1', 'opened 2', 'closing 1', 'closed 1']);
  expect(things.find('a')).toBeUndefined();
});

test('who asks while it closes waits for that, and gets a new one', async () => {
  const { things, open, done, release } = pool();
  await things.acquire('a', open);
  const closed = things.release('a');
  expect(things.find('a')).toBeUndefined();
  const again = things.acquire('a', open);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done).toEqual(['opened 1', 'closing 1']);
  release();
  expect(await again).toBe(2);
  await closed;
  expect(done).toEqual(['opened 1', 'closing 1', 'closed 1', 'opened 2']);
});

test('what failed to open is tried again by the next who asks', async () => {
  const { things, open } = pool();
  const fail = () => Promise.reject(new Error('no'));
  const asked = await Promise.allSettled([things.acquire('a', fail), things.acquire('a', fail)]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await things.acquire('a', open)).toBe(1);
});
