import type { RowSource } from "../../warehouse/client";
import type { Trouble } from "../incidents";
import type { AlertSettings, RuleName, WatchedSchedule, WatchedSource } from "../settings";

/** What a rule may look at. */
export interface Sight<Name extends RuleName = RuleName> {
  limits: AlertSettings["rules"][Name];
  now: number;
  /** The server as `zakaz_monitor`. */
  warehouse: RowSource;
  sources: readonly WatchedSource[];
  schedules: readonly WatchedSchedule[];
  /** Since when each schedule is watched, by job; in the round in which it is first seen, now. */
  watchedSince: Readonly<Record<string, number>>;
  /** Why the server does not serve; undefined: it does. */
  silence: string | undefined;
  /** How often each channel has failed since it last worked, and why. */
  channels: readonly { name: string; failures: number; reason: string }[];
}

/** One thing that is watched. */
export interface Rule<Name extends RuleName = RuleName> {
  name: Name;
  /** What it looks at, for people: "alerts cannot check …". */
  about: string;
  /** Without an answer of the server it is not asked, and what it found before stays. */
  asksServer: boolean;
  /** It is asked no more often than this; else in every round. */
  everyMinutes?: (limits: AlertSettings["rules"][Name]) => number;
  /** What is wrong now. Throws StatementFailure, Unreachable. */
  find: (sight: Sight<Name>) => Promise<Found[]>;
}

export type Found = Omit<Trouble, "rule">;

/** Milliseconds of a time that ClickHouse gives as seconds. */
export const fromSeconds = (seconds: number | string): number => Number(seconds) * 1000;

/** A figure with one place behind the point. */
export const oneDecimal = (value: number): string => value.toFixed(1).replace(/\.0$/, "");
