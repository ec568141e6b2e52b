/* What the Train tab knows of races, as payload.py sends it and data.js gathers it. */
import type { Packed } from "../core/arrays";

export interface Snapshot {
  step: number;
  epoch: number;
  test_accuracy: number;
  map: Packed;
  positions: ({ maps: Packed } & Record<string, any>) | null;
  [more: string]: any;
}

export interface Contender {
  label: string;
  index: number;
  recipe: Record<string, any>;
  info: Record<string, any> | null;
  steps: { step: number; images: number; seconds: number; loss: number; accuracy: number }[];
  tests: Record<string, any>[];
  snapshots: Snapshot[];
  now: Record<string, any> | null;
  /** When its newest step or its end came, by performance.now(). */
  heard?: number;
  finished: Record<string, any> | null;
  failed: string | null;
  cursor: number;
  words: string;
  lr_changes: number[][];
}

export interface Race {
  name: string;
  title: string;
  state: string;
  place: number | null;
  reason: string | null;
  mine: boolean;
  keeps: boolean;
  contenders: Contender[];
  activity: string | null;
  /** Of a race that waits: until the one under way ends. */
  seconds_before: number | null;
  outcome: Record<string, any> | null;
  classes: string[] | null;
  probe: Record<string, any> | null;
  preset?: string;
  created?: string;
}

export interface Lobby {
  races: Record<string, any>[];
  datasets: Record<string, any>[];
  presets: Record<string, any>[];
  limits: Record<string, [number, number]>;
  counts: string[];
  problems: string[];
  [more: string]: any;
}
