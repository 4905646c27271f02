import type uPlot from 'uplot';

import { clock } from '../format.js';

export interface Series {
  readonly label: string;
  /** Names a colour of the style sheet: `.swatch.<tone>`. */
  readonly tone: 'first' | 'second' | 'bad';
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
}

/** `bars`: amounts of a minute, one upon the other. `lines`: seconds at a time. */
export type Kind = 'bars' | 'lines';

/** What uPlot draws: each series of bars reaches up to where the one upon it begins. */
export function dataOf(kind: Kind, times: readonly string[], series: readonly Series[]): uPlot.AlignedData {
  const values = series.map((_, i) =>
    kind === 'lines'
      ? [...(series[i]?.values ?? [])]
      : times.map((_time, at) => series.slice(i).reduce((sum, one) => sum + (one.values[at] ?? 0), 0)),
  );
  return [times.map((time) => Date.parse(time) / 1_000), ...values];
}

/** Whole numbers for amounts: there is no half an event. */
const AMOUNTS = [1, 2, 5]
  .flatMap((n) => Array.from({ length: 9 }, (_, power) => n * 10 ** power))
  .sort((a, b) => a - b);
const SECONDS = [
  0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800,
];
const HALF_MINUTE = 30;
const HOUR = 3_600;
const CHARACTER_PX = 6.5;
const GAP_PX = 14;

/** How uPlot draws it, in the colours that `figure` has now. */
export function optionsOf(
  UPlot: typeof uPlot,
  kind: Kind,
  figure: HTMLElement,
  series: readonly Series[],
  size: { readonly width: number; readonly height: number },
  point: (index: number | null) => void,
): uPlot.Options {
  const styles = getComputedStyle(figure);
  const grid = { stroke: styles.borderTopColor, width: 1 };
  const axis = { stroke: styles.color, ticks: { show: false }, font: `11px ${styles.fontFamily}` };
  const format = series[0]?.format ?? String;
  const bars = kind === 'bars';
  const paths = bars ? UPlot.paths.bars?.({ size: [0.72, 24] }) : undefined;
  return {
    ...size,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { show: !bars, size: 6 } },
    scales: {
      // The whole hour, however much of it is known.
      x: { range: (_self, _min, max) => [max - HOUR + HALF_MINUTE, max + HALF_MINUTE] },
      y: { range: (_self, _min, max) => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 64,
        values: (_self, ticks) => ticks.map((tick) => clock(new Date(tick * 1_000)).slice(0, 5)),
      },
      {
        ...axis,
        grid,
        incrs: bars ? AMOUNTS : SECONDS,
        size: (_self, labels: string[] | null) =>
          Math.max(...(labels ?? ['']).map(({ length }) => length)) * CHARACTER_PX + GAP_PX,
        values: (_self, ticks) => ticks.map(format),
      },
    ],
    series: [
      {},
      ...series.map(({ tone }): uPlot.Series => {
        const colour = colourOf(figure, tone);
        if (!bars)
          return { stroke: colour, width: 2, fill: fade(colour), points: { show: isAlone, size: 6 } };
        return { fill: colour, width: 0, points: { show: false }, ...(paths && { paths }) };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  };
}

/** One value has no line. */
const isAlone = (_self: uPlot, _series: number, first: number, last: number): boolean => first === last;

/** A canvas knows nothing of the style sheet: the colour is asked of what has it in the legend. */
function colourOf(figure: HTMLElement, tone: string): string {
  const swatch = figure.querySelector(`.swatch.${tone}`);
  return swatch === null ? 'currentColor' : getComputedStyle(swatch).backgroundColor;
}

/** The same colour, nearly transparent. */
const fade = (colour: string): string => colour.replace(/^rgb\((.+)\)$/, 'rgba($1, 0.12)');
