/** The frequency of the host's time-stamp counter, so that guests need not measure it. */

import { readFile } from 'node:fs/promises';

/** TSC frequency in kHz, which Linux shows as half of its "bogomips"; undefined on other processors. */
export async function hostTscKhz(): Promise<number | undefined> {
  if (process.arch !== 'x64') return undefined;
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const bogomips = Number(/^bogomips\s*:\s*([\d.]+)/m.exec(text)?.[1]);
  return bogomips > 0 ? Math.round(bogomips * 500) : undefined;
}
