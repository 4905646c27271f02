import { effect, signal } from '@preact/signals';

const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';

function stored(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

/** What the reader chose; `auto` follows the system. */
export const theme = signal<Theme>(stored());

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const system = signal(systemDark.matches);
systemDark.addEventListener('change', ({ matches }) => (system.value = matches));

/** Whether the page is dark now: what draws on a canvas has to know. */
export const isDark = (): boolean => (theme.value === 'auto' ? system.value : theme.value === 'dark');

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
});
