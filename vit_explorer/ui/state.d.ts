/* The topics of the page's one state (core/store.js), and what a view gives to be drawn from them. */
import type { Answers, CataloguePayload, ColoursPayload, ModelPayload, SequencePayload, TracePayload, WindowsPayload } from "./core/payloads";
import type { Packed } from "./core/arrays";
import type { Lobby, Race } from "./train/types";

/** A trace with its arrays that all tabs need decoded by the frame. */
export interface Trace extends TracePayload {
  rgb: Packed;
  embedding: Packed | null;
}

/** Topics that nobody has set yet are undefined. */
export interface State {
  /** The marked token: index of a patch, CLS_TOKEN, DISTILLATION_TOKEN or null. */
  token: number | null;
  /** What the visitor has told that pictures show, by their names; written by core/told.js. */
  told: Record<string, string>;
  theme: "light" | "dark";
  catalogue: CataloguePayload;
  model: ModelPayload;
  trace: Trace;
  /** What the frame is asked to show; what stays unsaid stays as it is. `file` is a picture of the visitor's own. */
  wish: { picture?: string; model?: string; fit?: string; file?: File };
  /** Asks the frame for the catalogue anew. */
  refresh: { kept: string };
  /** The network of the catalogue that is advised, while it is not on this machine, and the one to download. */
  advice: { name: string; title: string; megabytes: number; n_classes: number } | null;
  download: string;
  /** Why the network could not be downloaded that a view asked for. */
  refused: string | null;
  /** Counts up when the stage is asked for. */
  presenting: number;
  keeping: number;
  /** Counts up when the help is asked for. */
  helping: number;
  copying: number;
  /** How many times as large as usual a view is on the stage; 0 off it. Set anew with each size of the room. */
  stage: number;
  /** How many questions the views offer; set anew when a view does. */
  offered: number;
  /** What the newest wish is for, from the moment it is asked for. */
  coming: { picture: string; model: string; fit: Trace["fit"] };
  /** What the frame shows, once all is drawn, and the time that it took. */
  settled: { picture: string; model: string; fit: string; milliseconds: number };
  attentionChosen: { layer?: number; head?: number; mean?: boolean; direction?: "row" | "column"; scale?: "shared" | "own"; beside?: { layer: number; head: number; mean: boolean } | null };
  attentionMix: number | null;
  /** The map by whose order patches are erased in Test it; null while nobody has chosen one. */
  explained: string | null;
  /** The map that Explain found best for the answer to a picture (deletion, see explain-place.js), null where none is good. */
  scored: { of: Trace; name: string | null };
  attentionRollout: Partial<import("./attention/rollout-data.js").RolloutOptions>;
  /** What is chosen in the Features tab, and the newest colours of the server, decoded. */
  featuresChosen: Partial<FeaturesChosen>;
  features: Features;
  positionSnapshot: { model: string; index: number } | null;
  positionPair: { first: number; second: number } | null;
  windows: { answer: WindowsPayload | null; pair: number; head: number };
  recipe: { ingredient: string; strengths: Record<string, number>; seed: number };
  rung: string | null;
  lobby: Lobby;
  /** The race that is followed; set anew when its state changes. */
  race: Race | null;
  /** These count up: with every answer, and when there are numbers to draw in it. */
  raceNow: number;
  raceData: number;
  /** The moment of the scrubber, a share of the training; null for the newest. */
  raceAt: number | null;
  raceAxis: string;
  /** Names of races drawn dashed. */
  comparing: string[];
  setup: {
    open: boolean;
    from?: any;
    /** by a link, whatever race is opened */ linked?: boolean;
    /** by a button, from wherever the page is scrolled to */ sought?: boolean;
  };
  /** The name of the race in the page's link. */
  run: string | null;
  /** The answer of the server to a sequence; what is chosen of it; a sequence that a view wants to be read. */
  text: SequencePayload;
  textLook: { epoch: number; way: number; layer: number; head: number };
  textWish: { task: SequencePayload["task"]; text: string; epoch?: number };
}

/** `block` null is the last map, `second` null another picture of the gallery. */
export interface FeaturesChosen {
  block: number | null;
  second: { name: string; title: string } | null;
  fitOn: "picture" | "both" | "gallery";
  drop: boolean;
}

/** One block or stage: `colours` (2 n 4) of both pictures, `norms` (n) of the first. */
export interface FeatureMap {
  name: string;
  grid: number[];
  colours: Uint8Array;
  norms: Float32Array;
  explained: number[];
  prefixNorms: number[];
  outliers: number[];
}

/** `question` is the request that was answered; `pixels` are those of the second picture. */
export interface Features extends Omit<ColoursPayload, "maps"> {
  question: string;
  pixels: Uint8Array;
  maps: FeatureMap[];
}

export type Topic = keyof State;

/** The number by which Gradio knows the Python half of a view; only core/server.js looks into it. */
export type Server = number;

export type Answer<Name> = Name extends keyof Answers ? Answers[Name] : any;

/** What a view gives: the topics on which it is drawn anew, and how it paints. */
export interface View {
  topics?: Topic[];
  draw?(state: State): void;
  mark?(state: State): void;
  /** Whether it shows a prediction, which a network without a head has not. */
  predicts?: boolean;
}

export type Build = (root: HTMLElement, server: Server) => View | void;

declare global {
  interface Window {
    vx: any;
    /** What Gradio was told of the page. */
    gradio_config: { components: { id: number; type: string; props: any }[]; layout: any; root: string; api_prefix: string };
  }
  /** What a selector finds is not checked: which kind of element it is stands in the view's HTML. */
  interface ParentNode {
    querySelector(selectors: string): any;
    querySelectorAll(selectors: string): NodeListOf<any>;
  }
}
