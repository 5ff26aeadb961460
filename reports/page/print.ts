/** On paper everything is open, in light colours and at the paper's width; afterwards the page is as it was. */

export function enablePrinting(redraw: () => void): void {
  let opened: HTMLDetailsElement[] = [];
  let theme: string | undefined;
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details[data-print]:not([open])')];
    for (const details of opened) details.open = true;
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    redraw();
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    redraw();
  });
}
