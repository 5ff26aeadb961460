/** The button that goes from the system's colours to light ones, dark ones, and back. */

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const;
type Theme = keyof typeof NEXT;

export function enableTheme(redraw: () => void): void {
  const button = document.getElementById('theme');
  if (button === null) return;
  const root = document.documentElement;
  const current = (): Theme =>
    root.dataset.theme === 'light' || root.dataset.theme === 'dark' ? root.dataset.theme : 'auto';
  const name = () => {
    button.textContent = `Colours: ${current()}`;
  };
  button.hidden = false;
  name();
  button.addEventListener('click', () => {
    const next = NEXT[current()];
    if (next === 'auto') delete root.dataset.theme;
    else root.dataset.theme = next;
    name();
    redraw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}
