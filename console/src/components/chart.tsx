import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { clock } from '../format.js';
import { isDark } from '../theme.js';
import { dataOf, optionsOf, type Kind, type Series } from './chart-options.js';

const HEIGHT_PX = 180;

interface Props {
  readonly kind: Kind;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly times: readonly string[];
  readonly series: readonly Series[];
}

/**
 * Values over time; the legend tells those that are pointed at, else the newest. What draws them is loaded
 * apart: a browser in which it fails still has the page.
 */
export function Chart({ kind, label, times, series }: Props) {
  const figure = useRef<HTMLElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setPointed] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const data = dataOf(kind, times, series);
  const latest = useRef({ data, series });
  latest.current = { data, series };
  const dark = isDark();
  const empty = times.length === 0;

  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const size = () => ({ width: box.clientWidth, height: HEIGHT_PX });
    const observer = new ResizeObserver(() => plot.current?.setSize(size()));
    let gone = false;
    const draw = async (): Promise<void> => {
      const { default: UPlot } = await import('uplot');
      if (gone || figure.current === null) return;
      const options = optionsOf(UPlot, kind, figure.current, latest.current.series, size(), setPointed);
      plot.current = new UPlot(options, latest.current.data, box);
      observer.observe(box);
    };
    draw().catch(() => setFailed(true));
    return () => {
      gone = true;
      observer.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
    // Its colours are those of the theme.
  }, [dark, kind, empty]);
  useEffect(() => plot.current?.setData(data));

  if (empty) return <p class="muted no-chart">The first minute is not over yet.</p>;
  const index = pointed ?? times.length - 1;
  const at = times[index];
  return (
    <figure ref={figure} class="chart">
      <figcaption>
        <span class="legend-time">{at === undefined ? '–' : clock(new Date(at)).slice(0, 5)}</span>
        {series.map(({ label: name, tone, values, format }) => {
          const value = values[index];
          return (
            <span key={name} class="legend">
              <span class={`swatch ${tone}`} aria-hidden="true" />
              {name} <b>{value == null ? '–' : format(value)}</b>
            </span>
          );
        })}
      </figcaption>
      <div ref={place} role="img" aria-label={label} style={{ height: `${HEIGHT_PX}px` }}>
        {failed && <p>This browser cannot draw the chart. {label}</p>}
      </div>
    </figure>
  );
}
