/** Sessions of a long page come packed: they become part of it one after the other, once what stands above is drawn. */

/** `ready` is given each part that is in the page now. */
export async function unpackParts(ready: (part: HTMLElement) => void): Promise<void> {
  for (const packed of document.querySelectorAll<HTMLScriptElement>('script[data-packed]')) {
    const part = packed.parentElement;
    if (part === null) continue;
    const template = document.createElement('template');
    try {
      template.innerHTML = await unpacked(packed.textContent ?? '');
    } catch {
      // An old browser; the page says beside it what to do.
      return;
    }
    part.querySelector(':scope > [data-until-unpacked]')?.remove();
    packed.replaceWith(template.content);
    ready(part);
  }
  document.documentElement.dataset.unpacked = 'true';
}

/** The page made it by itself, escaped like everything in it. */
function unpacked(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}
