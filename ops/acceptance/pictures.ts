import * as echarts from "echarts";
import type { Known } from "./check";
import { keptRows } from "./summary";
import { say, type Language, type Text } from "./text";
import { formatDay, formatNumber } from "./words";

/** A picture of a report. */
export interface Picture {
  /** Name of its file. */
  file: string;
  title: string;
  svg: string;
}

type Option = echarts.EChartsCoreOption;

const WIDTH = 900;
const HEIGHT = 340;
const ROW = 26;
const COLOURS = ["#2f6f9f", "#d9822b", "#8aa9bd"];
const FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

interface Drawing {
  title: Text;
  height: number;
  option: Option;
}

/** Pictures of what the warehouse has shown; without data there is none. */
export function draw(known: Known, language: Language): Picture[] {
  const drawings: Record<string, Drawing | undefined> = {
    "sales.svg": sales(keptRows(known, "sales per day"), language),
    "inventory.svg": inventory(keptRows(known, "inventory"), language),
    "freshness.svg": freshness(keptRows(known, "freshness"), language),
    "runs.svg": runs(keptRows(known, "run times"), language),
  };
  return Object.entries(drawings).flatMap(([file, drawing]) => {
    if (drawing === undefined) return [];
    return [{ file, title: drawing.title[language], svg: render(drawing) }];
  });
}

function render({ height, option }: Drawing): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLOURS,
    textStyle: { fontFamily: FONT },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function sales(rows: string[][], language: Language): Drawing | undefined {
  if (rows.length === 0) return undefined;
  const names = {
    tickets: say("tickets", "билеты")[language],
    revenue: say("revenue, roubles", "выручка, ₽")[language],
  };
  return {
    title: say("Sales per day", "Продажи по дням"),
    height: HEIGHT,
    option: {
      legend: { top: 0 },
      grid: { left: 60, right: 90, top: 60, bottom: 40 },
      xAxis: { type: "category", data: rows.map(([day = ""]) => formatDay(day, language)) },
      yAxis: [
        { type: "value", name: names.tickets, axisLabel: numbers(language) },
        {
          type: "value",
          name: names.revenue,
          axisLabel: numbers(language),
          splitLine: { show: false },
        },
      ],
      series: [
        { name: names.tickets, type: "bar", data: rows.map(([, tickets]) => Number(tickets)) },
        {
          name: names.revenue,
          type: "line",
          yAxisIndex: 1,
          showSymbol: false,
          data: rows.map(([, , money]) => Number(money)),
        },
      ],
    },
  };
}

function inventory(rows: string[][], language: Language): Drawing | undefined {
  if (rows.length === 0) return undefined;
  return {
    title: say("Seats per event", "Места по мероприятиям"),
    height: 90 + rows.length * ROW,
    option: {
      ...lying(
        rows.map(([event = ""]) => event),
        language,
      ),
      legend: { top: 0 },
      series: [
        {
          name: say("taken", "занято")[language],
          type: "bar",
          stack: "seats",
          data: rows.map(([, total, free]) => Number(total) - Number(free)),
        },
        {
          name: say("free", "свободно")[language],
          type: "bar",
          stack: "seats",
          itemStyle: { color: COLOURS[2] },
          data: rows.map(([, , free]) => Number(free)),
        },
      ],
    },
  };
}

function freshness(rows: string[][], language: Language): Drawing | undefined {
  if (rows.length === 0) return undefined;
  return {
    title: say("Freshness: minutes since the newest write", "Свежесть: минут с последней записи"),
    height: 60 + rows.length * ROW,
    option: {
      ...lying(
        rows.map(([table = ""]) => table),
        language,
      ),
      series: [
        bars(
          rows.map(([, minutes]) => Number(minutes)),
          1,
          say("min", "мин"),
          language,
        ),
      ],
    },
  };
}

function runs(rows: string[][], language: Language): Drawing | undefined {
  if (rows.length === 0) return undefined;
  return {
    title: say("Run times of the loaders", "Длительность загрузок"),
    height: 60 + rows.length * ROW,
    option: {
      ...lying(
        rows.map(([job = "", at = ""]) => `${job} ${at.slice(11)}`),
        language,
      ),
      series: [
        bars(
          rows.map(([, , seconds]) => Number(seconds)),
          0,
          say("s", "с"),
          language,
        ),
      ],
    },
  };
}

/** Lying bars with their numbers. */
function bars(data: number[], digits: number, unit: Text, language: Language): object {
  const formatter = ({ value }: { value: number }) =>
    `${formatNumber(value, language, digits)} ${unit[language]}`;
  return { type: "bar", data, label: { show: true, position: "right", formatter } };
}

/** Labels of an axis with numbers as people of the language write them. */
const numbers = (language: Language) => ({
  formatter: (value: number) => formatNumber(value, language, Number.isInteger(value) ? 0 : 1),
});

/** What fits beside a bar: the library itself takes Cyrillic letters for twice as wide as they are. */
const clip = (name: string): string => (name.length <= 32 ? name : `${name.slice(0, 31)}…`);

/** Axes of lying bars, the first on top. */
function lying(names: string[], language: Language): Option {
  return {
    grid: { left: 250, right: 70, top: 40, bottom: 30 },
    xAxis: { type: "value", axisLabel: numbers(language) },
    yAxis: {
      type: "category",
      inverse: true,
      data: names.map(clip),
      axisLabel: { interval: 0 },
    },
  };
}
