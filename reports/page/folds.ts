/** Parts of the page that are closed until they are asked for: a link into one opens it, and its charts are drawn then. */

export function enableFolds(draw: () => void): void {
  // The event does not bubble.
  document.addEventListener('toggle', draw, { capture: true });
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest<HTMLAnchorElement>('a[href^="#"]') : null;
    if (link !== null) openPart(link.hash);
  });
  addEventListener('hashchange', () => openPart(location.hash));
  openPart(location.hash);
}

/** With everything around it. Returns what the address is about, if it is there. */
export function openPart(hash: string): HTMLElement | null {
  const part = document.getElementById(decodeURIComponent(hash.slice(1)));
  const own = part?.querySelector<HTMLDetailsElement>(':scope > details') ?? part;
  for (let at = own?.closest('details'); at; at = at.parentElement?.closest('details')) at.open = true;
  return part;
}
