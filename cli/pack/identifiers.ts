/** What names a machine, its network, its users or its files within any text, by its form alone. */

import { isIPv6 } from 'node:net';

export const HIDDEN = 'hidden';

/** Up to what ends a word. */
const REST = String.raw`[^\s:,;'"()<>[\]{}|]`;
/** Absolute paths and those of a home folder. */
const PATH = new RegExp(String.raw`(?<![\w.~/-])(?:~[\w.-]*)?\/${REST}+`, 'g');
/** These begin in the middle of a word, too: `-I/home/ada/include`. */
const HOME_PATH = new RegExp(String.raw`(?:\/(?:var|export|usr|mnt))?\/(?:home|Users|root)\/${REST}+`, 'g');
/** A path that was encoded for a setting or an address. */
const ENCODED_PATH = /(?:%2F[\w.~-]+)+/gi;
/** Names of users, as the first folder of a home. */
const HOME = /(?:\/|%2F)(?:home|Users)(?:\/|%2F)([\w.+-]+)/gi;
const HOME_OF = /(?<![\w.~/-])~([A-Za-z_][\w.-]*)\//g;

const MAC = /(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4,18}[0-9a-f]{2}(?![0-9a-f])/gi;
const IP4 = /(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)/g;
/** What may be one: times of day and addresses of PCI devices are not, but only a parser knows. */
const IP6 =
  /(?<![\w:])(?=[0-9a-f:]*[0-9a-f])(?:[0-9a-f]{0,4}:){2,8}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?(?:%[\w.-]+)?/gi;

const IDENTIFIERS: readonly RegExp[] = [
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, // UUIDs of disks and file systems.
  /(?<![\w.+-])[\w.+-]+@(?:(?=\[)|(?!control\b)[\w.-]+)/g, // Users at hosts, as in the version of a kernel.
  /(?<=\b[ug]id=\d+)\([^)]*\)|(?<=\bgroups=)[\d(),\w.+-]+/g, // As id(1) prints them.
  /(?<=\b(?:user|username|login|owner|hostname|host)=)[\w.+-]+/gi,
  /\b[0-9a-f]{32}\b/gi, // Machine ids.
  /\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b/gi, // Addresses of network cards, as switches print them,
  /\b(?:enx|wlx)[0-9a-f]{12}\b/gi, // and as names of interfaces.
  /\bip-\d+-\d+-\d+-\d+\b/g, // Hosts of a cloud.
  /(?<![\w.-])(?:[\w-]+\.)+(?:com|net|org|edu|gov|mil|int|info|biz|internal|intranet|local|localdomain|lan|corp|home|arpa|example|test|invalid)(?![\w-])/gi,
  /\b(?:sd[a-z]+\d*|vd[a-z]+\d*|xvd[a-z]+\d*|nvme\d+(?:n\d+(?:p\d+)?)?|dm-\d+|loop\d+|mmcblk\d+(?:p\d+)?)\b/g,
  /\b(?:md\d+(?:p\d+)?|nbd\d+|zd\d+|rbd\d+|pmem\d+|dasd[a-z]+\d*)\b/g,
  /\b(?:ata|nvme|scsi|usb|mmc|virtio|wwn|eui|naa)[-.](?=\S*\d{4})[\w.:-]+/g, // Disks with their serial numbers.
];

/** The text without paths, addresses, devices, and whoever is named as a user or a host. */
export function withoutIdentifiers(text: string): string {
  let scrubbed = text;
  for (const pattern of [PATH, HOME_PATH, ENCODED_PATH, MAC]) scrubbed = scrubbed.replaceAll(pattern, HIDDEN);
  scrubbed = scrubbed.replaceAll(IP6, hiddenAddress).replaceAll(IP4, HIDDEN);
  for (const pattern of IDENTIFIERS) scrubbed = scrubbed.replaceAll(pattern, HIDDEN);
  return scrubbed;
}

/** A colon after an address is the text's. */
function hiddenAddress(found: string): string {
  if (isIPv6(found)) return HIDDEN;
  const shorter = found.slice(0, -1);
  return found.endsWith(':') && isIPv6(shorter) ? `${HIDDEN}:` : found;
}

/** Users whose home folders the text names. */
export function homesIn(text: string): string[] {
  return [HOME, HOME_OF].flatMap((pattern) => [...text.matchAll(pattern)].map(([, user = '']) => user));
}
